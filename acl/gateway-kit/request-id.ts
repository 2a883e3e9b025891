import { randomUUID } from 'node:crypto';
import type { Request } from 'express';

/** The request's `x-request-id` when it is a sane token (up to 128 characters), else a new one. */
export function requestIdOf(request: Request): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}
