type Calendar = { readonly year: number; readonly month: number; readonly day: number };

/** Exists in the (proleptic Gregorian) calendar; years 0001 to 9999. */
export function isReal({ year, month, day }: Calendar): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= lengths[month - 1]!;
}

/** A DATE column: the day, `zero` for MySQL's 0000-00-00, null when it is no day at all. */
export function readDateColumn(text: string): string | 'zero' | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})(?:[ T]00:00:00(?:\.0+)?(?:Z| ?\+00:00)?)?$/.exec(text);
  if (parts === null) return null;
  const [, year, month, day] = parts;
  if (year === '0000' && month === '00' && day === '00') return 'zero';
  const exists = isReal({ year: Number(year), month: Number(month), day: Number(day) });
  return exists ? `${year}-${month}-${day}` : null;
}

/**
 * A DATETIME column in server time (UTC), as MySQL (`2026-12-31 09:05:00`) or Sequelize on SQLite
 * (`2026-12-31 09:05:00.000 +00:00`) keeps it; null when it is no instant (0000-00-00 is none).
 */
export function instantFromColumn(text: string): string | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?:Z| ?\+00:00)?$/.exec(
    text,
  );
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second, fraction = ''] = parts;
  if (!isReal({ year: Number(year), month: Number(month), day: Number(day) })) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
}

/** An instant to the text of a DATETIME column; the fraction is cut off. */
export function columnFromInstant(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)}`;
}
