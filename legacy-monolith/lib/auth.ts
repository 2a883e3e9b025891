import type { NextFunction, Request, Response } from 'express';
import type { SessionStore } from './session-store.ts';

/** Everything below needs a session. */
export function needsLogin(store: SessionStore) {
  return async (req: Request, res: Response, next: NextFunction) => {
    if (!req.session.usr_id) {
      res.status(401).json({ error: 'not logged in' });
      return;
    }
    await store.extend(req.sessionID, req.session);
    next();
  };
}

/** Not for the read-only role. */
export function needsWrite(req: Request, res: Response, next: NextFunction) {
  if (req.session.usr_role !== 'adm' && req.session.usr_role !== 'dis') {
    res.status(403).json({ error: 'no rights' });
    return;
  }
  next();
}

/** Admins only. */
export function needsAdmin(req: Request, res: Response, next: NextFunction) {
  if (req.session.usr_role !== 'adm') {
    res.status(403).json({ error: 'no rights' });
    return;
  }
  next();
}
