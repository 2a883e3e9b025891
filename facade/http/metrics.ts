import {
  type Aggregator,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { SetView } from './fences/set-watches.ts';
import { type Pages, showShadow } from './shadow/shadow-metrics.ts';
import type { UpstreamView } from './upstream-guards.ts';

type Observed = {
  readonly route: string;
  readonly upstream: string;
  readonly reason: string;
  /** What the client got; 499 when it left before an answer, 0 for a connection that was cut. */
  readonly status: number;
  readonly seconds: number;
};

/** Metrics in a form that can be sent and merged. */
export type MetricsJson = MetricObjectWithValues<MetricValue<string>>[];

export type Metrics = {
  observe(observed: Observed): void;
  readonly upgradedConnections: Gauge;
  readonly slowClients: Counter<'part'>;
  readonly fencedReads: Counter<'set' | 'cause'>;
  readonly declinedWrites: Counter<'set' | 'outcome'>;
  /** Shows health and load of upstreams, asked for whenever somebody reads the metrics. */
  showUpstreams(views: () => UpstreamView[]): void;
  /** Shows how far data sets lag. */
  showSets(views: () => readonly SetView[]): void;
  /** Shows what became of copies. */
  showShadow(pages: Pages): void;
  text(): Promise<string>;
  json(): Promise<MetricsJson>;
  readonly contentType: string;
};

/** Prometheus metrics of this process. Cardinality is bounded by the plan: routes × upstreams × reasons × statuses. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'fig_requests_total',
    help: 'Requests by route, upstream, reason of the decision and status.',
    labelNames: ['route', 'upstream', 'reason', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'fig_request_seconds',
    help: 'Time from the request head to the end of the answer, by route and upstream.',
    labelNames: ['route', 'upstream'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const upgradedConnections = new Gauge({
    name: 'fig_upgraded_connections',
    help: 'WebSocket connections open now.',
    registers: [registry],
  });
  const slowClients = new Counter({
    name: 'fig_slow_clients_total',
    help: 'Clients that were given up since they were too slow, by part: head, body, answer.',
    labelNames: ['part'],
    registers: [registry],
  });
  const fencedReads = new Counter({
    name: 'fig_reads_fenced_total',
    help: 'Reads that went to the owner of their data set and not where the stage sends them, by cause: behind, unknown, own-write.',
    labelNames: ['set', 'cause'],
    registers: [registry],
  });
  const declinedWrites = new Counter({
    name: 'fig_writes_declined_total',
    help: 'Times that the service of a data set declined a write, since this instance had not heard of a change of owner, by what followed: decided-anew, refused.',
    labelNames: ['set', 'outcome'],
    registers: [registry],
  });
  return {
    observe({ route, upstream, reason, status, seconds: took }) {
      requests.inc({ route, upstream, reason, status });
      seconds.observe({ route, upstream }, took);
    },
    upgradedConnections,
    slowClients,
    fencedReads,
    declinedWrites,
    showSets: (views) => showSets(registry, views),
    showUpstreams: (views) => showUpstreams(registry, views),
    showShadow: (pages) => showShadow(registry, pages),
    text: () => registry.metrics(),
    json: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  };
}

function showSets(registry: Registry, views: () => readonly SetView[]): void {
  new Gauge({
    name: 'fig_set_lag_seconds',
    help: 'Age of the oldest write to a data set that was noted and not carried over yet; NaN when not known.',
    labelNames: ['set'],
    aggregator: 'max',
    registers: [registry],
    collect() {
      this.reset();
      for (const { set, lagMs } of views()) this.set({ set }, lagMs === null ? Number.NaN : lagMs / 1000);
    },
  });
}

function showUpstreams(registry: Registry, views: () => UpstreamView[]): void {
  const labelNames = ['upstream', 'candidate'] as const;
  // `aggregator` says how the values of several workers become one.
  const gauge = (
    name: string,
    help: string,
    value: (view: UpstreamView) => number,
    aggregator: Aggregator = 'sum',
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      aggregator,
      registers: [registry],
      collect() {
        this.reset();
        for (const view of views())
          this.set({ upstream: view.party, candidate: view.candidate ?? '' }, value(view));
      },
    });
  gauge(
    'fig_upstream_out',
    '1 while an upstream is out for its health, 0 otherwise.',
    ({ state }) => (state === 'out' || state === 'trial' ? 1 : 0),
    'max',
  );
  gauge(
    'fig_upstream_ill',
    '1 while an upstream is over health.ejectAt or its probes fail.',
    ({ state }) => (state === 'ok' ? 0 : 1),
    'max',
  );
  gauge('fig_upstream_in_flight', 'Requests that hold a place in the bulkhead.', ({ inFlight }) => inFlight);
  gauge('fig_upstream_queued', 'Requests that wait for a place.', ({ queued }) => queued);
  gauge('fig_upstream_refused', 'Requests that got no place since the start.', ({ refused }) => refused);
  gauge('fig_upstream_failed_probes', 'Failed probes in a row.', ({ failedProbes }) => failedProbes, 'max');
  gauge(
    'fig_upstream_ejections',
    'How often an upstream was put out since the start.',
    (view) => view.ejections,
  );
}
