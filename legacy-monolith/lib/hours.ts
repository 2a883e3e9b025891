/**
 * Hours as they are kept: quarters, half up. "7,5", "7.5" and 7.5 are the same. Null for what is no number, 0 or less
 * after rounding, or more than a day has.
 */
export function readHours(v: unknown): string | null {
  const s = typeof v === 'number' || typeof v === 'string' ? String(v).trim().replace(',', '.') : '';
  if (!/^\d{1,3}(\.\d{1,4})?$/.test(s)) return null;
  const quarters = Math.floor(Number(s) * 4 + 0.5);
  if (quarters < 1 || quarters > 96) return null;
  return (quarters / 4).toFixed(2);
}

/** The month of `YYYY-MM` or `MM.YYYY` as `YYYY-MM`, null for anything else. */
export function readMonth(v: unknown): string | null {
  const s = typeof v === 'string' ? v.trim() : '';
  const m = /^(\d{4})-(\d\d)$/.exec(s) || /^(\d\d)\.(\d{4})$/.exec(s);
  if (!m) return null;
  const [year, month] = m[1]!.length === 4 ? [m[1]!, m[2]!] : [m[2]!, m[1]!];
  return year >= '1990' && month >= '01' && month <= '12' ? `${year}-${month}` : null;
}

/** First day of a month and of the one after it, as the database compares them. */
export function monthSpan(month: string): { from: string; to: string } {
  const [year, number] = month.split('-').map(Number) as [number, number];
  const next = number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
  return { from: `${month}-01`, to: `${next}-01` };
}
