import { METHODS } from 'node:http';
import { closest } from './closest.ts';
import type { Match } from './plan.ts';
import { type Reading, read, refuse } from './reading.ts';

export const MATCH_PATTERN = '([A-Z-]+ +)?/\\S*( +(safe|unsafe))?';

const ROUTABLE = METHODS.filter((method) => method !== 'CONNECT');
const NAME = /^[A-Za-z_]\w*$/;

/**
 * Reads one entry of `match`: `[METHOD] PATTERN [safe|unsafe]`. Without a method any method matches.
 * @example `GET /api/articles/:slug`, `POST /api/articles/search safe`, `/api/tags/*rest`
 */
export function parseMatch(text: unknown): Reading<Match> {
  const refusal = refuse('`METHOD /path`, or `/path` for any method', 'GET /api/articles/:slug');
  if (typeof text !== 'string') return refusal;
  const words = text.trim().split(/\s+/);
  const method = words[0]?.startsWith('/') ? null : (words.shift() ?? '');
  const [path, safety = null, ...rest] = words;
  if (path === undefined || rest.length > 0) return refusal;
  if (method !== null && !ROUTABLE.includes(method)) {
    const meant = closest(method.toUpperCase(), ROUTABLE) ?? 'GET';
    return refuse('an HTTP method in capitals', `${meant} ${path}`);
  }
  if (safety !== null && safety !== 'safe' && safety !== 'unsafe') {
    const write = [method, path, 'safe'].filter((word) => word !== null).join(' ');
    return refuse('`safe`, `unsafe` or nothing after the path', write);
  }
  const pattern = parsePattern(path);
  return pattern.ok ? read({ method, pattern: pattern.value, safety }) : pattern;
}

/**
 * Reads a path pattern: literal segments, `:name` for one segment, a last `*rest` for one or more.
 * Literals come back percent-encoded the way the normalised request path is, so that the two can be compared as text.
 */
function parsePattern(text: string): Reading<string> {
  if (!text.startsWith('/')) return refuse('a path that begins with `/`', `/${text}`);
  if (/[?#]/.test(text))
    return refuse('a path without query or fragment', text.replace(/[?#].*$/, '') || '/');
  const segments = text.slice(1).split('/');
  const names = new Set<string>();
  const parts: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === '' && !last) return refuse('a path without empty segments', text.replace(/\/{2,}/g, '/'));
    const marker = segment[0];
    if (marker === ':' || marker === '*') {
      const name = segment.slice(1);
      if (!NAME.test(name)) {
        return marker === '*'
          ? refuse('a name after `*` (one or more segments at the end)', '/api/tags/*rest')
          : refuse('a name after `:` that fills its segment', '/api/articles/:slug');
      }
      if (marker === '*' && !last) return refuse('`*` only in the last segment', '/api/tags/*rest');
      if (names.has(name)) return refuse('a different name for each `:` and `*`', '/api/:type/:id');
      names.add(name);
      parts.push(segment);
      continue;
    }
    const literal = normaliseLiteral(segment);
    if (literal === null) {
      return refuse(
        'literal segments, `:name` segments and a last `*rest` (no other pattern characters)',
        '/api/articles/:slug',
      );
    }
    if (literal === '.' || literal === '..')
      return refuse('a path without `.` and `..` segments', '/api/articles');
    parts.push(literal);
  }
  return read(`/${parts.join('/')}`);
}

/** RFC 3986: unreserved characters decoded, everything outside pchar encoded, hex in capitals; null when that cannot be. */
function normaliseLiteral(segment: string): string | null {
  if (/[*{}()[\]\\^|"<>`%](?![0-9A-Fa-f]{2})/.test(segment) || /[*{}()[\]\\^|"<>`]/.test(segment))
    return null;
  if (/%2f|%5c|%00/i.test(segment)) return null;
  return segment
    .replace(/[^\x21-\x7e]+/gu, (text) => encodeURIComponent(text))
    .replace(/%([0-9A-Fa-f]{2})/g, (encoded, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase();
    });
}

/** `GET /api/articles/:slug safe`: the form that `match` is written in. */
export function formatMatch(match: Match): string {
  return [match.method, match.pattern, match.safety].filter((word) => word !== null).join(' ');
}
