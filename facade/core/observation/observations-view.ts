import type { Route } from '#plan/model/plan.ts';
import { severities } from '../compare/difference.ts';
import { Tally, type TallyJson } from '../guardrail/tally.ts';
import type { FieldNoise } from '../noise/noise-table.ts';
import { type Suggestion, suggest } from '../noise/suggest.ts';
import { inFlight } from './account.ts';
import type { EndpointCounts } from './endpoint-counts.ts';
import { type Field, fieldKey } from './field.ts';
import { Observations, type ObservationsJson } from './observations.ts';

/** What one process observed of a route. JSON; what several observed of the same adds up. */
export type RouteObserved = {
  readonly route: string;
  readonly hash: string;
  readonly build: string | null;
  readonly observations: ObservationsJson;
  readonly tally: TallyJson;
  /** Absent: no answer was another build's. */
  readonly mixed?: Mixed;
};

/** Another build than the observed one, and when it has answered last. */
export type Mixed = { readonly build: string; readonly atMs: number };

/** A build that has not answered for so long is gone. */
const GONE_MS = 10_000;
/** Until every process has begun anew and told so. */
const TOLD_MS = 10_000;

export const isGone = ({ atMs }: Mixed, nowMs: number): boolean => nowMs - atMs > GONE_MS;

/** Leaves out mixed parts of processes that have ended: nobody begins them anew. */
export function current(parts: readonly RouteObserved[], nowMs: number): RouteObserved[] {
  return parts.filter(({ mixed }) => !mixed || !isGone(mixed, nowMs - TOLD_MS));
}

/** The same of all processes, added up. Those of another form of the route or another build are left out. */
export type Observed = {
  readonly build: string | null;
  readonly observations: Observations;
  readonly tally: Tally | null;
  readonly mixed: Mixed | null;
};

/** Where nobody observes this form of the route yet it is empty. */
export function addUp(
  parts: readonly RouteObserved[],
  route: { readonly name: string; readonly hash: string },
  build: string | null,
): Observed {
  const own = parts.filter(
    (part) => part.route === route.name && part.hash === route.hash && part.build === build,
  );
  const sinceMs = Math.min(...own.map((part) => part.observations.sinceMs));
  const observations = new Observations(Number.isFinite(sinceMs) ? sinceMs : 0);
  for (const part of own) observations.add(part.observations);
  const tallies = own.map((part) => Tally.from(part.tally));
  const tally = tallies.length === 0 ? null : tallies.reduce((one, other) => Tally.merge(one, other));
  return { build, observations, tally, mixed: latest(own) };
}

function latest(parts: readonly RouteObserved[]): Mixed | null {
  const all = parts.flatMap(({ mixed }) => mixed ?? []);
  return all.toSorted((one, other) => other.atMs - one.atMs)[0] ?? null;
}

/** What a process that ended had observed: what was under way has no complete answer any more. */
export function ended(part: RouteObserved): RouteObserved {
  const { observations } = part;
  const { counts } = observations;
  const failed = counts.failed + inFlight(counts);
  return { ...part, observations: { ...observations, counts: { ...counts, failed } } };
}

/**
 * One part for each route, form and build, however many processes have ended, and one more of those that met another
 * build: it will be left out, and what the others saw must not go with it.
 */
export function sumOfEnded(parts: readonly RouteObserved[]): RouteObserved[] {
  const groups = new Map<string, RouteObserved[]>();
  for (const part of parts) {
    const key = JSON.stringify([part.route, part.hash, part.build, part.mixed !== undefined]);
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group as [RouteObserved];
    // What is left out already must not come again with what another process met later.
    const kept = current(group, latest(group)?.atMs ?? 0);
    const { observations, tally, mixed } = addUp(kept, { name: first.route, hash: first.hash }, first.build);
    return {
      ...first,
      observations: observations.toJSON(),
      tally: tally?.toJSON() ?? first.tally,
      ...(mixed ? { mixed } : {}),
    };
  });
}

/** Observations as the admin API shows them; times are ISO, latencies those until the head of an answer. */
export function observationsView(
  { name: route, hash, compare }: Route,
  { build, observations, tally, mixed }: Observed,
) {
  const { eligible, sampledOut, dropped, skipped, sent, failed, discarded } = observations.counts;
  const { endpoints } = observations;
  return {
    route,
    hash,
    build,
    ...mixedView(mixed),
    since: iso(observations.sinceMs),
    eligible,
    sampledOut,
    dropped,
    skipped,
    sent,
    inFlight: inFlight(observations.counts),
    failed,
    discarded,
    compared: sumOf(endpoints),
    endpoints: [...endpoints].sort(
      (one, other) => other.mismatch - one.mismatch || total(other) - total(one),
    ),
    fields: fieldsOf(observations, compare.headers),
    rowsLeftOut: observations.rowsLeftOut,
    latency: { legacy: latencyOf(tally, 'legacy'), candidate: latencyOf(tally, 'candidate') },
  };
}

export const mixedView = (mixed: Mixed | null): { mixed?: { build: string; at: string } } =>
  mixed ? { mixed: { build: mixed.build, at: iso(mixed.atMs) } } : {};

type Outcomes = Omit<EndpointCounts, 'template'>;

function fieldsOf({ fields, noise }: Observations, headers: readonly string[]) {
  const learned = noise.fields();
  const noiseOf = new Map(learned.map((field) => [fieldKey(field.endpoint, field), field]));
  const suggestions = suggest(learned, headers);
  return fields
    .map((field) => ({ field, noise: noiseOf.get(fieldKey(field.endpoint, field)) }))
    .sort((one, other) => rank(one) - rank(other) || other.field.count - one.field.count)
    .map(({ field, noise }) => {
      const { endpoint, path, kind, severity, reasons, count, firstMs, lastMs, samples } = field;
      return {
        endpoint,
        path,
        kind,
        severity,
        reasons,
        count,
        noise: noise && noise.legacy.of > 0 ? noise.legacy.seen / noise.legacy.of : null,
        verdict: noise?.verdict ?? 'counts',
        suggestion: suggestionFor(field, suggestions),
        firstSeen: iso(firstMs),
        lastSeen: iso(lastMs),
        samples: samples.map(({ atMs, at, curl, legacy, candidate }) => ({
          seen: iso(atMs),
          at,
          curl,
          legacy,
          candidate,
        })),
      };
    });
}

function suggestionFor({ path, endpoint }: Field, suggestions: readonly Suggestion[]) {
  const found = suggestions.find((one) => one.path === path && one.endpoints.includes(endpoint));
  return found ? { rule: found.rule, yaml: found.yaml, reason: found.reason, hides: found.hides } : null;
}

function rank({ field, noise }: { field: Field; noise: FieldNoise | undefined }): number {
  return (noise?.verdict === 'noise' ? severities.length : 0) + severities.indexOf(field.severity);
}

function latencyOf(tally: Tally | null, party: 'legacy' | 'candidate') {
  const histogram = tally?.stretches(0)[0]?.figures.latency[party];
  const at = (quantile: number) => {
    const ms = histogram?.quantile(quantile) ?? null;
    return ms === null ? null : Math.round(ms * 100) / 100;
  };
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}

function sumOf(all: Iterable<Outcomes>): Outcomes {
  const sum: Outcomes = { match: 0, mismatch: 0, ignored: 0 };
  for (const { match, mismatch, ignored, doubtful } of all) {
    if (doubtful) sum.doubtful = (sum.doubtful ?? 0) + doubtful;
    sum.match += match;
    sum.mismatch += mismatch;
    sum.ignored += ignored;
  }
  return sum;
}

const total = ({ match, mismatch, ignored }: Outcomes) => match + mismatch + ignored;
const iso = (ms: number) => new Date(ms).toISOString();
