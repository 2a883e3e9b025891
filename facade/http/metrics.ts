import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

type Observed = {
  readonly route: string;
  readonly upstream: string;
  readonly reason: string;
  /** What the client got; 499 when it left before an answer, 0 for a connection that was cut. */
  readonly status: number;
  readonly seconds: number;
};

export type Metrics = {
  observe(observed: Observed): void;
  upgradedConnections: Gauge;
  text(): Promise<string>;
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
  return {
    observe({ route, upstream, reason, status, seconds: took }) {
      requests.inc({ route, upstream, reason, status });
      seconds.observe({ route, upstream }, took);
    },
    upgradedConnections,
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
