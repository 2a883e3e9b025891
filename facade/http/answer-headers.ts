import { type TagPassage, tagForClient } from './entity-tags.ts';
import { connectionTokens, isHopByHop } from './hop-by-hop.ts';
import { publicCookie, publicLinks, publicRefresh, publicUrl, type UrlContext } from './public-url.ts';

export type AnswerContext = UrlContext & {
  /** False for HEAD and HTTP/1.0 clients, which get no trailers. */
  readonly trailers: boolean;
  /** How entity tags pass; null for as they are. */
  readonly tags: TagPassage | null;
};

/**
 * The headers that the client gets, flat names and values in the upstream's order and spelling: hop-by-hop and
 * `x-fig-*` ones dropped, URLs and cookies for the upstream's own host moved to the public one, an ETag marked where
 * `tags` says so. Everything else passes as it is.
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
    else if (lower === 'location' || lower === 'content-location')
      headers.push(name, publicUrl(value, context));
    else if (lower === 'set-cookie') headers.push(name, publicCookie(value, context));
    else if (lower === 'link') headers.push(name, publicLinks(value, context));
    else if (lower === 'refresh') headers.push(name, publicRefresh(value, context));
    else if (lower === 'etag' && context.tags) headers.push(name, tagForClient(value, context.tags));
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
