const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of `YYYY-MM-DD`. */
export function dayNumber(iso: string): number {
  return Date.parse(`${iso}T00:00:00Z`) / DAY_MS;
}

export function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** 0 is Sunday. 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return (day + 4) % 7;
}

export function isWeekend(day: number): boolean {
  return weekdayOf(day) % 6 === 0;
}

/** That day, or the Monday after it when it is a weekend. */
export function businessDay(day: number): number {
  return day + [1, 0, 0, 0, 0, 0, 2][weekdayOf(day)]!;
}

/** The history the seeder tells: fixed, so that the same seed gives the same rows tomorrow. */
export const FIRST_DAY = dayNumber('2016-01-04');
export const LAST_DAY = dayNumber('2026-06-30');

/** Every month of the history as `YYYY-MM`. */
export const MONTHS: readonly string[] = Array.from({ length: 126 }, (_, index) =>
  new Date(Date.UTC(2016, index, 1)).toISOString().slice(0, 7),
);

/** First day of month `index` and of the one after it, in day numbers. */
export function monthDays(index: number): { first: number; next: number } {
  return { first: Date.UTC(2016, index, 1) / DAY_MS, next: Date.UTC(2016, index + 1, 1) / DAY_MS };
}

/** `YYYY-MM-DD HH:mm:ss` at an office hour of that day; `share` in [0, 1) chooses which. */
export function officeTime(day: number, share: number): string {
  const seconds = 7 * 3600 + Math.floor(share * 11 * 3600);
  return new Date(day * DAY_MS + seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** How many of a hundred people are at work that day: seasons, weekends, the days between the years. */
export function presence(day: number): number {
  const weekday = weekdayOf(day);
  if (weekday === 0) return 0.3;
  if (weekday === 6) return 1.5;
  const [, month, date] = isoDay(day).split('-').map(Number) as [number, number, number];
  if ((month === 12 && date >= 24) || (month === 1 && date === 1)) return 8;
  if (month === 1 && date <= 6) return 55;
  if (month === 8) return 62;
  if (month === 7) return 78;
  if (month === 5 && date === 1) return 2;
  return 93;
}
