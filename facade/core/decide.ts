import type { Match } from '#plan/model/plan.ts';
import type { Party } from './party.ts';
import type { RouteState, Snapshot } from './snapshot.ts';

/**
 * Why an upstream was chosen. UNMATCHED no route · STAGE the route's stage · COHORT the client's bucket in canary ·
 * WRITER a write to owned data · KILLED the route is killed · FENCED held back because no position can be trusted ·
 * FALLBACK legacy answered for a candidate that failed before its first byte.
 */
export type Reason = 'UNMATCHED' | 'STAGE' | 'COHORT' | 'WRITER' | 'KILLED' | 'FENCED' | 'FALLBACK';

export type Decision = {
  readonly state: RouteState | null;
  /** Null: nobody may answer (503), because the owner of the data is not known. */
  readonly upstream: Party | null;
  readonly reason: Reason;
  /** A read: may be retried and may fall back. */
  readonly safe: boolean;
};

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Chooses the upstream of one request. Pure: the same snapshot, method, path and bucket give the same decision.
 * `path` is normalised; `bucket` gives the client's bucket on a route and is asked only where the route is in canary.
 */
export function decide(
  snapshot: Snapshot,
  method: string,
  path: string,
  bucket: (state: RouteState) => number,
): Decision {
  const matched = snapshot.table.find(method, path);
  const state = matched && snapshot.states.get(matched.route.name);
  if (!matched || !state)
    return { state: null, upstream: 'legacy', reason: 'UNMATCHED', safe: isSafe(method, null) };
  const safe = isSafe(method, matched.match);
  const { position } = state;
  const owned = state.route.data.kind === 'owned';
  if (!position) return { state, upstream: owned ? null : 'legacy', reason: 'FENCED', safe };
  if (owned && !safe) return { state, upstream: position.writer, reason: 'WRITER', safe };
  if (position.killed) return { state, upstream: 'legacy', reason: 'KILLED', safe };
  switch (position.stage) {
    case 'legacy':
    case 'shadow':
      return { state, upstream: 'legacy', reason: 'STAGE', safe };
    case 'canary':
      return {
        state,
        upstream: bucket(state) < state.threshold ? 'candidate' : 'legacy',
        reason: 'COHORT',
        safe,
      };
    case 'candidate':
    case 'retired':
      return { state, upstream: 'candidate', reason: 'STAGE', safe };
  }
}

/** True for a request that only reads: its match says so, else its method does. */
function isSafe(method: string, match: Match | null): boolean {
  if (match?.safety) return match.safety === 'safe';
  return SAFE_METHODS.has(method);
}
