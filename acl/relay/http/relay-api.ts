import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Logger } from 'pino';
import { requireBearer } from '../../gateway-kit/bearer.ts';
import { problem } from '../../gateway-kit/problem.ts';
import type { SetRelay } from '../backfill/set-relay.ts';
import type { SetOwnership } from '../ownership/set-ownership.ts';
import type { Reconcile } from '../reconcile/reconcile.ts';
import { LegacyBusy } from '../source/legacy-busy.ts';
import type { QuarantinedRow } from '../state/progress.ts';
import type { Tail } from '../tail/tail.ts';
import {
  closeSide,
  openSide,
  proveWay,
  putUpGates,
  showOwnership,
  takeDownGates,
  verifyWritten,
} from './ownership-handlers.ts';
import { showReconcile, startReconcile, stopReconcile } from './reconcile-handlers.ts';

/** Everything that the relay does for one data set. */
export type RelayedSet = {
  readonly relay: SetRelay;
  readonly tail: Tail;
  readonly owner: SetOwnership;
  readonly reconcile: Reconcile;
};

/**
 * The relay's control interface: sets, their backfill, their quarantine, the changes that follow, their comparison, and
 * who owns them. All of `/v1` asks for the token.
 */
export function relayApi(
  sets: ReadonlyMap<string, RelayedSet>,
  options: { readonly token: string; readonly health: RequestHandler; readonly log: Logger },
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(options.health);
  app.use('/v1', requireBearer(options.token));

  /** Not for a set whose way back has ended: the monolith's tables stay as they were then. */
  const whileBoth = (handle: Handle<RelayedSet>) =>
    withSet(sets, async (one, response, request) => {
      if (!(await one.owner.hasEnded())) return handle(one, response, request);
      problem(
        response,
        409,
        'RELAY_SET_RELEASED',
        `the way back of ${one.owner.set} has ended: the monolith's tables keep what they held, nothing follows to them, and there is nothing to compare or to repair. Its data set may leave the plan.`,
      );
    });

  app.get('/v1/sets', (_request, response) => {
    response.json({ sets: [...sets.values()].map(({ relay }) => relay.status()) });
  });

  app
    .route('/v1/sets/:set/backfill')
    .get(
      withSet(sets, ({ relay }, response) => {
        response.json(relay.status());
      }),
    )
    .post(
      withSet(sets, ({ relay, owner }, response) => {
        if (owner.direction === 'back')
          problem(
            response,
            409,
            'RELAY_BACKFILL_REFUSED',
            `the new service owns ${relay.set}: what it writes is carried back by itself, and there is nothing to copy`,
          );
        else if (relay.start()) response.status(202).json(relay.status());
        else
          problem(response, 409, 'RELAY_BACKFILL_RUNNING', `a backfill of ${relay.set} is running`, {
            backfill: relay.status(),
          });
      }),
    )
    .delete(
      withSet(sets, async ({ relay }, response) => {
        await relay.pause();
        response.json(relay.status());
      }),
    );

  app.get(
    '/v1/sets/:set/quarantine',
    withSet(sets, ({ relay, owner }, response) => {
      const listed = (rows: readonly QuarantinedRow[], refusedBy: 'service' | 'legacy') =>
        rows.map(({ key, reason, since }) => ({ key, reason, since, refusedBy }));
      const back = owner.quarantinedBack();
      response.json({ rows: [...listed(relay.quarantined(), 'service'), ...listed(back, 'legacy')] });
    }),
  );

  app
    .route('/v1/sets/:set/capture')
    .get(
      withSet(sets, async ({ tail }, response) => {
        response.json(await tail.status());
      }),
    )
    .post(
      whileBoth(async ({ tail, owner }, response) => {
        // While the service owns the set, changes go the other way.
        const problems = await tail.install(owner.direction === 'forward');
        if (problems.length === 0) response.json(await tail.status());
        else
          problem(response, 409, 'RELAY_CAPTURE_REFUSED', `writes cannot be noted: ${problems.join(' ')}`, {
            problems,
          });
      }),
    )
    .delete(
      withSet(sets, async ({ tail, owner, reconcile }, response, request) => {
        if (owner.direction === 'back' && request.query.release === 'true') {
          // A comparison that went on would take all that is written from here on for a difference.
          await reconcile.cancel();
          const released = await owner.release();
          await reconcile.cancel();
          if (released.ok) response.json(await tail.status());
          else problem(response, 409, 'RELAY_CAPTURE_REFUSED', released.detail);
          return;
        }
        if (owner.direction === 'back') {
          problem(
            response,
            409,
            'RELAY_CAPTURE_REFUSED',
            `the new service owns ${owner.set}: the way back needs it. It can go when all routes of the set are retired: npx fig retire ROUTE --reason …`,
          );
          return;
        }
        await tail.remove();
        response.json(await tail.status());
      }),
    );

  const reconciling = (handle: Handle<Reconcile>) =>
    withSet(sets, ({ reconcile }, response, request) => handle(reconcile, response, request));
  const comparing = whileBoth(({ reconcile }, response) => startReconcile(reconcile, response));
  app
    .route('/v1/sets/:set/reconcile')
    .get(reconciling(showReconcile))
    .post(express.json({ limit: '1kb' }), comparing)
    .delete(reconciling(stopReconcile));

  const owning = (handle: Handle<SetOwnership>) =>
    withSet(sets, ({ owner }, response, request) => handle(owner, response, request));
  const body = express.json({ limit: '1kb' });
  app
    .route('/v1/sets/:set/ownership')
    .get(owning(showOwnership))
    .put(whileBoth(({ owner }, response) => putUpGates(owner, response)))
    .delete(owning(takeDownGates));
  app.post('/v1/sets/:set/ownership/close', body, owning(closeSide));
  app.post('/v1/sets/:set/ownership/verify', owning(verifyWritten));
  app.post('/v1/sets/:set/ownership/prove', body, owning(proveWay));
  app.post('/v1/sets/:set/ownership/open', body, owning(openSide));

  app.get(
    '/v1/sets/:set/position',
    withSet(sets, async ({ owner }, response) => {
      response.json({ ...(await owner.live.position()), ...(await owner.ownership()) });
    }),
  );

  app.get(
    '/v1/sets/:set/covers',
    withSet(sets, async ({ owner }, response, request) => {
      const { position } = request.query;
      if (typeof position === 'string' && POSITION.test(position))
        response.json({ covered: await owner.live.covers(position) });
      else
        problem(response, 400, 'RELAY_POSITION_INVALID', 'expected ?position= with the number of an entry');
    }),
  );

  app.use((request, response) => {
    problem(response, 404, 'RELAY_PATH_UNKNOWN', `no ${request.method} ${request.path} here`);
  });
  app.use(failure(options.log));
  return app;
}

/** No database counts further. */
const POSITION = /^\d{1,18}$/;

type Handle<T> = (one: T, response: Response, request: Request<{ set: string }>) => void | Promise<void>;

function withSet<T>(sets: ReadonlyMap<string, T>, handle: Handle<T>): RequestHandler<{ set: string }> {
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
    if (error instanceof LegacyBusy) {
      problem(response, 409, 'RELAY_LEGACY_BUSY', error.message);
      return;
    }
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
