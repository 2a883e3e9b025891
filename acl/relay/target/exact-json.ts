/** A number of a JSON text that JavaScript would round: `text` is how it was written. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Up to 15 digits come through a double unchanged (IEEE 754); only a longer number may not. One begins behind a
 * separator: the digits of a UUID, behind a quote, are none, and would cost every page of rows the slow way.
 */
const LONG_NUMBER = /(?:^|[\s,:[])[\d.eE+-]{16}/;

/** JSON.parse, with numbers that it would round kept as they were written. */
export function parseExactly(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  // Source texts reach a reviver in Node ≥ 22 (ECMA-262, JSON.parse source text access).
  return JSON.parse(text, (_name: string, value: unknown, context?: { source?: string }) => {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return decimal(String(value)) === decimal(context.source) ? value : new ExactNumber(context.source);
  });
}

// No two neighbours match the same character: it is linear on any text.
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** One writing for each decimal number: `1`, `1.0`, `+1` and `10e-1` are all `1`; null for what is none. */
export function decimal(text: string): string | null {
  const parts = NUMBER.exec(text);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts ?? [];
  if (parts === null || whole + fraction === '') return null;
  const all = whole + fraction;
  let start = 0;
  let end = all.length;
  while (all[start] === '0') start += 1;
  while (end > start && all[end - 1] === '0') end -= 1;
  if (start === end) return '0';
  const digits = all.slice(start, end);
  const power = Number(exponent) - fraction.length + (all.length - end);
  return (sign === '-' ? '-' : '') + plain(digits, power);
}

/** As one would write it, unless that takes too many zeros. */
function plain(digits: string, power: number): string {
  if (power > 20 || power < -40) return `${digits}e${power}`;
  if (power >= 0) return digits + '0'.repeat(power);
  const padded = digits.padStart(1 - power, '0');
  return `${padded.slice(0, power)}.${padded.slice(power)}`;
}
