import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import type { Plan, Stage } from '#plan/model/plan.ts';
import { tokenFileAccess } from '../adapters/access.token-file.ts';
import { readBuild } from '../adapters/build-reader.ts';
import { createThreadsComparer } from '../adapters/comparer.threads.ts';
import { createUndiciCopier } from '../adapters/copier.undici.ts';
import { httpDataRelay } from '../adapters/data-relay.http.ts';
import { createHpmForwarder } from '../adapters/forwarder.hpm.ts';
import { createUndiciForwarder } from '../adapters/forwarder.undici.ts';
import { openMemoryRegistry } from '../adapters/instance-registry.memory.ts';
import { openMemoryLedger } from '../adapters/ledger.memory.ts';
import { createProber } from '../adapters/prober.ts';
import { BuildWatch } from '../control/build-watch.ts';
import { type Control, type LoadPlan, openControl } from '../control/control.ts';
import { Cutover } from '../control/cutover/cutover.ts';
import { Guardrails } from '../control/guardrails.ts';
import { Replicas } from '../control/replicas.ts';
import type { Access } from '../core/access.ts';
import type { CopyCheck } from '../core/copy-check.ts';
import type { SetLink } from '../core/fence/set-link.ts';
import type { InstanceRegistry } from '../core/instances.ts';
import type { Ledger, LedgerEntry } from '../core/ledger.ts';
import type { RouteObserved } from '../core/observation/observations-view.ts';
import type { PositionStore } from '../core/position-store.ts';
import { RateLimiter } from '../core/rate-limiter.ts';
import { createAdminApp } from '../http/admin.ts';
import { createAdminServer } from '../http/admin-server.ts';
import { Fences } from '../http/fences/fences.ts';
import { SetWatches } from '../http/fences/set-watches.ts';
import type { Forwarder } from '../http/forwarder.ts';
import { withGuardrails } from '../http/guardrail-metrics.ts';
import { createMetrics } from '../http/metrics.ts';
import { OwnedWrites } from '../http/owned-writes.ts';
import { createPublicHandler, type PublicHandler } from '../http/public.ts';
import { createPublicServer } from '../http/public-server.ts';
import { Recordings } from '../http/recording/recordings.ts';
import type { Comparer } from '../http/shadow/comparer.ts';
import { ObservationBook } from '../http/shadow/observation-book.ts';
import { Shadow } from '../http/shadow/shadow.ts';
import { UpstreamGuards } from '../http/upstream-guards.ts';

export const TOKEN = 'test-token';

export type TestFacade = {
  readonly url: string;
  readonly port: number;
  readonly adminUrl: string;
  readonly adminPort: number;
  readonly control: Control;
  readonly guardrails: Guardrails;
  readonly handler: PublicHandler;
  /** Log lines so far, one JSON text each. */
  readonly logged: string[];
  /** Everything that the ledger holds, oldest first. */
  ledgerEntries(): Promise<LedgerEntry[]>;
  /** Puts a route at a stage by force. */
  put(route: string, stage: Stage, percent?: number): Promise<void>;
  close(): Promise<void>;
};

export type TestFacadeOptions = {
  /** The facade's own two, when left out. */
  readonly forwarder?: Forwarder;
  readonly ledger?: Ledger;
  readonly store?: PositionStore | null;
  readonly loadPlan?: LoadPlan;
  readonly secret?: Buffer;
  readonly copyCheck?: CopyCheck;
  readonly link?: SetLink;
  /** Clients whose fences are kept at once. */
  readonly maxFences?: number;
  readonly registry?: InstanceRegistry;
  readonly access?: Access;
  readonly maxStreams?: number;
  readonly now?: () => Date;
  /** What observations are dated and evidence is judged by; milliseconds since 1970. */
  readonly nowMs?: () => number;
  /** What processes that have ended had observed. */
  readonly past?: () => readonly RouteObserved[];
  readonly dryRunSecret?: string;
  readonly random?: () => number;
  /** Told before a run is recorded, in place of asking the candidates. */
  readonly lookAtBuilds?: (control: Control) => void;
  /** Closed with the facade. */
  readonly comparer?: Comparer;
  readonly onShadowFault?: (error: unknown) => void;
};

export async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A whole facade in this process, on free ports. */
export async function facadeOf(plan: Plan, options: TestFacadeOptions = {}): Promise<TestFacade> {
  const logged: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  const ledger = options.ledger ?? openMemoryLedger();
  const now = options.now ?? (() => new Date('2026-01-02T03:04:05.678Z'));
  const copyCheck: CopyCheck = options.copyCheck ?? (async () => ({ copied: true }));
  const nowMs = options.nowMs ?? Date.now;
  const control = await openControl({
    plan,
    loadPlan: options.loadPlan ?? (() => ({ plan, problems: [] })),
    ledger,
    store: options.store ?? null,
    copyCheck,
    proofFor: (...step) => guardrails.proofFor(...step),
    differing: (route, hash) => replicas.differing(route, hash),
    log,
    now,
  });
  const replicas = new Replicas({
    id: 'test:1',
    registry: options.registry ?? openMemoryRegistry({ id: 'test:1', now }),
    state: () => control.instanceState('0.0.0'),
    log,
  });
  const forwarder = options.forwarder ?? createUndiciForwarder(createHpmForwarder());
  const metrics = createMetrics();
  const secret = options.secret ?? Buffer.from('cohort-secret');
  const snapshot = () => control.snapshot;
  const guards = new UpstreamGuards();
  const prober = createProber();
  prober.watch(guards.apply(plan));
  const upstreams = () => guards.views(performance.now());
  metrics.showUpstreams(upstreams);
  const copier = createUndiciCopier();
  const comparer = options.comparer ?? createThreadsComparer();
  const book = new ObservationBook(control.snapshot, {
    nowMs,
    random: options.random ?? Math.random,
  });
  control.onApplied(() => book.apply(control.snapshot));
  const observed = async () => [...book.observed(), ...(options.past?.() ?? [])];
  const builds = new BuildWatch({
    snapshot: () => control.snapshot,
    readBuild,
    learned: (candidate, build) => control.learnBuild(candidate, build),
  });
  const buildsOf = (candidate: string) => builds.ask(candidate);
  const guardrails = new Guardrails({ control, observed, buildsOf, nowMs, log });
  metrics.showShadow(() => book.pages());
  const shadow = new Shadow({
    snapshot,
    copier,
    comparer,
    sinkOf: book.sinkOf,
    dryRunSecret: options.dryRunSecret ?? null,
    random: options.random ?? Math.random,
    nowMs: Date.now,
    onFault: options.onShadowFault ?? (() => {}),
  });
  const recordings = new Recordings();
  const writes = new OwnedWrites();
  const unlinked: SetLink = {
    position: () => Promise.reject(new Error('no relay')),
    covers: () => Promise.reject(new Error('no relay')),
  };
  const clock = () => performance.now();
  const watches = new SetWatches({ link: options.link ?? unlinked, log, now: clock });
  const maxClients = options.maxFences;
  const fences = new Fences({
    watches,
    now: clock,
    wallMs: Date.now,
    share: null,
    ...(maxClients === undefined ? {} : { maxClients }),
  });
  watches.apply(control.snapshot);
  control.onApplied(() => watches.apply(control.snapshot));
  metrics.showSets(() => watches.views());
  const handler = createPublicHandler({
    fences,
    recordings,
    snapshot,
    shadow,
    guards,
    limiter: new RateLimiter(),
    writes,
    forwarder,
    metrics,
    log,
    requests: log,
    secret,
    draining: () => false,
  });
  control.onApplied(() => void writes.apply(control.snapshot));
  const edge = createPublicServer(plan, handler);
  control.onApplied(() => edge.apply(control.snapshot.plan, log));
  const cutover = new Cutover({
    control,
    replicas,
    relay: httpDataRelay(() => null, null),
    writersOutside: () => [],
    log,
    now,
  });
  const admin = createAdminServer(
    createAdminApp({
      control,
      cutover,
      ledger,
      metrics: withGuardrails(metrics, () => guardrails.views()),
      log,
      access: options.access ?? tokenFileAccess({ adminToken: TOKEN, path: null, log, now }),
      hosts: ['admin.example'],
      replicas,
      watches,
      upstreams,
      serving: () => true,
      guardrails,
      record: async (order) => recordings.take(order),
      lookAtBuilds: async () => options.lookAtBuilds?.(control),
      pins: { secret, copyCheck, now: () => new Date() },
      ...(options.maxStreams === undefined ? {} : { maxStreams: options.maxStreams }),
    }),
  );
  const port = await listenOn(edge.server);
  const adminPort = await listenOn(admin);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    adminPort,
    control,
    guardrails,
    handler,
    logged,
    ledgerEntries: () => ledger.read({ after: 0, limit: Number.MAX_SAFE_INTEGER }),
    async put(route, stage, percent = 0) {
      const expectedVersion = control.snapshot.states.get(route)?.position?.version ?? 0;
      const change = { expectedVersion, force: true, actor: 'test', reason: 'test' };
      const outcome = await control.transition(route, { stage, hundredths: percent * 100 }, change);
      if (!outcome.ok) throw new Error(outcome.detail);
    },
    async close() {
      watches.close();
      prober.close();
      forwarder.close();
      copier.close();
      comparer.close();
      admin.closeAllConnections();
      await new Promise((resolve) => admin.close(resolve));
      await edge.drain({ idleMs: 0, streamMs: 0, requestMs: 0 });
      await replicas.stop();
      await ledger.close();
    },
  };
}
