import { isReal } from '../../translator-kit/calendar.ts';

/** `31.12.2026` to `2026-12-31`; null unless it is exactly that form and a day that exists. */
export function isoFromGerman(text: string): string | null {
  const parts = /^(\d{2})\.(\d{2})\.(\d{4})$/.exec(text);
  if (parts === null) return null;
  const [, day, month, year] = parts;
  return isReal({ year: Number(year), month: Number(month), day: Number(day) })
    ? `${year}-${month}-${day}`
    : null;
}

/** `2026-12-31` to `31.12.2026`. */
export function germanFromIso(date: string): string {
  return `${date.slice(8, 10)}.${date.slice(5, 7)}.${date.slice(0, 4)}`;
}

/** An instant (`2026-12-31T09:05:00.000Z`) to `31.12.2026 09:05`, UTC. */
export function germanTimeFromIso(instant: string): string {
  return `${germanFromIso(instant)} ${instant.slice(11, 16)}`;
}
