import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { insideDryRun } from '../dry-run/rehearsal.ts';

/** Probes come every few seconds and would drown the log. */
const quietPaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

/**
 * Gives each request an id, honouring a sane `x-request-id` (1-128 visible ASCII characters), answers with it and
 * logs one line per finished request. Query strings stay out of the log: they can hold names and addresses.
 */
export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const given = request.get('x-request-id') ?? '';
    const requestId = /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
    response.set('x-request-id', requestId);
    const dryRun = insideDryRun() ? { dryRun: true } : {};
    const startedAt = performance.now();
    response.once('close', () => {
      const level = quietPaths.has(request.path) ? 'debug' : 'info';
      log[level](
        {
          requestId,
          method: request.method,
          path: request.originalUrl.split('?', 1)[0],
          route: routeOf(request),
          status: response.statusCode,
          durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
          ...dryRun,
          ...(response.writableFinished ? {} : { aborted: true }),
        },
        'request',
      );
    });
    next();
  };
}

/** The pattern that matched, e.g. `/v2/freelancers/:id`: few values, however many paths there are. */
export function routeOf(request: Request): string {
  const path: unknown = request.route?.path;
  return typeof path === 'string' ? `${request.baseUrl}${path}` : 'unmatched';
}
