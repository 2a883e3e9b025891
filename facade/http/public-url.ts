import { replacePrefix } from './rewrite.ts';

export type UrlContext = {
  /** Base URL of the upstream that answers. */
  readonly upstream: string;
  readonly publicOrigin: string;
  readonly publicHostname: string;
  /** The path prefix that the request was rewritten from and to; what leads back goes the same way. */
  readonly rewrite: { readonly from: string; readonly to: string } | null;
};

const AUTHORITY = /^(?:(https?):)?\/\/([^/?#]*)/i;

/**
 * A URL of an answer as clients reach it: where it names the upstream's own host, with whatever scheme, the public
 * origin stands in its place; a rewritten prefix is put back. The rest stays byte for byte.
 */
export function publicUrl(url: string, context: UrlContext): string {
  const absolute = AUTHORITY.exec(url);
  if (!absolute) return url.startsWith('/') ? unrewritten(url, context) : url;
  const upstream = new URL(context.upstream);
  const scheme = absolute[1]?.toLowerCase() ?? upstream.protocol.slice(0, -1);
  if (hostOf(`${scheme}://${absolute[2]}`) !== hostOf(context.upstream)) return url;
  return context.publicOrigin + unrewritten(url.slice(absolute[0].length), context);
}

/** Host and port in one form; null for what is no origin. */
function hostOf(origin: string): string | null {
  try {
    const { hostname, port } = new URL(origin);
    // `legacy.internal.` is the same host, written to its root.
    return `${hostname.replace(/\.$/, '')}:${port}`;
  } catch {
    return null;
  }
}

function unrewritten(path: string, { rewrite }: UrlContext): string {
  return rewrite ? replacePrefix(path, rewrite.to, rewrite.from, false) : path;
}

/** The URLs of a Link header (RFC 8288), each in its brackets. */
export function publicLinks(links: string, context: UrlContext): string {
  return links.replace(/(^|,)(\s*)<([^>]*)>/g, (_, comma: string, blanks: string, url: string) => {
    return `${comma}${blanks}<${publicUrl(url, context)}>`;
  });
}

/** The URL of a Refresh header, as HTML reads it: `5; url=…`, with quotes or without. */
export function publicRefresh(refresh: string, context: UrlContext): string {
  return refresh.replace(
    /^(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?)(["']?)(.*)$/i,
    (_, before: string, quote: string, url: string) => `${before}${quote}${publicUrl(url, context)}`,
  );
}

/**
 * A cookie for the upstream's own host becomes one for the public host (host-only where that is no domain name), and
 * one for a rewritten prefix one for the prefix that clients know.
 */
export function publicCookie(cookie: string, context: UrlContext): string {
  if (!/;\s*(?:domain|path)\s*=/i.test(cookie)) return cookie;
  const [pair, ...attributes] = cookie.split(';');
  const kept = attributes.flatMap((attribute) => {
    const [, before = '', value = ''] = /^(\s*domain\s*=\s*)(.*?)\s*$/i.exec(attribute) ?? [];
    if (before !== '') return publicDomain(attribute, value, context);
    const path = /^(\s*path\s*=\s*)(\/.*)$/i.exec(attribute);
    return path ? `${path[1]}${unrewritten(path[2] as string, context)}` : attribute;
  });
  return [pair, ...kept].join(';');
}

function publicDomain(attribute: string, value: string, context: UrlContext): string | string[] {
  const domain = value
    .replace(/^"(.*)"$/, '$1')
    .replace(/^\./, '')
    .toLowerCase();
  if (domain !== new URL(context.upstream).hostname) return attribute;
  const { publicHostname } = context;
  const named = /[a-z]/i.test(publicHostname) && publicHostname.includes('.');
  return named ? ` Domain=${publicHostname}` : [];
}
