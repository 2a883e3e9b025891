import type { LedgerEntry } from '../core/ledger.ts';
import type { Move } from '../core/position.ts';
import type { RouteState } from '../core/snapshot.ts';
import type { RouteEvidence } from './route-evidence.ts';

/** Who does something and why; `forced`: over the checks; `evidence`: what it rests on. */
export type Author = Pick<LedgerEntry, 'actor' | 'reason' | 'forced' | 'evidence'>;

export type ChangeRefusal = {
  readonly code:
    | Extract<Move, { ok: false }>['code']
    | 'ROUTE_UNKNOWN'
    | 'ROUTE_VERSION_STALE'
    | 'ROUTE_DATA_NOT_COPIED'
    | 'ROUTE_DEPENDENCY_BEHIND'
    | 'ROUTE_EVIDENCE_MISSING'
    | 'PLAN_REPLICAS_DIFFER'
    | 'LEDGER_CORRUPT'
    | 'LEDGER_UNREACHABLE'
    | 'LEDGER_UNWRITABLE';
  readonly detail: string;
  /** Where the route stands, when there is such a route. */
  readonly state: RouteState | null;
  /** Routes that this one depends on and that are not as far as it is to go. */
  readonly waitsFor?: readonly RouteState[];
  /** What is known, where it is not enough. */
  readonly evidence?: RouteEvidence;
  /** Replicas that stand in the way, with their hash of the route; null where they do not have it. */
  readonly instances?: readonly { readonly id: string; readonly hash: string | null }[];
};

export type Change<T> = { readonly ok: true; readonly value: T } | ({ readonly ok: false } & ChangeRefusal);

/** Somebody else changed the route first. */
export function stale(
  state: RouteState | null,
  expected: number,
  version: number,
): { ok: false } & ChangeRefusal {
  return {
    ok: false,
    code: 'ROUTE_VERSION_STALE',
    detail: `expected version ${expected}, but ${state?.route.name ?? 'the route'} is at version ${version}. Read it again, then decide.`,
    state,
  };
}
