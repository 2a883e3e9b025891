import type { IncomingMessage } from 'node:http';
import type { HeaderChange } from '#plan/model/plan.ts';
import { isTraceparent, newTraceparent } from '../core/trace-context.ts';
import { withoutOwnCookies } from './edge.ts';
import { connectionTokens, isHopByHop } from './hop-by-hop.ts';

export type RequestContext = {
  readonly peer: string;
  /** The peer is one of `trustedProxies`: what it says about the client is kept and continued. */
  readonly trusted: boolean;
  readonly secure: boolean;
  readonly requestId: string;
  /** Replaces the Host header: the target may have named another one (RFC 9112 §3.2.2), or nobody any. */
  readonly host: string;
  readonly upgrade: boolean;
};

/**
 * The headers that an upstream gets: the client's, without hop-by-hop and `x-fig-*` ones, with `x-forwarded-*` and
 * `x-request-id` set. Host stays the public one, so that absolute links an upstream makes lead to the facade.
 */
export function upstreamHeaders(
  request: IncomingMessage,
  context: RequestContext,
): Record<string, string | string[]> {
  const given = request.headers;
  const tokens = connectionTokens(given.connection);
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || name === 'expect' || isHopByHop(name, tokens)) continue;
    // SECURITY: a client that could set these would choose its own address, scheme, cohort or fence, or another path
    // than the one that was decided. To CGI and its heirs `X_Forwarded_For` is the same name.
    const plain = name.replaceAll('_', '-');
    if (plain.startsWith('x-fig-') || (!context.trusted && (isForwarded(plain) || isRerouting(plain))))
      continue;
    headers[name] = value;
  }
  if (typeof headers.cookie === 'string') {
    const cookie = withoutOwnCookies(headers.cookie);
    if (cookie === undefined) delete headers.cookie;
    else headers.cookie = cookie;
  }
  headers.host = context.host;
  const before = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before ? `${before}, ${context.peer}` : context.peer;
  headers['x-forwarded-host'] ??= context.host;
  headers['x-forwarded-proto'] ??= context.secure ? 'https' : 'http';
  headers['x-request-id'] = context.requestId;
  if (typeof headers.traceparent !== 'string' || !isTraceparent(headers.traceparent)) {
    headers.traceparent = newTraceparent();
    // It belongs to the trace that was not readable (§3.2.2.5 of the source).
    delete headers.tracestate;
  }
  // SECURITY: without it Node would send the body of a GET or DELETE unframed, and the upstream would read it as the
  // next request.
  if (given['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  if (context.upgrade) {
    delete headers['content-length'];
    headers.connection = 'Upgrade';
    headers.upgrade = 'websocket';
  }
  return headers;
}

/** What `credentials` of the route changes for one side, in place. */
export function changeHeaders(
  headers: Record<string, string | string[]>,
  { set, remove }: HeaderChange,
): void {
  for (const name of remove) delete headers[name];
  for (const name in set) headers[name] = set[name] as string;
}

/** Some frameworks serve the path that these name instead of the one of the request. */
function isRerouting(name: string): boolean {
  return name === 'x-original-url' || name === 'x-rewrite-url';
}

function isForwarded(name: string): boolean {
  return name === 'forwarded' || name.startsWith('x-forwarded-');
}

const REQUEST_ID = /^[\w.:+/=@-]{1,128}$/;

/** The request id that a client sent, if it is fit for logs and headers. */
export function givenRequestId(request: IncomingMessage): string | null {
  const id = request.headers['x-request-id'];
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : null;
}
