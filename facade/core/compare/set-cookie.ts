import { splitOutsideQuotes } from './media-type.ts';

/** What of a `Set-Cookie` can be compared: never the value, which is a secret or random, only that there is one. */
type SetCookie = { readonly name: string; readonly attributes: string };

const FLAGS = new Set(['secure', 'httponly', 'partitioned']);

/** The lines by cookie name, each name with all of its attribute texts in one order. */
export function readSetCookies(lines: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of lines.slice(0, 100)) {
    const { name, attributes } = readSetCookie(line);
    found.set(name, [...(found.get(name) ?? []), attributes].sort());
  }
  return found;
}

function readSetCookie(line: string): SetCookie {
  const [pair = '', ...parts] = splitOutsideQuotes(line.slice(0, 8192), ';');
  const equals = pair.indexOf('=');
  const value = pair.slice(equals + 1).trim();
  const attributes = parts.map(readAttribute).filter((attribute) => attribute !== '');
  return {
    name: pair.slice(0, Math.max(equals, 0)).trim(),
    attributes: [value === '' || value === '""' ? 'empty' : 'value', ...attributes.sort()].join('; '),
  };
}

function readAttribute(part: string): string {
  const equals = part.indexOf('=');
  const name = (equals === -1 ? part : part.slice(0, equals)).trim().toLowerCase();
  const value = equals === -1 ? '' : part.slice(equals + 1).trim();
  if (FLAGS.has(name) || value === '') return name;
  if (name === 'expires') return `expires=${expiry(value)}`;
  return `${name}=${name === 'path' ? value : value.toLowerCase().replace(/^\./, '')}`;
}

/** The moment moves with the clock; that it lies in the past deletes the cookie. */
function expiry(value: string): string {
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) return 'invalid';
  return ms < FIRST_PLAUSIBLE_MS ? 'past' : 'later';
}

/** 2001: servers delete a cookie with 1970 or the like. */
const FIRST_PLAUSIBLE_MS = 978_307_200_000;
