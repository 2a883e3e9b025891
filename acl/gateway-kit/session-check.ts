import type { Request, RequestHandler, Response } from 'express';
import type { IdentityBridge, Session } from './identity.ts';

export type Refuse = (response: Response) => void;

const sessions = new WeakMap<Request, Session>();

/** Lets logged-in requests pass and remembers who asks; the others are `refuse`d. */
export function requireSession(identity: IdentityBridge, refuse: Refuse): RequestHandler {
  return async (request, response, next) => {
    const session = await identity.introspect(request.headers.cookie);
    if (session === null) return refuse(response);
    sessions.set(request, session);
    next();
  };
}

/** Who asks; stands behind requireSession, and throws where it does not. */
export function sessionOf(request: Request): Session {
  const session = sessions.get(request);
  if (session === undefined) throw new TypeError('no session: requireSession stands in front of this');
  return session;
}

/** Lets the given roles pass; stands behind requireSession. */
export function requireRole(roles: readonly string[], refuse: Refuse): RequestHandler {
  return (request, response, next) => {
    const role = sessions.get(request)?.role;
    if (role !== undefined && roles.includes(role)) next();
    else refuse(response);
  };
}
