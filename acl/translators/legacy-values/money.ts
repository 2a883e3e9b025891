/** Whole cents to the decimal string of the new API, by integer arithmetic: 9500 is `95.00`. */
export function amountFromCents(cents: number): string {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The decimal string of the new API to whole cents; null when it is no amount with at most two decimals. */
function centsFromAmount(amount: string): number | null {
  const parts = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(amount);
  if (parts === null) return null;
  return Number(parts[1]) * 100 + Number((parts[2] ?? '').padEnd(2, '0'));
}

/** Like centsFromAmount; throws RangeError, which names the field, on an amount that legacy's column cannot hold exactly. */
export function wholeCents(field: string, amount: string): number {
  const cents = centsFromAmount(amount);
  if (cents === null) throw new RangeError(`${field}: expected e.g. 95.00, got ${amount}`);
  return cents;
}
