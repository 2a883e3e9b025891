/**
 * Hours as the monolith reads them (`quarter-hours`): `7,5`, `7.5` and 7.5 are the same, rounded half up to quarters. Null
 * for what is no number, nothing after rounding, or more than a day has.
 */
export function readHours(given: unknown): string | null {
  const isText = typeof given === 'number' || typeof given === 'string';
  const text = isText ? String(given).trim().replace(',', '.') : '';
  if (!/^\d{1,3}(\.\d{1,4})?$/.test(text)) return null;
  const quarters = Math.floor(Number(text) * 4 + 0.5);
  return quarters < 1 || quarters > 96 ? null : (quarters / 4).toFixed(2);
}
