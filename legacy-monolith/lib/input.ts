// biggest INT of mysql. ids above it cannot exist, and 1e999 is no SQL
export const MAX_INT = 2147483647;

// ?q=a&q=b: the last one counts
export function last(v: unknown): string {
  const one = Array.isArray(v) ? v[v.length - 1] : v;
  return one === undefined ? '' : String(one);
}

export function limitTo(n: number, max: number): number {
  return Math.max(-max, Math.min(max, n));
}

export function blank(v: unknown): boolean {
  return v === undefined || v === null || text(v) === '';
}

// null stays null, '' stays ''. 2021-09-20 ts: sqlite ends the statement at a NUL
export function text(v: unknown): string | null {
  return v === undefined || v === null ? null : String(v).replaceAll('\0', '').trim();
}

export function cents(v: unknown): number | null {
  if (typeof v === 'number') return Number.isInteger(v) && v >= 0 ? v : null;
  if (typeof v === 'string' && /^\d+$/.test(v.trim())) return Number(v);
  return null;
}

/** An id in a body: a number or the text of one; null for anything that cannot be one. */
export function number(v: unknown): number | null {
  const n = typeof v === 'number' || (typeof v === 'string' && v.trim() !== '') ? Number(v) : Number.NaN;
  return Number.isInteger(n) && n > 0 && n <= MAX_INT ? n : null;
}
