import type { IncomingMessage } from 'node:http';
import type { RequestTarget } from './request-target.ts';

// uri-host [":" port] of RFC 9110 §7.2, without user information.
const HOST = /^(?:\[[0-9a-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})+)(?::\d{0,5})?$/i;

/**
 * The host that a request names, empty when it names none; null when it names several, none that can be one, or in
 * HTTP/1.1 none at all (RFC 9112 §3.2). The authority of an absolute target wins over Host.
 */
export function requestHost(request: IncomingMessage, { authority }: RequestTarget): string | null {
  let hosts = 0;
  for (let i = 0; i < request.rawHeaders.length; i += 2)
    if (request.rawHeaders[i]?.toLowerCase() === 'host') hosts++;
  if (hosts === 0 && request.httpVersionMinor > 0) return null;
  const host = request.headers.host ?? '';
  if (hosts > 1 || (host !== '' && !HOST.test(host))) return null;
  if (authority === null) return host;
  return HOST.test(authority) ? authority : null;
}
