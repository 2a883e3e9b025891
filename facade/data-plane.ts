import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Plan, Upstream } from '#plan/model/plan.ts';
import { createThreadsComparer } from './adapters/comparer.threads.ts';
import { createUndiciCopier } from './adapters/copier.undici.ts';
import { createHpmForwarder } from './adapters/forwarder.hpm.ts';
import { createUndiciForwarder } from './adapters/forwarder.undici.ts';
import { createProber } from './adapters/prober.ts';
import type { Counts } from './core/counts.ts';
import type { RouteObserved } from './core/observation/observations-view.ts';
import { RateLimiter } from './core/rate-limiter.ts';
import type { Snapshot } from './core/snapshot.ts';
import { Fences, type ToldFence } from './http/fences/fences.ts';
import type { SetWatches } from './http/fences/set-watches.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { OwnedWrites } from './http/owned-writes.ts';
import { createPublicHandler } from './http/public.ts';
import { createPublicServer } from './http/public-server.ts';
import { type RecordingOrder, Recordings, type Taken } from './http/recording/recordings.ts';
import { ObservationBook } from './http/shadow/observation-book.ts';
import { Shadow } from './http/shadow/shadow.ts';
import { UpstreamGuards, type UpstreamView } from './http/upstream-guards.ts';
import { listen } from './listen.ts';

/** What answers clients: this process, or workers. */
export type DataPlane = {
  readonly port: number;
  /** False while no process accepts requests. */
  readonly serving: boolean;
  /** Decides by this snapshot from now on; a promise, where that is not at once, resolves when all that serve do. */
  apply(snapshot: Snapshot): Promise<void> | void;
  upstreams(): UpstreamView[] | Promise<UpstreamView[]>;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** What shadow copies have shown, by process and route. */
  observed(): Promise<readonly RouteObserved[]>;
  /** Hands over what was recorded since the last look, and records this from now on; null: nothing. */
  record(order: RecordingOrder | null): Promise<Taken>;
  /** Stops accepting, finishes what is in flight, and lets go of everything. */
  drain(): Promise<void>;
  /** Ends the processes that it started, at once. */
  kill(): void;
};

/** The data plane of one process. */
export type LocalDataPlane = Omit<DataPlane, 'apply' | 'upstreams'> & {
  apply(snapshot: Snapshot): Promise<void> | undefined;
  upstreams(): UpstreamView[];
  readonly metrics: Metrics;
  /** Somebody else asked this upstream how it is: a candidate, or with null legacy. */
  probed(candidate: string | null, ok: boolean): void;
  /** Another worker counted this. */
  add(counts: Counts): void;
  /** Another worker has answered a write. */
  fence(told: ToldFence): void;
};

export type DataPlaneOptions = {
  /** To begin with. */
  readonly snapshot: Snapshot;
  readonly log: Logger;
  /** The decision log; null for none. */
  readonly requests: Logger | null;
  /** Signs the cohort cookie and pins. */
  readonly secret: Buffer;
  /** How far the data sets have come, as this process sees it; closed with the data plane. */
  readonly watches: SetWatches;
  /** Signs dry runs; null: writes are never copied. */
  readonly dryRunSecret: string | null;
  readonly host: string;
  readonly port: number;
  /** For one of several processes on the port. Somebody else probes the upstreams. */
  readonly shared?: Shared;
};

type Shared = {
  /** Its part of the bulkhead. */
  readonly bulkheadOf: (plan: Plan) => Plan['bulkhead'];
  /** Takes what it counted, for the others. */
  readonly tell: (counts: Counts) => void;
  /** Takes a fence to the others; resolves when they have it. */
  readonly tellFence: (told: ToldFence) => Promise<void>;
};

export const DRAIN = { idleMs: 2_000, streamMs: 3_000, requestMs: 25_000 };
/** Upgraded connections to the side that a route has left are closed after this. */
const LEFT_MS = 10_000;
/** How old the counts of other workers may be. */
const TELL_MS = 100;

/** Opens the public port in this process. Throws `SettingsError` when it cannot be had. */
export async function openDataPlane(options: DataPlaneOptions): Promise<LocalDataPlane> {
  const { log, requests, secret, host, shared } = options;
  let snapshot = options.snapshot;
  let draining = false;
  const forwarder = createUndiciForwarder(createHpmForwarder());
  const metrics = createMetrics();
  const guards = new UpstreamGuards(({ party, candidate }, cause) => {
    if (cause) log.error({ upstream: party, candidate, cause }, 'upstream is out');
    else log.info({ upstream: party, candidate }, 'upstream is back');
  }, shared?.bulkheadOf);
  const prober = shared ? null : createProber();
  const guard = (plan: Plan) => {
    const current = guards.apply(plan);
    prober?.watch(current);
  };
  guard(snapshot.plan);
  const limiter = new RateLimiter();
  const writes = new OwnedWrites();
  void writes.apply(snapshot);
  const upstreams = () => guards.views(performance.now());
  metrics.showUpstreams(upstreams);
  const copier = createUndiciCopier();
  const comparer = createThreadsComparer();
  const book = new ObservationBook(snapshot, { nowMs: Date.now, random: Math.random });
  metrics.showShadow(() => book.pages());
  const shadow = new Shadow({
    snapshot: () => snapshot,
    copier,
    comparer,
    sinkOf: book.sinkOf,
    dryRunSecret: options.dryRunSecret,
    random: Math.random,
    nowMs: Date.now,
    onFault: (err) => log.error({ err }, 'two answers could not be compared'),
  });
  const recordings = new Recordings();
  const { watches } = options;
  const fences = new Fences({
    watches,
    now: () => performance.now(),
    wallMs: Date.now,
    share: shared?.tellFence ?? null,
  });
  metrics.showSets(() => watches.views());
  watches.apply(snapshot);
  const handler = createPublicHandler({
    snapshot: () => snapshot,
    fences,
    shadow,
    recordings,
    guards,
    limiter,
    writes,
    forwarder,
    metrics,
    log,
    requests,
    secret,
    draining: () => draining,
  });
  const tell = () => {
    const counts = { taken: limiter.untold(), upstreams: guards.untold() };
    if (counts.taken.length > 0 || counts.upstreams.length > 0) shared?.tell(counts);
  };
  const telling = shared && setInterval(tell, TELL_MS).unref();
  const edge = createPublicServer(snapshot.plan, handler);
  const closeLeft = (left: readonly Duplex[]) => {
    // A route may have come back to them meanwhile.
    const still = new Set(handler.leftConnections());
    for (const socket of left) if (still.has(socket)) socket.destroy();
  };
  const port = await listen(edge.server, {
    port: options.port,
    host,
    flag: '--port',
    reusePort: shared !== undefined,
  });
  return {
    port,
    get serving() {
      return edge.server.listening;
    },
    upstreams,
    metrics,
    probed(candidate, ok) {
      const asked = guards.current.find((known) => known.candidate === candidate);
      asked?.breaker.probed(ok, performance.now());
    },
    observed: async () => book.observed(),
    record: async (order) => recordings.take(order),
    add({ taken, upstreams: seen }) {
      const now = performance.now();
      const rate = snapshot.plan.limits.ratePerSecond;
      if (rate !== null) for (const [key, requests] of taken) limiter.add(key, requests, rate, now);
      guards.add(seen, now);
    },
    fence: (told) => fences.told(told),
    apply(next) {
      if (next.plan !== snapshot.plan) {
        guard(next.plan);
        edge.apply(next.plan, log);
        forwarder.retain(upstreamsOf(next.plan));
        copier.retain(upstreamsOf(next.plan));
      }
      snapshot = next;
      watches.apply(next);
      book.apply(next);
      const left = handler.leftConnections();
      if (left.length > 0) setTimeout(() => closeLeft(left), LEFT_MS).unref();
      return writes.apply(next);
    },
    async drain() {
      draining = true;
      prober?.close();
      clearInterval(telling);
      await edge.drain(DRAIN);
      watches.close();
      forwarder.close();
      copier.close();
      comparer.close();
    },
    kill() {},
  };
}

function upstreamsOf({ legacy, candidates }: Plan): Upstream[] {
  return [legacy, ...candidates.values()].filter((upstream) => upstream !== null);
}
