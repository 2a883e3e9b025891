import type { Route } from '#plan/model/plan.ts';
import type { EntryEvidence, LedgerEntry, ParityVerdict } from './ledger.ts';

/** The last run of a route's parity suite that was recorded. */
export type RecordedParity = {
  readonly atMs: number;
  readonly actor: string;
  readonly routeHash: string;
  readonly build: string | null;
  readonly verdict: ParityVerdict;
};

/** What has moved on since a run, so that it counts no more: its `age` is over 24 h, or it was about something else. */
export const STALE = ['route', 'suite', 'build', 'age'] as const;
export type Stale = (typeof STALE)[number];

/** How long a run counts: what it tested goes on changing around it. */
const PARITY_FRESH_MS = 24 * 60 * 60 * 1000;

/** The last recorded run of each route once the entries are read, oldest first; `before` holds what came earlier. */
export function foldParity(
  entries: Iterable<LedgerEntry>,
  before: ReadonlyMap<string, RecordedParity> = new Map(),
): Map<string, RecordedParity> {
  const runs = new Map(before);
  for (const { type, at, actor, evidence } of entries)
    if (type === 'evidence' && evidence?.parity)
      runs.set(evidence.route, runOf(at, actor, evidence, evidence.parity));
  return runs;
}

function runOf(at: string, actor: string, evidence: EntryEvidence, verdict: ParityVerdict): RecordedParity {
  const { routeHash, build } = evidence;
  return { atMs: Date.parse(at), actor, routeHash, build, verdict };
}

/**
 * Why the last run of its suite is no evidence for a route, in words and with what to do; null when it is, and for a
 * route without a suite.
 */
export function parityGap(
  route: Route,
  build: string | null,
  run: RecordedParity | undefined,
  nowMs: number,
): string | null {
  if (route.parity === null) return null;
  const problem = run
    ? wrongWith(route, build, run, nowMs)
    : `No run of its parity suite (${route.parity.file}) is recorded.`;
  const writes = movesWrites(route) ? ' --writes' : '';
  return problem && `${problem} Run: npx fig parity ${route.name}${writes} --evidence.`;
}

/** Whether its writes go to the candidate at stage `candidate`, too. */
const movesWrites = ({ data }: Route) => data.kind !== 'owned';

/** Why a run says nothing of a route as it is now; null while it does. */
export function staleOf(
  route: Route,
  build: string | null,
  run: RecordedParity,
  nowMs: number,
): Stale | null {
  if (run.routeHash !== route.hash) return 'route';
  if (run.verdict.suiteHash !== route.parity?.hash) return 'suite';
  if (run.build !== build) return 'build';
  return nowMs - run.atMs > PARITY_FRESH_MS ? 'age' : null;
}

function wrongWith(route: Route, build: string | null, run: RecordedParity, nowMs: number): string | null {
  const { verdict, atMs } = run;
  const when = `Its last parity run (${new Date(atMs).toISOString()}, ${run.actor})`;
  if (verdict.verdict === 'fail')
    return `${when} failed: of ${verdict.passed + verdict.failed + verdict.errors} cases ${verdict.failed} were answered otherwise and ${verdict.errors} could not be told.`;
  switch (staleOf(route, build, run, nowMs)) {
    case 'route':
      return `${when} was made with another form of the route (${run.routeHash.slice(0, 12)}, here ${route.hash.slice(0, 12)}).`;
    case 'suite':
      return `${when} was one of another suite: ${route.parity?.file} has changed since.`;
    case 'build':
      return `${when} was made with another build of ${route.candidate} (${run.build ?? 'unnamed'}, now ${build ?? 'unnamed'}).`;
    case 'age':
      return `${when} is older than 24 h.`;
  }
  if (verdict.unsentWrites > 0 && movesWrites(route))
    return `${when} left out ${verdict.unsentWrites} cases that write, and the writes of ${route.name} move with it.`;
  return null;
}
