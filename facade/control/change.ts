import type { Move } from '../core/position.ts';
import type { RouteState } from '../core/snapshot.ts';

export type Author = { readonly actor: string; readonly reason: string };

export type ChangeRefusal = {
  readonly code:
    | Extract<Move, { ok: false }>['code']
    | 'ROUTE_UNKNOWN'
    | 'ROUTE_VERSION_STALE'
    | 'ROUTE_DATA_NOT_COPIED'
    | 'LEDGER_CORRUPT'
    | 'LEDGER_UNWRITABLE';
  readonly detail: string;
  /** Where the route stands, when there is such a route. */
  readonly state: RouteState | null;
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
