import { connectionTokens, isHopByHop } from './hop-by-hop.ts';

export type AnswerContext = {
  /** Base URL of the upstream that answers. */
  readonly upstream: string;
  readonly publicOrigin: string;
  readonly publicHostname: string;
  /** The path prefix that the request was rewritten from and to; redirects go back the same way. */
  readonly rewrite: { readonly from: string; readonly to: string } | null;
  /** False for HEAD and HTTP/1.0 clients, which get no trailers. */
  readonly trailers: boolean;
};

/**
 * The headers that the client gets, flat names and values in the upstream's order and spelling: hop-by-hop and
 * `x-fig-*` ones dropped, a Location on the upstream's own host moved to the public origin, a cookie Domain equal
 * to that host replaced. Everything else passes as it is.
 */
export function clientHeaders(rawHeaders: string[], context: AnswerContext): string[] {
  let tokens: ReadonlySet<string> | null = null;
  let chunked = false;
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    const lower = name.toLowerCase();
    if (lower === 'connection') {
      const more = connectionTokens(value);
      tokens = tokens ? new Set([...tokens, ...more]) : more;
    } else if (lower === 'transfer-encoding') chunked = true;
    else if (lower === 'location') headers.push(name, publicLocation(value, context));
    else if (lower === 'set-cookie') headers.push(name, publicCookie(value, context));
    else if (!lower.startsWith('x-fig-')) headers.push(name, value);
  }
  return headers.length === 0
    ? headers
    : dropHopByHop(headers, tokens ?? new Set(), chunked && context.trailers);
}

function dropHopByHop(headers: string[], tokens: ReadonlySet<string>, trailers: boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (isHopByHop(name, tokens) || (name === 'trailer' && !trailers)) continue;
    kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

const AUTHORITY = /^(?:(https?):)?\/\/([^/?#]*)/i;

/** Replaces only scheme and authority, and a rewritten prefix; the rest stays byte for byte. */
function publicLocation(location: string, context: AnswerContext): string {
  const absolute = AUTHORITY.exec(location);
  if (!absolute) return location.startsWith('/') ? unrewritten(location, context) : location;
  const upstream = new URL(context.upstream);
  const scheme = absolute[1]?.toLowerCase() ?? upstream.protocol.slice(0, -1);
  if (!sameHost(`${scheme}://${absolute[2]}`, upstream)) return location;
  return context.publicOrigin + unrewritten(location.slice(absolute[0].length), context);
}

function sameHost(origin: string, upstream: URL): boolean {
  try {
    return new URL(origin).host === upstream.host;
  } catch {
    return false;
  }
}

function unrewritten(path: string, { rewrite }: AnswerContext): string {
  return rewrite ? replacePrefix(path, rewrite.to, rewrite.from, false) : path;
}

/** `path` with the prefix `from` replaced by `to`, at a segment border only; unchanged without that prefix. */
export function replacePrefix(path: string, from: string, to: string, ignoreCase: boolean): string {
  const head = path.slice(0, from.length);
  const same = ignoreCase ? head.toLowerCase() === from.toLowerCase() : head === from;
  const rest = path.slice(from.length);
  if (!same || !(rest === '' || from.endsWith('/') || /^[/?#]/.test(rest))) return path;
  const replaced = to.endsWith('/') && rest.startsWith('/') ? to + rest.slice(1) : to + rest;
  return replaced.startsWith('/') ? replaced : `/${replaced}`;
}

const COOKIE_DOMAIN = /;\s*domain=\.?([^;\s]*)\s*(?=;|$)/i;

/** A cookie for the upstream's own host becomes one for the public host (host-only where that is no domain name). */
function publicCookie(cookie: string, context: AnswerContext): string {
  const domain = COOKIE_DOMAIN.exec(cookie);
  if (!domain || domain[1]?.toLowerCase() !== new URL(context.upstream).hostname) return cookie;
  const named = /[a-z]/i.test(context.publicHostname) && context.publicHostname.includes('.');
  return cookie.replace(COOKIE_DOMAIN, named ? `; Domain=${context.publicHostname}` : '');
}
