/** `4,000`: a whole number for reading. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Two significant digits, three above 1 and all of a whole part that has more: `0.042`, `1.02`, `-14`, `1,200`. */
export function rounded(value: number): string {
  if (Math.abs(value) >= 100) return grouped(value);
  return String(Number(value.toPrecision(Math.abs(value) < 1 ? 2 : 3)));
}

/** A share in per cent: 0.00123 is `0.12 %`. */
export function inPercent(share: number): string {
  return `${rounded(share * 100)} %`;
}
