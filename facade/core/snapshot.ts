import type { Plan, Route } from '#plan/model/plan.ts';
import { cohortSeed, shareThreshold } from './cohort.ts';
import { routeMark } from './cohort-cookie.ts';
import { initialPosition, type Position } from './position.ts';
import { buildRouteTable, type RouteConflict, type RouteTable } from './route-table.ts';

/** A route as the decision sees it. `position` null: the ledger cannot be trusted and nothing was stored. */
export type RouteState = {
  readonly route: Route;
  readonly position: Position | null;
  readonly seed: string;
  /** What stands for the route in the cohort cookie. */
  readonly mark: string;
  /** First bucket outside the canary share; 0 outside canary. */
  readonly threshold: number;
};

/** Everything one request is decided on. Immutable: a transition or a reload makes a new one. */
export type Snapshot = {
  readonly plan: Plan;
  readonly table: RouteTable;
  readonly conflicts: readonly RouteConflict[];
  readonly states: ReadonlyMap<string, RouteState>;
  /** Routes in canary now: the ones whose buckets the cohort cookie holds. */
  readonly canary: readonly RouteState[];
  /** Candidate → what its `build` path told last; null when it tells none. Absent: not asked yet. */
  readonly builds: ReadonlyMap<string, string | null>;
};

export type Positions = ReadonlyMap<string, Position>;

/** A snapshot of a plan; the table is built anew only when the plan changed. Positions null: none can be trusted. */
export function buildSnapshot(plan: Plan, positions: Positions | null, previous?: Snapshot): Snapshot {
  const { table, conflicts } =
    previous?.plan === plan ? previous : buildRouteTable(plan.routes, plan.matching);
  const states = new Map<string, RouteState>();
  for (const route of plan.routes)
    states.set(route.name, stateOf(route, positions && (positions.get(route.name) ?? initialPosition)));
  const canary = [...states.values()].filter((state) => state.position?.stage === 'canary');
  return { plan, table, conflicts, states, canary, builds: previous?.builds ?? new Map() };
}

/** The positions that a snapshot was built from, as far as its plan names the routes. */
export function positionsOf({ states }: Snapshot): Positions | null {
  const positions = new Map<string, Position>();
  for (const [name, { position }] of states) {
    if (position === null) return null;
    positions.set(name, position);
  }
  return positions;
}

function stateOf(route: Route, position: Position | null): RouteState {
  const threshold = position?.stage === 'canary' ? shareThreshold(position.hundredths) : 0;
  return { route, position, seed: cohortSeed(route.name), mark: routeMark(route.name), threshold };
}
