import { z } from 'zod';
import { AclError, ServiceProblem } from '../gateway-kit/error.ts';
import type { HttpClient } from '../gateway-kit/http-client.ts';
import type { IdentityBridge } from '../gateway-kit/identity.ts';
import { SessionCache } from './session-cache.ts';

const me = z.object({ usr_id: z.int().positive(), usr_login: z.string(), usr_role: z.string() });

/** How long a logout, a role change or a lock made at legacy can go unseen here. */
export const STALENESS_MS = 2000;
const MAX_SESSIONS = 10_000;

/**
 * Asks the monolith's `GET /api/me` whose session it is. Of the client's headers only the cookie is passed on, and it
 * is the cache's key as a whole: what legacy would read from it need not be guessed here.
 */
export function legacyIdentity(
  legacy: HttpClient,
  nowMs: () => number = () => performance.now(),
): IdentityBridge {
  const cache = new SessionCache({ maxAgeMs: STALENESS_MS, maxEntries: MAX_SESSIONS, nowMs });

  const ask = async (cookie: string) => {
    const answer = await legacy.send({ method: 'GET', path: '/api/me', headers: { cookie } });
    if (answer.status === 401) return null;
    if (answer.status !== 200)
      throw new ServiceProblem(`GET ${legacy.url}/api/me`, answer.status, answer.body);
    const body = me.safeParse(answer.body);
    if (!body.success)
      throw new AclError('ACL_SERVICE_ANSWER', `GET ${legacy.url}/api/me: not the answer of a login`);
    const { usr_id: number, usr_login: login, usr_role: role } = body.data;
    return { number, login, role };
  };

  return {
    async introspect(cookie) {
      if (cookie === undefined || cookie === '') return null;
      return cache.through(cookie, () => ask(cookie));
    },
  };
}
