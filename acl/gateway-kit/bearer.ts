import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { problem } from './problem.ts';

/** Lets requests with `authorization: Bearer TOKEN` pass; others get a 401 problem. Compares in constant time. */
export function requireBearer(token: string): RequestHandler {
  const expected = digest(`Bearer ${token}`);
  return (request, response, next) => {
    // SECURITY: digests have one length, so the comparison tells neither the token's length nor its prefix.
    if (timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) next();
    else {
      response.set('www-authenticate', 'Bearer');
      problem(
        response,
        401,
        'AUTH_TOKEN',
        'expected `authorization: Bearer TOKEN` with the configured token',
      );
    }
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
