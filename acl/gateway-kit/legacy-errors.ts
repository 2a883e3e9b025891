import type { ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';
import { AclError, NotTheOwner, ServiceProblem, ServiceUnreachable } from './error.ts';

/** The monolith's way to say that something went wrong: a status and the body for it. */
export type LegacyErrorBody = (message: string) => unknown;

/**
 * Answers what a handler throws in legacy's words. Errors of the framework (malformed body, bad escape in the path)
 * are the client's and get `badRequest`; an upstream out of reach is 502, too slow 504, anything else 500. A write that
 * the service refused because of its owner is 409 with `x-fig-refused`: the facade decides on the request anew.
 */
export function legacyErrors(body: LegacyErrorBody, badRequest: string, log: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const status: unknown = error instanceof AclError ? undefined : error?.status;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      response.status(status).json(body(badRequest));
      return;
    }
    if (error instanceof NotTheOwner && error.refused !== null) {
      log.info({ refused: error.refused, method: request.method, path: request.path }, 'refused');
      response.set('x-fig-refused', error.refused).status(409).json(body('not here any more'));
      return;
    }
    log.error(
      { error: String(error?.message ?? error), method: request.method, path: request.path },
      'failed',
    );
    const [code, message] = answerOf(error);
    response.status(code).json(body(message));
  };
}

function answerOf(error: unknown): [status: number, message: string] {
  if (error instanceof AclError && error.code === 'ACL_DRY_RUN_UNSUPPORTED') return [501, 'no dry run'];
  if (error instanceof ServiceUnreachable)
    return error.code === 'ACL_SERVICE_TIMEOUT' ? [504, 'service too slow'] : [502, 'service unavailable'];
  if (error instanceof ServiceProblem && error.status >= 500) return [502, 'service unavailable'];
  return [500, 'internal error'];
}
