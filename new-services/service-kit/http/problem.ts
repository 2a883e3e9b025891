import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

export type ProblemDetail = { readonly path: string; readonly message: string };

type ProblemKind = { readonly status: number; readonly title: string };

/** What a problem says beside its words: members of the body and headers of the answer. */
type ProblemExtras = {
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Problems that every service answers alike; a service adds its own kinds by throwing Problem. */
const kinds = {
  REQUEST_INVALID: { status: 400, title: 'The request is not valid' },
  REQUEST_MALFORMED: { status: 400, title: 'The request cannot be read' },
  AUTH_TOKEN_MISSING: { status: 401, title: 'A bearer token is needed' },
  AUTH_TOKEN_INVALID: { status: 401, title: 'The bearer token is not accepted' },
  ROUTE_NOT_FOUND: { status: 404, title: 'There is nothing here' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This resource does not take that method' },
  PRECONDITION_FAILED: { status: 412, title: 'The resource has changed' },
  REQUEST_TOO_LARGE: { status: 413, title: 'The request is too large' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, title: 'The media type is not supported' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The idempotency key belongs to another request' },
  PRECONDITION_REQUIRED: { status: 428, title: 'A precondition is needed' },
  INTERNAL_ERROR: { status: 500, title: 'The service failed' },
  DEPENDENCY_UNAVAILABLE: { status: 503, title: 'The service cannot reach what it needs' },
} as const satisfies Record<string, ProblemKind>;

/** An answer other than success, as RFC 9457 problem+json with a stable `code`. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly errors: readonly ProblemDetail[] | undefined;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ProblemKind & { code: string },
    detail: string,
    errors?: readonly ProblemDetail[],
    { members = {}, headers = {} }: ProblemExtras = {},
  ) {
    super(detail);
    this.status = kind.status;
    this.code = kind.code;
    this.title = kind.title;
    this.errors = errors;
    this.members = members;
    this.headers = headers;
  }

  toJSON(): Record<string, unknown> {
    return {
      type: `urn:problem:${this.code.toLowerCase().replaceAll('_', '-')}`,
      title: this.title,
      status: this.status,
      detail: this.message,
      code: this.code,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
      ...this.members,
    };
  }
}

export function problem(
  code: keyof typeof kinds,
  detail: string,
  errors?: readonly ProblemDetail[],
): Problem {
  return new Problem({ ...kinds[code], code }, detail, errors);
}

export function sendProblem(response: Response, answer: Problem): void {
  response
    .status(answer.status)
    .set(answer.headers)
    .type('application/problem+json')
    .send(JSON.stringify(answer));
}

export const notFound: RequestHandler = (request) => {
  throw problem('ROUTE_NOT_FOUND', `Nothing answers ${request.method} ${request.path}.`);
};

export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  return (request, response) => {
    response.set('allow', allowed.join(', '));
    throw problem('METHOD_NOT_ALLOWED', `${request.method} is not one of ${allowed.join(', ')}.`);
  };
}

/** Turns whatever was thrown into a problem answer; only what is broken (5xx) is logged as an error. */
export function problemHandler(log: Logger, isUnavailable: (error: unknown) => boolean): ErrorRequestHandler {
  return (error, _request, response, next) => {
    const answer = problemOf(error, isUnavailable);
    if (answer.status >= 500)
      log.error({ err: error, requestId: response.get('x-request-id') }, 'request failed');
    if (response.headersSent) return next(error);
    sendProblem(response, answer);
  };
}

function problemOf(error: unknown, isUnavailable: (error: unknown) => boolean): Problem {
  if (error instanceof Problem) return error;
  if (isUnavailable(error))
    return problem('DEPENDENCY_UNAVAILABLE', 'The database is out of reach. Try again later.');
  const { status, message } = (error ?? {}) as { status?: unknown; message?: string };
  if (status === 413) return problem('REQUEST_TOO_LARGE', 'The body is over the limit. Send less at a time.');
  if (status === 415)
    return problem('MEDIA_TYPE_UNSUPPORTED', message ?? 'The charset or encoding is not supported.');
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return problem('REQUEST_MALFORMED', message ?? 'The request cannot be read.');
  }
  return problem('INTERNAL_ERROR', 'Something broke; the log names it under this request id.');
}
