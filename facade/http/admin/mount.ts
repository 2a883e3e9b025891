import express, { type Express, type NextFunction, type Request, type Response, type Router } from 'express';
import type { Logger } from 'pino';
import { type Access, allows, type Caller } from '../../core/access.ts';
import { PROBLEM_TYPE, type ProblemBody, problemOf } from '../problem.ts';
import { bearerToken } from './bearer-token.ts';
import type { Call, Operation, Reply } from './operation.ts';
import { readBody, readQuery } from './requests.ts';

const BODY_LIMIT = '64kb';

/** Serves operations: lets in who may, reads what comes in, sends what comes out. */
export function mount(
  app: Express,
  operations: readonly Operation[],
  { access, log }: { access: Access; log: Logger },
): void {
  const open = operations.filter(({ role }) => role === null);
  for (const { method, path, handle } of open)
    app[method](pathOf(path), async (request, response) => {
      const anybody = { actor: '', role: 'viewer' } as const;
      send(response, 200, await handle(callOf(request, anybody, undefined, undefined)));
    });
  refuseOtherMethods(app, open);
  const api = express.Router();
  // Asked first, so that nobody learns without a token what there is.
  api.use(authenticate(access));
  api.use(express.json({ limit: BODY_LIMIT, type: () => true, strict: true }));
  const guarded = operations
    .filter(({ role }) => role !== null)
    .map((one) => ({ ...one, path: one.path.slice('/v1'.length) }));
  for (const operation of guarded)
    api[operation.method](pathOf(operation.path), async (request, response) => {
      const caller = response.locals.caller as Caller;
      const reply = await perform(operation, request, caller);
      if ('problem' in reply && reply.problem.code === 'AUTH_ROLE_INSUFFICIENT')
        log.warn({ ...caller, method: request.method, path: request.originalUrl }, 'refused for its role');
      send(response, operation.answer?.status ?? 200, reply);
    });
  refuseOtherMethods(api, guarded);
  app.use('/v1', api);
}

/** Behind all operations: what comes as far as this has one of their paths, and another method. */
function refuseOtherMethods(router: Router, operations: readonly Operation[]): void {
  for (const [path, known] of Map.groupBy(operations, (one) => one.path)) {
    const methods = known.flatMap(({ method }) =>
      method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
    );
    router.all(pathOf(path), (request, response) => {
      const detail = `expected ${methods.join(' or ')}, got ${request.method}.`;
      response.set('allow', methods.join(', '));
      sendProblem(response, problemOf('ROUTE_METHOD_NOT_ALLOWED', detail));
    });
  }
}

async function perform(operation: Operation, request: Request, caller: Caller): Promise<Reply> {
  const { role, body: bodySchema, query: querySchema } = operation;
  const needed = role ?? 'viewer';
  if (!allows(caller.role, needed)) return { problem: insufficient(caller, needed) };
  const body = bodySchema ? readBody(bodySchema, request.body) : { value: undefined };
  if ('problem' in body) return body;
  const query = querySchema ? readQuery(querySchema, request.query) : { value: undefined };
  if ('problem' in query) return query;
  // Whoever may step over a check must be one who may do everything.
  const forced = (body.value as { force?: unknown } | undefined)?.force === true;
  if (forced && !allows(caller.role, 'admin')) return { problem: insufficient(caller, 'admin', 'force') };
  if (operation.endless && request.method === 'HEAD') {
    const type = operation.answer?.mediaType as string;
    return { take: (response) => void response.type(type).end() };
  }
  return operation.handle(callOf(request, caller, body.value, query.value));
}

function insufficient({ actor, role }: Caller, needed: string, what = 'this'): ProblemBody {
  const detail = `${what} asks for the role ${needed}, and ${actor} is ${role}.`;
  return problemOf('AUTH_ROLE_INSUFFICIENT', detail, { role, needed });
}

function callOf(request: Request, caller: Caller, body: unknown, query: unknown): Call {
  return { params: request.params as Record<string, string>, body, query, caller, request };
}

const pathOf = (path: string) => path.replace(/\{(\w+)\}/g, ':$1');

function authenticate(access: Access) {
  return async (request: Request, response: Response, next: NextFunction) => {
    const given = bearerToken(request);
    const caller = given === null ? null : await access.callerOf(given);
    if (caller) {
      response.locals.caller = caller;
      return next();
    }
    response.set('www-authenticate', 'Bearer realm="fig"');
    const detail = 'expected a token that is known and has not expired: authorization: Bearer TOKEN.';
    sendProblem(response, problemOf('AUTH_TOKEN_INVALID', detail));
  };
}

function send(response: Response, status: number, reply: Reply): void {
  if ('take' in reply) reply.take(response);
  else if ('problem' in reply) sendProblem(response, reply.problem);
  else response.status(status).json(reply.body);
}

export function sendProblem(response: Response, problem: ProblemBody): void {
  response.status(problem.status).set('content-type', PROBLEM_TYPE).end(JSON.stringify(problem));
}
