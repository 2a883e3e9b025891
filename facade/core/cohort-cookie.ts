import { createHash } from 'node:crypto';
import { openValue, sealValue } from './signed-value.ts';

/** Name of the first-party cookie that holds a client's first bucket on every route in canary. */
export const COHORT_COOKIE = 'x-fig-cohort';

/** First bucket by route mark. */
export type HeldBuckets = ReadonlyMap<string, number>;

const VERSION = '1';
const ENTRY = /^[0-9a-f]{16}$/;
// A cookie header of ordinary size stays far below the limits of browsers and servers.
const MAX_ENTRIES = 64;
const MAX_COOKIES = 4;
const NOTHING: HeldBuckets = new Map();

/** Eight hex characters that stand for a route name in the cookie, so that names stay out of clients' hands. */
export function routeMark(route: string): string {
  return createHash('sha256').update(route).digest('hex').slice(0, 8);
}

/** Cookie value: `1.<mark+bucket, 16 hex each>.<signature>`; signed so that nobody chooses a bucket. */
export function sealBuckets(buckets: HeldBuckets, secret: Buffer): string {
  const entries = [...buckets]
    .slice(0, MAX_ENTRIES)
    .map(([mark, bucket]) => mark + bucket.toString(16).padStart(8, '0'));
  return sealValue(`${VERSION}.${entries.join('')}`, secret);
}

/** The buckets of a cookie value; null when it is malformed or not signed with this secret. */
export function openBuckets(value: string, secret: Buffer): Map<string, number> | null {
  const [version, body] = openValue(value, secret)?.split('.') ?? [];
  if (version !== VERSION || body === undefined) return null;
  const buckets = new Map<string, number>();
  for (let at = 0; at < body.length; at += 16) {
    const entry = body.slice(at, at + 16);
    if (!ENTRY.test(entry)) return null;
    buckets.set(entry.slice(0, 8), Number.parseInt(entry.slice(8), 16));
  }
  return buckets;
}

/**
 * The buckets that a request holds. Of several cookies those count that are signed, and where they hold different
 * buckets of a route the smallest: a client that sends them in another order, or one of them twice, stays where it is.
 * More than four hold nothing, since each costs a signature.
 */
export function heldBuckets(values: readonly string[], secret: Buffer): HeldBuckets {
  const held = new Map<string, number>();
  if (values.length > MAX_COOKIES) return held;
  for (const value of values)
    for (const [mark, bucket] of openBuckets(value, secret) ?? NOTHING)
      held.set(mark, Math.min(bucket, held.get(mark) ?? bucket));
  return held;
}
