import type { NextFunction, Request, Response } from 'express';
import { PROBLEM_TYPE, problemOf } from '../problem.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Refuses a Host header that names neither loopback, nor one of `hosts`, nor the very address the request came in on.
 * SECURITY: a web page that rebinds its own name to this address would otherwise talk to the control plane.
 */
export function hostCheck(hosts: readonly string[]) {
  const names = new Set(hosts.map((host) => host.toLowerCase()));
  return (request: Request, response: Response, next: NextFunction) => {
    // Of several the first would be checked, and another one might be meant.
    const [only = '', ...more] = request.headersDistinct.host ?? [];
    const host = (more.length > 0 ? [only, ...more].join(', ') : only).toLowerCase().replace(/:\d+$/, '');
    if (LOOPBACK.has(host) || names.has(host) || host === localName(request)) return next();
    const problem = problemOf(
      'AUTH_HOST_REFUSED',
      `expected a loopback name or the admin host, got ${JSON.stringify(host)}.`,
    );
    response.status(problem.status).set('content-type', PROBLEM_TYPE).end(JSON.stringify(problem));
  };
}

function localName(request: Request): string {
  const address = (request.socket.localAddress ?? '').replace(/^::ffff:/, '');
  return address.includes(':') ? `[${address}]` : address;
}
