import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { problem } from './problem.ts';

/** Lets requests pass that carry `authorization: Bearer <token>`; others get a 401 problem. */
export function bearerAuth(token: string): RequestHandler {
  const expected = digest(token);
  return (request, response, next) => {
    const given = /^Bearer +(\S+) *$/i.exec(request.get('authorization') ?? '')?.[1];
    if (given === undefined) {
      response.set('www-authenticate', 'Bearer');
      throw problem('AUTH_TOKEN_MISSING', 'Send "authorization: Bearer …" with the token of this service.');
    }
    // SECURITY: digests have one length, so neither the length nor a common prefix shows in the time taken.
    if (!timingSafeEqual(digest(given), expected)) {
      response.set('www-authenticate', 'Bearer error="invalid_token"');
      throw problem('AUTH_TOKEN_INVALID', 'The token is not the one this service was started with.');
    }
    next();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
