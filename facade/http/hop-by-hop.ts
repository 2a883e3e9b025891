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

const NONE: ReadonlySet<string> = new Set();

/** Lower-case names that a Connection header declares to be for this hop only. */
export function connectionTokens(connection: string | undefined): ReadonlySet<string> {
  if (!connection || /^(keep-alive|close|upgrade)$/i.test(connection)) return NONE;
  return new Set(connection.split(',').map((token) => token.trim().toLowerCase()));
}

/** True for a header that never passes a proxy (RFC 9110 §7.6.1). `name` in lower case. */
export function isHopByHop(name: string, tokens: ReadonlySet<string>): boolean {
  return HOP_BY_HOP.has(name) || tokens.has(name);
}
