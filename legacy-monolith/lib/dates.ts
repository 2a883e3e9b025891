/** Now, in UTC, as the database holds it: `YYYY-MM-DD HH:mm:ss`. */
export function nowDb(now: Date = new Date()): string {
  return now.toISOString().slice(0, 19).replace('T', ' ');
}

/** `YYYY-MM-DD[ HH:mm:ss]` → `DD.MM.YYYY`; '' for nothing and for the zero dates of the old import. */
export function showDate(v: string | null): string {
  if (!v || v.slice(0, 10) === '0000-00-00') return '';
  return `${v.slice(8, 10)}.${v.slice(5, 7)}.${v.slice(0, 4)}`;
}

/** `YYYY-MM-DD HH:mm:ss` → `DD.MM.YYYY HH:mm`. */
export function showDateTime(v: string | null): string {
  const day = showDate(v);
  return day === '' ? '' : `${day} ${v!.slice(11, 16)}`;
}

/** `DD.MM.YYYY` → `YYYY-MM-DD`, or null when it is anything else or no day of the calendar. */
export function readDate(v: unknown): string | null {
  if (typeof v !== 'string') return null;
  const m = /^(\d\d)\.(\d\d)\.(\d{4})$/.exec(v);
  if (!m || m[3] === '0000') return null;
  const iso = `${m[3]}-${m[2]}-${m[1]}`;
  const d = new Date(`${iso}T00:00:00Z`);
  // 31.02. is rolled over to March by Date
  if (Number.isNaN(d.getTime()) || d.toISOString().slice(0, 10) !== iso) return null;
  return iso;
}
