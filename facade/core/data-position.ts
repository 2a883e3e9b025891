import type { Plan } from '#plan/model/plan.ts';
import type { Party } from './party.ts';
import { initialPosition, type Position } from './position.ts';

/**
 * The steps of a cutover. Up to PREPARED a failure leads back to who owned the set before; from JOURNALED on it is
 * completed. FINALISED has no way back.
 */
export const CUTOVER_STEPS = [
  'TAILING',
  'VERIFIED',
  'FENCING',
  'DRAINING',
  'PREPARED',
  'JOURNALED',
  'CANDIDATE_OWNS',
  'LEGACY_OWNS',
  'FINALISED',
] as const;
export type CutoverStep = (typeof CUTOVER_STEPS)[number];

/**
 * Where a data set stands: who owns it, and what is going on. `epoch` grows with each change of owners; `held`: writes
 * of the set wait; `to`: who is to own it, null while nothing goes on; `driver`: the instance that leads the change.
 */
export type DataPosition = {
  readonly set: string;
  readonly owner: Party;
  readonly epoch: number;
  readonly held: boolean;
  readonly step: CutoverStep;
  readonly to: Party | null;
  readonly driver: string | null;
};

/** With what the ledger adds: `version` counts the entries of the set. */
export type DataState = DataPosition & { readonly version: number; readonly sinceMs: number };

export type DataStates = ReadonlyMap<string, DataState>;

/** What stands for a set where the ledger names a route; no route has such a name. */
export const dataKey = (set: string) => `data:${set}`;

export const initialData = (set: string): DataState => ({
  set,
  owner: 'legacy',
  epoch: 0,
  held: false,
  step: 'LEGACY_OWNS',
  to: null,
  driver: null,
  version: 0,
  sinceMs: 0,
});

/** True while somebody has to complete it or lead it back. */
export const isUnderWay = ({ to }: DataPosition) => to !== null;

/** The point behind which a change of owners is completed and not taken back. */
export const isDecided = ({ step }: DataPosition) => step === 'JOURNALED';

/** Positions as the data plane decides by them: those of routes with owned data follow their set. */
export function withOwners(
  plan: Plan,
  positions: ReadonlyMap<string, Position>,
  data: DataStates,
): ReadonlyMap<string, Position> {
  const owned = plan.routes.flatMap((route) => {
    const state = route.data.kind === 'owned' ? data.get(route.data.set) : undefined;
    return state ? [[route.name, state] as const] : [];
  });
  if (owned.length === 0) return positions;
  const result = new Map(positions);
  for (const [name, { owner, epoch, held }] of owned)
    result.set(name, { ...(positions.get(name) ?? initialPosition), writer: owner, epoch, held });
  return result;
}
