import { type Decimal, readDecimal, toScale } from './decimal.ts';
import type { Reason } from './difference.ts';

/** Why two different numbers differ; null where they simply do. */
export function numberReason(a: string, b: string): Reason | null {
  // Number() of a million digits takes its time.
  if (a.length > 400 || b.length > 400) return null;
  const first = readDecimal(a);
  const second = readDecimal(b);
  if (!first || !second || first.exponent === null || second.exponent === null) return null;
  if (Number(a) === Number(b)) return 'precision';
  if (first.negative === second.negative && first.digits === second.digits && first.digits !== '') {
    const apart = Math.abs(first.exponent - second.exponent);
    if (apart === 2 || apart === 3) return 'scale';
  }
  return isRounding(first, second, Math.min(placesOf(a), placesOf(b))) ? 'rounding' : null;
}

/** Digits after the point, as written. */
function placesOf(text: string): number {
  const point = text.indexOf('.');
  return point === -1 || /e/i.test(text) ? 0 : text.length - point - 1;
}

/** One unit at most in the last place of the coarser of the two; whole numbers are only rounded from fractions. */
function isRounding(a: Decimal, b: Decimal, places: number): boolean {
  if (places === 0 && (a.exponent ?? 0) >= 0 && (b.exponent ?? 0) >= 0) return false;
  const unit: Decimal = { negative: false, digits: '1', exponent: -places };
  const scaled = toScale([a, b, unit]);
  if (scaled === null) return false;
  const [first, second, one] = scaled as [bigint, bigint, bigint];
  const apart = first - second;
  return (apart < 0n ? -apart : apart) <= one;
}
