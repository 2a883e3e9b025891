import type { IncomingMessage } from 'node:http';
import type { Decision } from '../core/decide.ts';
import type { RateLimiter } from '../core/rate-limiter.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { clientAddress, type Edge } from './edge.ts';
import { type ProblemBody, problemOf } from './problem.ts';

/**
 * Applies `limits.rate` to one client and route; null lets the request pass. The client is its address: what it can
 * choose itself, a cookie or a header, would give it a new allowance each time.
 */
export function overRate(
  request: IncomingMessage,
  { state }: Decision,
  { plan }: Snapshot,
  edge: Edge,
  limiter: RateLimiter,
): ProblemBody | null {
  const rate = plan.limits.ratePerSecond;
  if (rate === null || !state) return null;
  const key = `${state.route.name} ${networkOf(clientAddress(request, edge))}`;
  const waitMs = limiter.take(key, rate, performance.now());
  if (waitMs === 0) return null;
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  return problemOf(
    'ROUTE_RATE_EXCEEDED',
    `expected at most ${rate} requests a second on ${state.route.name}.`,
    {
      retryAfterSeconds,
    },
  );
}

/** The address itself; of an IPv6 one the /64 that a single client has to itself. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] as string).split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail ? tail.split(':') : [];
  const filled =
    tail === undefined
      ? front
      : [...front, ...Array(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back];
  return `${filled
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/64`;
}
