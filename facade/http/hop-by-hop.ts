const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
]);

// SECURITY: what frames, routes, identifies or protects a message is meant for its last recipient. Whoever could have
// it dropped here by naming it in Connection would smuggle a body, or hide who asks.
const END_TO_END = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expires',
  'forwarded',
  'host',
  'location',
  'origin',
  'referer',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'set-cookie',
  'trailer',
  'vary',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-request-id',
]);

const NONE: ReadonlySet<string> = new Set();

/** Lower-case names that a Connection header declares to be for this hop only. */
export function connectionTokens(connection: string | undefined): ReadonlySet<string> {
  if (!connection || /^(keep-alive|close|upgrade)$/i.test(connection)) return NONE;
  return new Set(connection.split(',').map((token) => token.trim().toLowerCase()));
}

/**
 * True for a header that never passes a proxy: a hop-by-hop one, or one that Connection names, unless it is meant for
 * every recipient and must not be named there (RFC 9110 §7.6.1). `name` in lower case.
 */
export function isHopByHop(name: string, tokens: ReadonlySet<string>): boolean {
  if (HOP_BY_HOP.has(name)) return true;
  return tokens.has(name) && !END_TO_END.has(name) && !name.startsWith('x-forwarded-');
}
