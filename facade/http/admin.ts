import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import type { Author, Change } from '../control/change.ts';
import type { Control } from '../control/control.ts';
import type { Ledger } from '../core/ledger.ts';
import type { RouteState } from '../core/snapshot.ts';
import { hostCheck } from './admin-host.ts';
import { readBody, readQuery, schemas } from './admin-requests.ts';
import type { Metrics } from './metrics.ts';
import { PROBLEM_TYPE, type ProblemBody, problemOf } from './problem.ts';
import { routeView } from './route-view.ts';

export type AdminOptions = {
  readonly control: Control;
  readonly ledger: Ledger;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly token: string;
  /** Further Host names to accept, beside loopback names and the address the request came in on. */
  readonly hosts: readonly string[];
  readonly instance: { readonly id: string; readonly version: string };
  readonly now: () => Date;
};

/** Who a token stands for. One token today; more come with their actors and roles. */
const ADMIN_ACTOR = 'admin';

/** The control plane over HTTP. */
export function createAdminApp(options: AdminOptions): Express {
  const { control, ledger, metrics } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((_request, response, next) => {
    response.set({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    next();
  });
  app.use(hostCheck(options.hosts));
  app.get('/livez', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', (_request, response) => {
    if (control.ready) response.json({ status: 'ok', ledger: control.distrust ? 'untrusted' : 'ok' });
    else send(response, problemOf('LEDGER_CORRUPT', control.distrust ?? 'No positions are known.'));
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.text());
  });

  const api = express.Router();
  api.use(tokenCheck(options.token));
  api.use(express.json({ limit: '64kb', type: () => true, strict: true }));
  api.get('/routes', (_request, response) => {
    response.json({ routes: [...control.snapshot.states.values()].map(routeView) });
  });
  api.get('/routes/:route', (request, response) => {
    const state = control.snapshot.states.get(request.params.route);
    if (state) response.json(routeView(state));
    else
      send(
        response,
        problemOf('ROUTE_UNKNOWN', `expected a route of the plan, got ${request.params.route}.`),
      );
  });
  api.post('/routes/:route/transitions', async (request, response) => {
    const body = readBody(schemas.transition, request.body);
    if ('code' in body) return send(response, body);
    const { stage, percent, expectedVersion, force, reason } = body.value;
    const hundredths = stage === 'canary' ? Math.round((percent ?? 0) * 100) : 0;
    const change = { expectedVersion, force, ...author(reason) };
    answerRoute(response, await control.transition(request.params.route, { stage, hundredths }, change));
  });
  for (const verb of ['rollback', 'pause', 'resume'] as const)
    api.post(`/routes/:route/${verb}`, async (request: Request<{ route: string }>, response) => {
      const body = readBody(schemas.reason, request.body);
      if ('code' in body) return send(response, body);
      const outcome = await control[verb](request.params.route, author(body.value.reason));
      answerRoute(response, outcome, verb === 'rollback' ? { pending: [] } : {});
    });
  api.post('/kill', async (request, response) => {
    const body = readBody(schemas.kill, request.body);
    if ('code' in body) return send(response, body);
    const outcome = await control.kill(body.value.route ?? null, author(body.value.reason));
    if (outcome.ok) response.json({ routes: outcome.value.map(routeView), pending: [] });
    else send(response, refusalOf(outcome));
  });
  api.post('/reload', async (request, response) => {
    const body = readBody(schemas.reason, request.body);
    if ('code' in body) return send(response, body);
    const outcome = await control.reload(author(body.value.reason));
    if (!outcome.ok) return send(response, refusalOf(outcome));
    const reload = outcome.value;
    if (reload.ok) {
      const { plan, previous, warnings } = reload;
      return void response.json({ hash: plan.hash, previous, changed: plan.hash !== previous, warnings });
    }
    const detail = 'The plan on disk has errors; the one in force stays.';
    send(response, problemOf('PLAN_INVALID', detail, { errors: reload.problems }));
  });
  api.get('/ledger', async (request, response) => {
    const query = readQuery(schemas.ledger, request.query);
    if ('code' in query) return send(response, query);
    const { route, after, limit } = query.value;
    const entries = await ledger.read({ after, limit: limit + 1, ...(route === undefined ? {} : { route }) });
    const page = entries.slice(0, limit);
    response.json({
      entries: page,
      next: entries.length > limit ? page.at(-1)?.seq : null,
      fault: control.distrust,
    });
  });
  api.get('/instances', (_request, response) => {
    const { id, version } = options.instance;
    const hash = control.snapshot.plan.hash;
    response.json({ instances: [{ id, version, hash, lastSeen: options.now().toISOString() }] });
  });
  app.use('/v1', api);
  app.use((request, response) => {
    send(response, problemOf('ROUTE_NOT_FOUND', `The admin API has no ${request.method} ${request.path}.`));
  });
  app.use((error: HttpError, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    send(response, errorProblem(error, options.log));
  });
  return app;
}

// The actor is what the token says, never what a body claims.
const author = (reason: string): Author => ({ actor: ADMIN_ACTOR, reason });

function answerRoute(response: Response, outcome: Change<RouteState>, extra: object = {}): void {
  if (outcome.ok) response.json({ ...routeView(outcome.value), ...extra });
  else send(response, refusalOf(outcome));
}

function refusalOf({ code, detail, state }: Extract<Change<unknown>, { ok: false }>): ProblemBody {
  if (!state) return problemOf(code, detail);
  const { route, stage, percent, version, next } = routeView(state);
  return problemOf(code, detail, { route, stage, percent, version, next });
}

type HttpError = Error & { status?: number; type?: string };

function errorProblem(error: HttpError, log: Logger): ProblemBody {
  if (error.type === 'entity.too.large')
    return problemOf('ROUTE_BODY_TOO_LARGE', 'expected a body of at most 64 kB.');
  if (error.status !== undefined && error.status < 500)
    return problemOf(
      'ROUTE_REQUEST_INVALID',
      'expected a well-formed request with a JSON object as its body.',
    );
  log.error({ err: error }, 'admin request failed');
  return problemOf('ROUTE_INTERNAL', 'The facade could not handle the request.');
}

function tokenCheck(token: string) {
  const expected = digest(token);
  return (request: Request, response: Response, next: NextFunction) => {
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    // Digests have one length, so the comparison tells nothing about the token.
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return next();
    response.set('www-authenticate', 'Bearer realm="fig"');
    send(response, problemOf('AUTH_TOKEN_INVALID', 'expected the admin token: authorization: Bearer TOKEN.'));
  };
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function send(response: Response, problem: ProblemBody): void {
  response.status(problem.status).set('content-type', PROBLEM_TYPE).end(JSON.stringify(problem));
}
