import { hash } from 'node:crypto';

/** SHA-256 (hex) of a JSON value whose object keys are sorted at every level, without white space. */
export function canonicalHash(value: unknown): string {
  return hash('sha256', canonicalText(value) ?? '', 'hex');
}

/** Undefined for what JSON has no writing for, as JSON.stringify says it. */
function canonicalText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalText(entry) ?? 'null').join()}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const text = canonicalText((value as Record<string, unknown>)[key]);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join()}}`;
}
