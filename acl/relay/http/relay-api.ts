import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { requireBearer } from '../../gateway-kit/bearer.ts';
import { problem } from '../../gateway-kit/problem.ts';
import type { SetRelay } from '../backfill/set-relay.ts';
import type { Outcome, SetOwnership } from '../ownership/set-ownership.ts';
import type { Tail } from '../tail/tail.ts';

const epoch = z.int().min(1);
const side = z.enum(['legacy', 'candidate']);
const closeBody = z.strictObject({ side, epoch });
const proveBody = z.strictObject({ to: side });
const openBody = z.strictObject({ owner: side, epoch });

/**
 * The relay's control interface: sets, their backfill, their quarantine, the changes that follow, and who owns them. All
 * of `/v1` asks for the token.
 */
export function relayApi(
  sets: ReadonlyMap<string, SetRelay>,
  tails: ReadonlyMap<string, Tail>,
  owners: ReadonlyMap<string, SetOwnership>,
  options: { readonly token: string; readonly health: RequestHandler; readonly log: Logger },
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(options.health);
  app.use('/v1', requireBearer(options.token));

  app.get('/v1/sets', (_request, response) => {
    response.json({ sets: [...sets.values()].map((relay) => relay.status()) });
  });

  app
    .route('/v1/sets/:set/backfill')
    .get(
      withSet(sets, (relay, response) => {
        response.json(relay.status());
      }),
    )
    .post(
      withSet(sets, (relay, response) => {
        if (relay.start()) response.status(202).json(relay.status());
        else
          problem(response, 409, 'RELAY_BACKFILL_RUNNING', `a backfill of ${relay.set} is running`, {
            backfill: relay.status(),
          });
      }),
    )
    .delete(
      withSet(sets, async (relay, response) => {
        await relay.pause();
        response.json(relay.status());
      }),
    );

  app.get(
    '/v1/sets/:set/quarantine',
    withSet(sets, (relay, response) => {
      const rows = relay.quarantined().map(({ key, reason, since }) => ({ key, reason, since }));
      response.json({ rows });
    }),
  );

  app
    .route('/v1/sets/:set/capture')
    .get(
      withSet(tails, async (tail, response) => {
        response.json(await tail.status());
      }),
    )
    .post(
      withSet(tails, async (tail, response) => {
        const problems = await tail.install();
        if (problems.length === 0) response.json(await tail.status());
        else
          problem(response, 409, 'RELAY_CAPTURE_REFUSED', `writes cannot be noted: ${problems.join(' ')}`, {
            problems,
          });
      }),
    )
    .delete(
      withSet(tails, async (tail, response) => {
        await tail.remove();
        response.json(await tail.status());
      }),
    );

  app
    .route('/v1/sets/:set/ownership')
    .get(
      withSet(owners, async (owner, response) => {
        response.json(await owner.status());
      }),
    )
    .put(
      withSet(owners, async (owner, response) => {
        await answer(response, await owner.install(), () => owner.status());
      }),
    )
    .delete(
      withSet(owners, async (owner, response) => {
        await answer(response, await owner.remove(), () => owner.status());
      }),
    );
  const step = <T>(shape: z.ZodType<T>, take: (owner: SetOwnership, body: T) => Promise<Outcome>) =>
    [
      express.json({ limit: '4kb' }),
      withSet(owners, async (owner, response, request) => {
        const body = shape.safeParse(request.body);
        if (body.success) await answer(response, await take(owner, body.data), () => owner.status());
        else {
          const [issue] = body.error.issues;
          problem(response, 400, 'RELAY_REQUEST', `body: ${issue?.path.join('.')}: ${issue?.message}`);
        }
      }),
    ] as const;
  app.post(
    '/v1/sets/:set/ownership/close',
    ...step(closeBody, (owner, body) => owner.close(body.side, body.epoch)),
  );
  app.post('/v1/sets/:set/ownership/prove', ...step(proveBody, (owner, { to }) => owner.prove(to)));
  app.post(
    '/v1/sets/:set/ownership/open',
    ...step(openBody, (owner, body) => owner.open(body.owner, body.epoch)),
  );

  app.use((request, response) => {
    problem(response, 404, 'RELAY_PATH_UNKNOWN', `no ${request.method} ${request.path} here`);
  });
  app.use(failure(options.log));
  return app;
}

async function answer(response: Response, outcome: Outcome, view: () => Promise<unknown>): Promise<void> {
  if (outcome.ok) response.json(await view());
  else problem(response, 409, 'RELAY_OWNER_UNCHANGED', outcome.detail);
}

function withSet<T>(
  sets: ReadonlyMap<string, T>,
  handle: (one: T, response: Response, request: Request<{ set: string }>) => void | Promise<void>,
): RequestHandler<{ set: string }> {
  return async (request, response) => {
    const relay = sets.get(request.params.set);
    if (relay !== undefined) return handle(relay, response, request);
    const known = [...sets.keys()].join(', ') || 'none';
    problem(
      response,
      404,
      'RELAY_SET_UNKNOWN',
      `no data set \`${request.params.set}\`; the plan has: ${known}`,
    );
  };
}

function failure(log: Logger): ErrorRequestHandler {
  return (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    const status = typeof error?.status === 'number' && error.status < 500 ? error.status : 500;
    if (status === 500) log.error({ error: String(error?.stack ?? error) }, 'request failed');
    problem(
      response,
      status,
      'RELAY_REQUEST',
      status === 500 ? 'the relay failed; see its log' : error.message,
    );
  };
}
