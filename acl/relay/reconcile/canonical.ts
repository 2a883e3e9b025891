import type { ColumnKind } from '../source/legacy-store.ts';
import { decimal, ExactNumber } from '../target/exact-json.ts';

/** One text for each JSON value: members sorted, numbers by their value, no white space. */
export function canonicalJson(value: unknown): string {
  if (value instanceof ExactNumber) return decimal(value.text) ?? value.text;
  if (typeof value === 'number') return decimal(String(value)) ?? String(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}

/**
 * One text for what a column holds, whichever way a driver or a translator writes it: `12.50` and 12.5 of a DECIMAL,
 * true and 1 of a TINYINT(1), both forms of a DATETIME. A text stays as it is: spaces at its end, its letters' case and
 * '' count. Null is NULL.
 */
export function canonicalColumn(kind: ColumnKind, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return bytes(kind, value);
  const text = typeof value === 'boolean' ? String(Number(value)) : textOf(value);
  if (kind === 'number') return decimal(text.trim()) ?? text;
  if (kind === 'instant') return instant(text);
  return kind === 'json' ? jsonText(value) : text;
}

function textOf(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  return typeof value === 'object' ? canonicalJson(value) : String(value);
}

/** BIT(n) is a number in bytes. */
function bytes(kind: ColumnKind, value: Uint8Array): string {
  const buffer = Buffer.from(value);
  if (kind === 'number') return decimal(BigInt(`0x${buffer.toString('hex') || '0'}`).toString()) as string;
  // A text that is none comes as bytes; one that is some is the same as the text.
  const text = buffer.toString('utf8');
  return Buffer.from(text).equals(buffer) ? text : `0x${buffer.toString('hex')}`;
}

/** With all digits of a second, UTC; what is no instant, as 0000-00-00, stays as it is. */
function instant(text: string): string {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?)?(?:Z| ?\+00:00)?$/.exec(
    text,
  );
  if (parts === null) return text;
  const [, day, time = '00:00:00', fraction = ''] = parts;
  return `${day} ${time}.${fraction.padEnd(6, '0')}`;
}

function jsonText(value: unknown): string {
  if (typeof value !== 'string') return canonicalJson(value);
  try {
    return canonicalJson(JSON.parse(value));
  } catch {
    return value;
  }
}
