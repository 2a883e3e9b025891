/**
 * An exact amount of money. `amount` is canonical: digits, a point, two decimals (`95.00`), never negative and
 * never a float; `currency` is an ISO 4217 code, but for imported rows, which keep what they came with. All currencies are kept with two decimals.
 */
export type Money = { readonly amount: string; readonly currency: string };

/** What `parseAmount` takes: up to 15 digits and up to two decimals. */
export const amountPattern = /^\d{1,15}(\.\d{1,2})?$/;

/** Hundredths of a currency unit, e.g. `95.5` → 9550n; null when the text is no amount. */
export function parseAmount(text: string): bigint | null {
  if (!amountPattern.test(text)) return null;
  const [units = '0', decimals = ''] = text.split('.');
  return BigInt(units) * 100n + BigInt(decimals.padEnd(2, '0'));
}

/** The canonical text of hundredths: 9550n → `95.50`. Throws RangeError on a negative number. */
export function formatAmount(hundredths: bigint): string {
  if (hundredths < 0n) throw new RangeError(`An amount is never negative, got ${hundredths}.`);
  const digits = hundredths.toString().padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Money from any accepted writing of an amount; null when the text is no amount. */
export function moneyOf(amount: string, currency: string): Money | null {
  const hundredths = parseAmount(amount);
  return hundredths === null ? null : { amount: formatAmount(hundredths), currency };
}
