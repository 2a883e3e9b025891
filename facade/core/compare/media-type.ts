/** A content type taken apart: `type` in lower case without parameters, parameters by name, charset in lower case. */
export type MediaType = { readonly type: string; readonly parameters: ReadonlyMap<string, string> };

export type BodyKind = 'json' | 'json-lines' | 'html' | 'form' | 'text' | 'binary';

const MAX_LENGTH = 512;

/** Reads `text/html; charset="UTF-8"` (RFC 9110 §8.3). Anything broken is left out. */
export function readMediaType(header: string): MediaType {
  const [type = '', ...parts] = splitOutsideQuotes(header.slice(0, MAX_LENGTH), ';');
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals === -1) continue;
    const name = part.slice(0, equals).trim().toLowerCase();
    const value = unquoted(part.slice(equals + 1).trim());
    if (!parameters.has(name)) parameters.set(name, name === 'charset' ? value.toLowerCase() : value);
  }
  return { type: type.trim().toLowerCase(), parameters };
}

/** One text for all ways to write the same content type. */
export function canonicalMediaType(header: string): string {
  const { type, parameters } = readMediaType(header);
  const sorted = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  return [type, ...sorted.map(([name, value]) => `${name}=${value}`)].join('; ');
}

export function bodyKindOf(type: string): BodyKind {
  if (type === 'text/html' || type === 'application/xhtml+xml') return 'html';
  if (type === 'application/json' || type === 'text/json' || type.endsWith('+json')) return 'json';
  if (LINES.has(type)) return 'json-lines';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  return type.startsWith('text/') || type.endsWith('+xml') || TEXT.has(type) ? 'text' : 'binary';
}

const LINES = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/json-lines',
]);
const TEXT = new Set([
  'application/xml',
  'application/javascript',
  'application/ecmascript',
  'application/graphql',
  'application/yaml',
  'application/x-yaml',
  'application/toml',
  'application/csv',
  'application/sql',
]);

/** Parts between separators that stand outside of double quotes. */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/g, '$1')
    : text;
}
