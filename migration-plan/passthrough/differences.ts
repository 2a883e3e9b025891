import type { RawAnswer } from './raw-exchange.ts';

/** What each connection has of its own (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive']);
/** The monolith shows minutes; two that are asked at once may stand on both sides of one. */
const CLOCK = /\b\d\d\.\d\d\.\d{4} \d\d:\d\d\b/g;
const MINUTE_MS = 60_000;

/**
 * What differs between two answers, one line each: status line, headers in their order and spelling, bytes. The clock
 * (`Date`, and times a minute apart in a body) and session ids may differ, nothing else.
 */
export function differences(direct: RawAnswer, through: RawAnswer): string[] {
  const found: string[] = [];
  if (direct.statusLine !== through.statusLine)
    found.push(`status: ${direct.statusLine} became ${through.statusLine}`);
  const sameBytes = direct.body.equals(through.body);
  const sameButClock =
    sameBytes || sameTexts(direct.body.toString('latin1'), through.body.toString('latin1'));
  if (!sameButClock) found.push(`body: ${excerpts(direct.body, through.body)}`);
  const [before, after] = [direct, through].map((answer) => lines(answer, sameBytes)) as [string[], string[]];
  for (let i = 0; i < Math.max(before.length, after.length); i++)
    if (before[i] !== after[i]) found.push(`header ${i + 1}: ${before[i]} became ${after[i]}`);
  return found;
}

function lines({ headers }: RawAnswer, sameBytes: boolean): string[] {
  return headers
    .filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()))
    .map(([name, value]) => {
      const key = name.toLowerCase();
      if (key === 'date') return `${name}: (the clock)`;
      // the tag of a body with another minute in it
      if (key === 'etag' && !sameBytes) return `${name}: (of the body)`;
      if (key === 'set-cookie') return `${name}: ${value.replace(/^(connect\.sid=)[^;]+/, '$1(a session)')}`;
      return `${name}: ${value}`;
    });
}

function sameTexts(a: string, b: string): boolean {
  if (a.replace(CLOCK, '') !== b.replace(CLOCK, '')) return false;
  const [times, others] = [a, b].map((text) => (text.match(CLOCK) ?? []).map(instant)) as [
    number[],
    number[],
  ];
  return times.length === others.length && times.every((time, i) => Math.abs(time - others[i]!) <= MINUTE_MS);
}

function instant(text: string): number {
  const [day, month, year, hour, minute] = text.split(/[. :]/).map(Number) as number[];
  return Date.UTC(year!, month! - 1, day, hour, minute);
}

function excerpts(a: Buffer, b: Buffer): string {
  let at = 0;
  while (at < Math.min(a.length, b.length) && a[at] === b[at]) at++;
  const show = (bytes: Buffer) =>
    JSON.stringify(bytes.subarray(Math.max(0, at - 40), at + 80).toString('latin1'));
  return `${a.length} bytes became ${b.length}, from byte ${at}: ${show(a)} became ${show(b)}`;
}
