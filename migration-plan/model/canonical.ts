import { createHash } from 'node:crypto';

/** Plain data as JSON with sorted keys: two values are equal exactly when their canonical texts are (RFC 8785 in spirit). */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof Map) return Object.fromEntries(sorted([...item]));
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(sorted(Object.entries(item)));
  });
}

/** SHA-256 (hex) over the canonical text. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

function sorted(entries: [string, unknown][]): [string, unknown][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
