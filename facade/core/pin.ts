import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Party } from './party.ts';

/** Name of the header, and of the cookie, that carries pins. */
export const PIN_NAME = 'x-fig-pin';

/** Sends one client's requests of one route to one upstream, until it expires. */
export type Pin = {
  readonly route: string;
  readonly to: Party;
  /** Seconds since 1970; at this second the pin counts no more. */
  readonly expiresAt: number;
};

const VERSION = '1';
// A request may carry pins of several routes; more than these are not looked at, as each costs a signature.
const MAX_TOKENS = 8;
const TOKEN = /^1\.([a-z][a-z0-9-]{0,62})\.(legacy|candidate)\.(\d{1,11})\.([\w-]{43})$/;

/** Token of a pin: `1.<route>.<upstream>.<expiry>.<HMAC-SHA256>`; the route is part of what is signed. */
export function sealPin({ route, to, expiresAt }: Pin, secret: Buffer): string {
  const payload = `${VERSION}.${route}.${to}.${expiresAt}`;
  return `${payload}.${sign(payload, secret).toString('base64url')}`;
}

/**
 * The upstream that the first valid token for this route names; null without one. `tokens` holds tokens with `,` or
 * `~` between them. What is unsigned, malformed, expired, signed with another secret or made for another route counts
 * as not there.
 */
export function openPin(tokens: string, route: string, secret: Buffer, nowSeconds: number): Party | null {
  for (const token of tokens.split(/[,~\s]+/, MAX_TOKENS)) {
    const [, forRoute, to, expiresAt, signature = ''] = TOKEN.exec(token) ?? [];
    if (forRoute !== route || Number(expiresAt) <= nowSeconds) continue;
    const given = Buffer.from(signature, 'base64url');
    const expected = sign(token.slice(0, -signature.length - 1), secret);
    if (given.length === expected.length && timingSafeEqual(given, expected)) return to as Party;
  }
  return null;
}

// The prefix keeps what is signed as a pin apart from whatever else this secret signs.
function sign(payload: string, secret: Buffer): Buffer {
  return createHmac('sha256', secret).update(`fig-pin:${payload}`).digest();
}
