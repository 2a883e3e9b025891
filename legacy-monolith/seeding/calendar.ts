const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of `YYYY-MM-DD`. */
export function dayNumber(iso: string): number {
  return Date.parse(`${iso}T00:00:00Z`) / DAY_MS;
}

export function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function isWeekend(day: number): boolean {
  // 1970-01-01 was a Thursday
  const weekday = (day + 4) % 7;
  return weekday === 0 || weekday === 6;
}

/** The history the seeder tells: fixed, so that the same seed gives the same rows tomorrow. */
export const FIRST_DAY = dayNumber('2016-01-04');
export const LAST_DAY = dayNumber('2026-06-30');

/** `YYYY-MM-DD HH:mm:ss` at an office hour of that day; `share` in [0, 1) chooses which. */
export function officeTime(day: number, share: number): string {
  const seconds = 7 * 3600 + Math.floor(share * 11 * 3600);
  return new Date(day * DAY_MS + seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}
