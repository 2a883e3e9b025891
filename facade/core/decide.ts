import type { Match } from '#plan/model/plan.ts';
import type { Party } from './party.ts';
import type { RouteState, Snapshot } from './snapshot.ts';

/**
 * Why an upstream was chosen. UNMATCHED no route · STAGE the route's stage · COHORT the client's bucket in canary ·
 * PINNED the client's pin · WRITER a write to owned data · KILLED the route is killed · FENCED held back because no
 * position can be trusted · FALLBACK legacy answered for a candidate that failed before its first byte · EJECTED the
 * candidate is out for its health. The last two are not this function's: they come after the decision.
 */
export type Reason =
  | 'UNMATCHED'
  | 'STAGE'
  | 'COHORT'
  | 'PINNED'
  | 'WRITER'
  | 'KILLED'
  | 'FENCED'
  | 'FALLBACK'
  | 'EJECTED';

export type Decision = {
  readonly state: RouteState | null;
  /** What of the route matched; null without a route. */
  readonly match: Match | null;
  /** Null: nobody may answer (503), because the owner of the data is not known. */
  readonly upstream: Party | null;
  readonly reason: Reason;
  /** A read: may be retried and may fall back. */
  readonly safe: boolean;
};

/** Gives the upstream that a client is pinned to on a route, null without a pin. */
export type PinOf = (state: RouteState) => Party | null;

const UNPINNED: PinOf = () => null;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Chooses the upstream of one request. Pure: the same snapshot, method, path, bucket and pin give the same decision.
 * `path` is normalised; `bucket` gives the client's bucket on a route and is asked only where the route is in canary;
 * `pin` is asked where no writer, fence or kill decides, and not in `retired`.
 */
export function decide(
  snapshot: Snapshot,
  method: string,
  path: string,
  bucket: (state: RouteState) => number,
  pin: PinOf = UNPINNED,
): Decision {
  const matched = snapshot.table.find(method, path);
  const state = matched && snapshot.states.get(matched.route.name);
  if (!matched || !state)
    return { state: null, match: null, upstream: 'legacy', reason: 'UNMATCHED', safe: isSafe(method, null) };
  const safe = isSafe(method, matched.match);
  const { position } = state;
  const { match } = matched;
  const owned = state.route.data.kind === 'owned';
  if (!position) return { state, match, upstream: owned ? null : 'legacy', reason: 'FENCED', safe };
  if (owned && !safe) return { state, match, upstream: position.writer, reason: 'WRITER', safe };
  if (position.killed) return { state, match, upstream: 'legacy', reason: 'KILLED', safe };
  const pinned = position.stage === 'retired' ? null : pin(state);
  if (pinned) return { state, match, upstream: pinned, reason: 'PINNED', safe };
  switch (position.stage) {
    case 'legacy':
    case 'shadow':
      return { state, match, upstream: 'legacy', reason: 'STAGE', safe };
    case 'canary':
      return {
        state,
        match,
        upstream: bucket(state) < state.threshold ? 'candidate' : 'legacy',
        reason: 'COHORT',
        safe,
      };
    case 'candidate':
    case 'retired':
      return { state, match, upstream: 'candidate', reason: 'STAGE', safe };
  }
}

/** True for a request that only reads: its match says so, else its method does. */
function isSafe(method: string, match: Match | null): boolean {
  if (match?.safety) return match.safety === 'safe';
  return SAFE_METHODS.has(method);
}
