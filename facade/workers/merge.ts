import { AggregatorRegistry } from 'prom-client';
import type { MetricsJson } from '../http/metrics.ts';
import type { UpstreamView } from '../http/upstream-guards.ts';

const WORST_FIRST = ['out', 'trial', 'ill', 'ok'] as const;

/** What several workers see of the same upstreams, as one: loads added up, and the worst state of any. */
export function mergeViews(views: readonly (readonly UpstreamView[])[]): UpstreamView[] {
  const byName = new Map<string | null, UpstreamView>();
  for (const view of views.flat()) {
    const known = byName.get(view.candidate);
    byName.set(view.candidate, known ? mergeTwo(known, view) : view);
  }
  return [...byName.values()];
}

function mergeTwo(one: UpstreamView, other: UpstreamView): UpstreamView {
  return {
    ...one,
    state: WORST_FIRST.find((state) => state === one.state || state === other.state) ?? one.state,
    cause: one.cause ?? other.cause,
    // Each has counted what the others told it.
    requests: Math.max(one.requests, other.requests),
    failures: Math.max(one.failures, other.failures),
    failedProbes: Math.max(one.failedProbes, other.failedProbes),
    ejections: one.ejections + other.ejections,
    inFlight: one.inFlight + other.inFlight,
    queued: one.queued + other.queued,
    refused: one.refused + other.refused,
  };
}

/** Metrics of several processes as one set, each merged as its `aggregator` says. */
export function mergeMetrics(parts: readonly MetricsJson[]): {
  text(): Promise<string>;
  json(): Promise<MetricsJson>;
} {
  const merged = AggregatorRegistry.aggregate([...parts]);
  return { text: () => merged.metrics(), json: () => merged.getMetricsAsJSON() };
}

/** What stays of a process that ended: what it counted. A sum that fell with it would read as a reset. */
export function lasting(metrics: MetricsJson): MetricsJson {
  const counting = new Set<unknown>(['counter', 'histogram']);
  return metrics.filter(({ type }) => counting.has(type));
}
