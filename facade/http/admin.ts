import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import type { Control } from '../control/control.ts';
import type { Cutover } from '../control/cutover/cutover.ts';
import type { Guardrails } from '../control/guardrails.ts';
import type { Replicas } from '../control/replicas.ts';
import type { Access } from '../core/access.ts';
import type { Ledger } from '../core/ledger.ts';
import { dataOperations } from './admin/data.ts';
import { documentOperation } from './admin/document.ts';
import { EventStream } from './admin/event-stream.ts';
import { evidenceOperations } from './admin/evidence.ts';
import { healthOperations } from './admin/health.ts';
import { hostCheck } from './admin/host-check.ts';
import { instanceOperations } from './admin/instances.ts';
import { killOperations } from './admin/kill.ts';
import { ledgerOperations } from './admin/ledger.ts';
import { mount, sendProblem } from './admin/mount.ts';
import { observationOperations } from './admin/observations.ts';
import type { Operation } from './admin/operation.ts';
import { type PinOptions, pinOperations } from './admin/pins.ts';
import { recordingOperations } from './admin/recording.ts';
import { reloadOperations } from './admin/reload.ts';
import { routeOperations } from './admin/routes.ts';
import { streamOperations } from './admin/stream.ts';
import { upstreamOperations } from './admin/upstreams.ts';
import { unknownExpectation } from './expectation.ts';
import type { SetWatches } from './fences/set-watches.ts';
import type { Metrics } from './metrics.ts';
import { type ProblemBody, problemOf } from './problem.ts';
import type { RecordingOrder, Taken } from './recording/recordings.ts';
import type { UpstreamView } from './upstream-guards.ts';

export type AdminOptions = {
  readonly control: Control;
  readonly ledger: Ledger;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  readonly log: Logger;
  readonly access: Access;
  /** Further Host names to accept, beside loopback names and the address the request came in on. */
  readonly hosts: readonly string[];
  readonly replicas: Replicas;
  readonly watches: SetWatches;
  /** The upstreams of the plan in force and how they are. */
  readonly upstreams: () => UpstreamView[] | Promise<UpstreamView[]>;
  /** False while no process accepts requests. */
  readonly serving: () => boolean;
  /** Event streams served at once; default 2,000. */
  readonly maxStreams?: number;
  readonly guardrails: Guardrails;
  readonly cutover: Cutover;
  /** Keeps exchanges of a route for whoever asks; see `DataPlane`. */
  readonly record: (order: RecordingOrder | null) => Promise<Taken>;
  /** Asks the candidates which build they are. */
  readonly lookAtBuilds: () => Promise<void>;
  readonly pins: Pick<PinOptions, 'secret' | 'copyCheck' | 'now'>;
};

/** Every operation of the control plane, one file for each resource. */
export function adminOperations(options: AdminOptions, stream: EventStream): Operation[] {
  const { control, ledger, metrics, replicas, upstreams, log } = options;
  const operations = [
    ...healthOperations(control, replicas, metrics, options.serving),
    ...routeOperations(control, replicas, options.watches, options.cutover),
    ...killOperations(control, replicas),
    ...ledgerOperations(control, ledger),
    ...instanceOperations(control, replicas, upstreams),
    ...upstreamOperations(upstreams),
    ...observationOperations(control, options.guardrails),
    ...evidenceOperations(options),
    ...recordingOperations({ control, log, record: options.record }),
    ...pinOperations({ ...options.pins, snapshot: () => control.snapshot, log }),
    ...reloadOperations(control, replicas),
    ...dataOperations(control, options.cutover),
    ...streamOperations(stream),
  ];
  return [...operations, documentOperation(operations)];
}

/** The control plane over HTTP. */
export function createAdminApp(options: AdminOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((_request, response, next) => {
    response.set({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    next();
  });
  app.use((request, response, next) => {
    const problem = unknownExpectation(request);
    if (problem) sendProblem(response, problem);
    else next();
  });
  app.use(hostCheck(options.hosts));
  mount(app, adminOperations(options, new EventStream(options)), options);
  app.use((request, response) => {
    const detail = `The admin API has no ${request.method} ${request.path}.`;
    sendProblem(response, problemOf('ROUTE_NOT_FOUND', detail));
  });
  app.use((error: HttpError, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    sendProblem(response, errorProblem(error, options.log));
  });
  return app;
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
