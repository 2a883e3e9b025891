import type { Match } from '#plan/model/plan.ts';
import type { FenceCause } from './fence/fence.ts';
import type { Party } from './party.ts';
import type { Position } from './position.ts';
import type { RouteState, Snapshot } from './snapshot.ts';

/**
 * Why an upstream was chosen. UNMATCHED no route · STAGE the route's stage · COHORT the client's bucket in canary ·
 * PINNED the client's pin · WRITER a write to owned data · KILLED the route is killed · FENCED held back at the owner of the
 * data, since the other side is behind or no position can be trusted · FALLBACK legacy answered for a candidate that failed before its first byte · EJECTED the
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

/** Says why a read may go to the owner of its data alone; null when it may go to the other side as well. */
export type FenceOf = (state: RouteState) => FenceCause | null;

const UNPINNED: PinOf = () => null;
const UNFENCED: FenceOf = () => null;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Chooses the upstream of one request. Pure: the same snapshot, method, path, bucket, pin and fence give the same decision.
 * `path` is normalised; `bucket` gives the client's bucket on a route and is asked only where the route is in canary;
 * `pin` is asked where no writer or kill decides, and not in `retired`; `fence` last, of a read of owned data that would
 * be answered by who does not own it.
 */
export function decide(
  snapshot: Snapshot,
  method: string,
  path: string,
  bucket: (state: RouteState) => number,
  pin: PinOf = UNPINNED,
  fence: FenceOf = UNFENCED,
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
  const chosen = byStage(state, position, bucket, pin);
  if (owned && chosen.upstream !== position.writer && position.stage !== 'retired' && fence(state))
    return { state, match, upstream: position.writer, reason: 'FENCED', safe };
  return { state, match, ...chosen, safe };
}

function byStage(
  state: RouteState,
  { stage }: Position,
  bucket: (state: RouteState) => number,
  pin: PinOf,
): { upstream: Party; reason: Reason } {
  const pinned = stage === 'retired' ? null : pin(state);
  if (pinned) return { upstream: pinned, reason: 'PINNED' };
  switch (stage) {
    case 'legacy':
    case 'shadow':
      return { upstream: 'legacy', reason: 'STAGE' };
    case 'canary':
      return { upstream: bucket(state) < state.threshold ? 'candidate' : 'legacy', reason: 'COHORT' };
    case 'candidate':
    case 'retired':
      return { upstream: 'candidate', reason: 'STAGE' };
  }
}

/** True for a request that only reads: its match says so, else its method does. */
function isSafe(method: string, match: Match | null): boolean {
  if (match?.safety) return match.safety === 'safe';
  return SAFE_METHODS.has(method);
}
