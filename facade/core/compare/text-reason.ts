import { readDecimal, sameDecimal } from './decimal.ts';
import type { Reason } from './difference.ts';
import { readInstant } from './instant.ts';

/** Longer texts are only looked at for being cut off: all other reasons copy them. */
const MAX_CHARACTERS = 1 << 18;
const HALF_HOUR_MS = 30 * 60_000;
const DAY_MS = 24 * 3_600_000;

/** Why two different texts differ; null where they simply do. Linear in their length. */
export function textReason(a: string, b: string): Reason | null {
  if (Math.max(a.length, b.length) <= MAX_CHARACTERS) {
    for (const [reason, form] of FORMS) if (form(a) === form(b)) return reason;
    if (misread(a, b) || misread(b, a)) return 'encoding';
    const moments = momentReason(a, b);
    if (moments !== null) return moments;
    const first = a.length <= 100 && readDecimal(a);
    const second = b.length <= 100 && readDecimal(b);
    if (first && second && sameDecimal(first, second)) return 'number-format';
  }
  return truncation(a, b);
}

export function truncation(a: string, b: string): Reason | null {
  return isTruncated(a, b) || isTruncated(b, a) ? 'truncated' : null;
}

const FORMS: readonly (readonly [Reason, (text: string) => string])[] = [
  ['byte-order-mark', (text) => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)],
  ['line-ending', withLineFeeds],
  ['unicode-form', (text) => text.normalize('NFC')],
  ['whitespace', (text) => text.replace(/\s+/g, ' ').trim()],
  ['case', (text) => text.toLowerCase()],
  ['escaping', unescaped],
];

export function withLineFeeds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

function unescaped(text: string): string {
  const plain = text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,5}));/gi,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
      const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    },
  );
  if (!/%[0-9a-f]{2}/i.test(plain)) return plain;
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

/** `wrong` is what `right` looks like when its bytes are read in the wrong character set, or lost to `�` or `?`. */
function misread(right: string, wrong: string): boolean {
  if (!/[^\0-\x7f]/.test(right)) return false;
  const bytes = Buffer.from(right, 'utf8');
  if (bytes.length === wrong.length && new TextDecoder('windows-1252').decode(bytes) === wrong) return true;
  return losesCharacters(right, wrong);
}

function losesCharacters(right: string, wrong: string): boolean {
  if (!/[\ufffd?]/.test(wrong)) return false;
  const mark = (text: string) => text.replace(/[^\0-\x7f]+/g, '?').replace(/\?+/g, '?');
  return !right.includes('\ufffd') && mark(right) === mark(wrong);
}

function momentReason(a: string, b: string): Reason | null {
  const first = readInstant(a);
  const second = readInstant(b);
  if (!first || !second) return null;
  if (first.ms === second.ms) return 'date-format';
  const apart = Math.abs(first.ms - second.ms);
  if (!first.timed && !second.timed) return null;
  return apart <= DAY_MS && apart % HALF_HOUR_MS === 0 ? 'time-zone' : null;
}

function isTruncated(whole: string, part: string): boolean {
  if (part.length >= whole.length) return false;
  const bare = part.endsWith('...') ? part.slice(0, -3) : part.endsWith('…') ? part.slice(0, -1) : part;
  return bare !== '' && whole.startsWith(bare);
}
