/** Whole cents to the decimal string of the new API, by integer arithmetic: 9500 is `95.00`. */
export function amountFromCents(cents: number): string {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The decimal string of the new API to whole cents; null when it is no amount with at most two decimals. */
export function centsFromAmount(amount: string): number | null {
  const parts = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(amount);
  if (parts === null) return null;
  return Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0'));
}
