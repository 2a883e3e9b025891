// Segments that need no work: characters allowed in a segment (RFC 3986 pchar, unescaped), no empty and no dot segment.
const PLAIN = /^(?:\/(?!\.{1,2}(?:\/|$))[\w\-.~!$&'()*+,;=:@]+)*\/?$/;
const UNRESERVED = /[\w\-.~]/;
const SEGMENT_CHARACTER = /[\w\-.~!$&'()*+,;=:@/]/;

/**
 * Normalises the path of a request target (no query): escapes of unreserved characters decoded, other escapes in
 * upper case, characters that may not stand in a path (raw bytes, `\`, `#`, `"`) escaped, duplicate slashes merged,
 * dot segments removed. An escaped slash stays an escaped slash. The case of letters and a trailing slash are kept.
 * Null for what nobody should forward: no leading slash, a broken escape, an escaped NUL. Idempotent.
 * Source: RFC 3986 §6.2.2 and §5.2.4; merging slashes as nginx does.
 */
export function normalisePath(path: string): string | null {
  if (path.charCodeAt(0) !== 0x2f) return null;
  if (PLAIN.test(path)) return path;
  const escaped = normaliseEscapes(path);
  return escaped === null ? null : removeDotSegments(escaped);
}

function normaliseEscapes(path: string): string | null {
  let out = '';
  for (let i = 0; i < path.length; i++) {
    const character = path[i] as string;
    if (character === '%') {
      const hex = path.slice(i + 1, i + 3);
      if (!/^[0-9a-f]{2}$/i.test(hex) || hex === '00') return null;
      const decoded = String.fromCharCode(Number.parseInt(hex, 16));
      out += UNRESERVED.test(decoded) ? decoded : `%${hex.toUpperCase()}`;
      i += 2;
    } else if (SEGMENT_CHARACTER.test(character)) out += character;
    else out += escapeByte(character.charCodeAt(0));
  }
  return out;
}

// node:http hands the target over as latin1: one character is one byte on the wire.
function escapeByte(byte: number): string {
  return `%${(byte & 0xff).toString(16).toUpperCase().padStart(2, '0')}`;
}

function removeDotSegments(path: string): string {
  const segments = path.split('/').slice(1);
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.' && segment !== '') kept.push(segment);
  }
  const last = segments.at(-1);
  const endsOpen = last === '' || last === '.' || last === '..';
  return `/${kept.join('/')}${endsOpen && kept.length > 0 ? '/' : ''}`;
}

/** A request target in two parts: `/a/b?x=1` → path `/a/b`, query `?x=1` (empty, or with its `?`). */
export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  return mark === -1
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark) };
}
