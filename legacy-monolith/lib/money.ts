/** Cents as DECIMAL text: 123456n → "1234.56". */
export function decimal(cents: bigint): string {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** A DECIMAL as the driver gives it: text on mysql, a number on sqlite. */
export function readDecimal(v: string | number): string {
  return typeof v === 'number' ? v.toFixed(2) : v;
}

/** Cents of a DECIMAL with two places. */
export function centsOf(v: string | number): bigint {
  return BigInt(readDecimal(v).replace('.', ''));
}

/** What one timesheet costs: hours times rate, rounded half up to the cent, each sheet by itself. */
export function timesheetCents(hours: string | number, rateCt: number): bigint {
  return (centsOf(hours) * BigInt(rateCt) + 50n) / 100n;
}
