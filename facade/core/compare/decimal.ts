/**
 * A decimal number without loss: sign × digits × 10^exponent. Digits have no zeros at either end; zero has none at
 * all. `exponent` is null where it has more than 15 digits, as nothing can be computed with it.
 */
export type Decimal = {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number | null;
};

// No two neighbours of it match the same character: it is linear on any text.
const NUMBER = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?)(\d+))?\s*$/;
/** Two numbers further apart than this many places are compared for equality only. */
const MAX_PLACES = 4096;

/** Reads a JSON number, or text that holds one (also `+1`, `.5`, ` 1 `); null for anything else. */
export function readDecimal(text: string): Decimal | null {
  const parts = NUMBER.exec(text);
  if (!parts) return null;
  const [, sign, whole = '', fraction = '', exponentSign, exponentDigits = '0'] = parts;
  if (whole === '' && fraction === '') return null;
  const all = whole + fraction;
  const first = leadingZeros(all);
  if (first === all.length) return { negative: false, digits: '', exponent: 0 };
  const end = endOfDigits(all);
  const power = exponentDigits.slice(leadingZeros(exponentDigits));
  const written = power.length > 15 ? null : Number(power) * (exponentSign === '-' ? -1 : 1);
  return {
    negative: sign === '-',
    digits: all.slice(first, end),
    exponent: written === null ? null : written - fraction.length + (all.length - end),
  };
}

// Loops, because /0+$/ is quadratic on long runs of zeros that end in another digit.
function leadingZeros(digits: string): number {
  let at = 0;
  while (digits.charCodeAt(at) === 0x30) at++;
  return at;
}

function endOfDigits(digits: string): number {
  let at = digits.length;
  while (at > 0 && digits.charCodeAt(at - 1) === 0x30) at--;
  return at;
}

/** Equal values: 1, 1.0 and 1e0 are. */
export function sameDecimal(a: Decimal, b: Decimal): boolean {
  return (
    a.digits === b.digits &&
    a.negative === b.negative &&
    a.exponent === b.exponent &&
    // Exponents that cannot be computed with are equal to nothing; equal text was found before.
    (a.exponent !== null || a.digits === '')
  );
}

/** One text for all ways to write the same value. */
export function canonicalDecimal(text: string): string {
  const value = readDecimal(text);
  if (value === null || value.exponent === null) return text;
  return `${value.negative ? '-' : ''}${value.digits}e${value.exponent}`;
}

/** |a − b| ≤ limit, exactly. */
export function withinTolerance(a: Decimal, b: Decimal, limit: Decimal): boolean {
  const scaled = toScale([a, b, limit]);
  if (scaled === null) return sameDecimal(a, b);
  const [first, second, most] = scaled as [bigint, bigint, bigint];
  const apart = first - second;
  return (apart < 0n ? -apart : apart) <= most;
}

/** The numbers as integers of one common unit; null where they lie too far apart for that. */
export function toScale(numbers: readonly Decimal[]): readonly bigint[] | null {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const { digits, exponent } of numbers) {
    if (exponent === null) return null;
    if (digits === '') continue;
    lowest = Math.min(lowest, exponent);
    highest = Math.max(highest, exponent + digits.length);
  }
  if (highest - lowest > MAX_PLACES) return null;
  return numbers.map(({ negative, digits, exponent }) => {
    if (digits === '') return 0n;
    const size = BigInt(digits + '0'.repeat((exponent as number) - lowest));
    return negative ? -size : size;
  });
}
