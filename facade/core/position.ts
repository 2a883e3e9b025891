import type { Route, Stage, StageStep } from '#plan/model/plan.ts';
import type { Party } from './party.ts';

/**
 * Where a route stands; kept in the ledger and nowhere else. `hundredths` is the canary share in 0.01 % steps, 0 in
 * every other stage. `paused` freezes automation, never traffic; `killed` sends traffic to legacy until a resume.
 * `version` counts the route's ledger entries.
 */
export type Position = {
  readonly stage: Stage;
  readonly hundredths: number;
  readonly writer: Party;
  readonly paused: boolean;
  readonly killed: boolean;
  readonly version: number;
  /** Of the data that the route owns: counts changes of owners, and says whether writes wait for one. Absent: 0, false. */
  readonly epoch?: number;
  readonly held?: boolean;
  /** When the route came to this stage and share, in milliseconds since 1970; 0 for one that never moved. */
  readonly sinceMs: number;
};

/** The position of a route that the ledger has never seen. */
export const initialPosition: Position = {
  stage: 'legacy',
  hundredths: 0,
  writer: 'legacy',
  paused: false,
  killed: false,
  version: 0,
  sinceMs: 0,
};

export type Step = { readonly stage: Stage; readonly hundredths: number };

/** A legal move gives the next position, or `unchanged` when what was asked for holds already. */
export type Move =
  | { readonly ok: true; readonly position: Position; readonly unchanged: boolean }
  | { readonly ok: false; readonly code: MoveRefusal; readonly detail: string };

type MoveRefusal =
  | 'ROUTE_STEP_ILLEGAL'
  | 'ROUTE_RETIRED'
  | 'ROUTE_KILLED'
  | 'ROUTE_WRITER_LEGACY'
  | 'ROUTE_WRITER_CANDIDATE';

const RANK: Record<Stage, number> = { legacy: 0, shadow: 1, canary: 2, candidate: 3, retired: 4 };

/** How far a step is: two steps compare as their numbers do. */
export const progress = (step: Step) => RANK[step.stage] * 100_000 + step.hundredths;

/** `canary 2.5%`, `candidate`: a step as plans and people write it. */
export function describeStep(step: Step): string {
  return step.stage === 'canary' ? `canary ${step.hundredths / 100}%` : step.stage;
}

/**
 * The next step of a route's envelope, null after the last. A position that stands outside the envelope (forced, or
 * the plan changed) goes on with the first step beyond it.
 */
export function nextStep(position: Position, stages: readonly StageStep[]): StageStep | null {
  const here = stages.findIndex((step) => progress(step) === progress(position));
  if (here !== -1) return stages[here + 1] ?? null;
  return stages.find((step) => progress(step) > progress(position)) ?? null;
}

/** Moves to a stage. Without `force` only the next step of the envelope is legal; nothing leads out of `retired`. */
export function transition(position: Position, route: Route, to: Step, force: boolean): Move {
  if (position.stage === 'retired')
    return refuse('ROUTE_RETIRED', `${route.name} is retired; retired is the last step and has no way back.`);
  if (to.stage === 'retired' && route.data.kind === 'owned' && position.writer === 'legacy')
    return refuse(
      'ROUTE_WRITER_LEGACY',
      `${route.name} cannot be retired while legacy is the writer of ${route.data.set}. Cut the data set over first.`,
    );
  if (force) return moveTo(position, to);
  if (position.killed)
    return refuse('ROUTE_KILLED', `${route.name} is killed and answers from legacy. Resume it first.`);
  const next = nextStep(position, route.stages);
  const at = `${route.name} is at ${describeStep(position)}`;
  // The plan need not name what follows when all has moved.
  if (!next && position.stage === 'candidate' && to.stage === 'retired') return moveTo(position, to);
  if (!next)
    return refuse(
      'ROUTE_STEP_ILLEGAL',
      `${at}, the last of its stages. Only force, with a reason, leaves it.`,
    );
  if (progress(next) !== progress(to))
    return refuse(
      'ROUTE_STEP_ILLEGAL',
      `${at}; its next step is ${describeStep(next)}, got ${describeStep(to)}. Take the next step, roll back, or use force with a reason.`,
    );
  return moveTo(position, to);
}

/** Back to legacy from anywhere but `retired`. Where the candidate owns the data it takes the reverse cutover. */
export function rollback(position: Position, route: Route): Move {
  if (position.stage === 'retired')
    return refuse('ROUTE_RETIRED', `${route.name} is retired; retired is the last step and has no way back.`);
  if (position.writer === 'candidate')
    return refuse(
      'ROUTE_WRITER_CANDIDATE',
      `The candidate is the writer of the data of ${route.name}: rolling back needs the reverse cutover.`,
    );
  return moveTo(position, { stage: 'legacy', hundredths: 0 });
}

/** Freezes automation; traffic stays as it is. */
export function pause(position: Position): Move {
  return change(position, { paused: true });
}

/** Ends a pause and a kill. */
export function resume(position: Position): Move {
  return change(position, { paused: false, killed: false });
}

/** Ends a kill and leaves a pause: what a resume of all routes does to those that were killed. */
export function endKill(position: Position): Move {
  return change(position, { killed: false });
}

/** All traffic to legacy until a resume, whatever the stage; the stage is kept. */
export function kill(position: Position, route: Route): Move {
  if (position.stage === 'retired')
    return refuse('ROUTE_RETIRED', `${route.name} is retired: legacy may be gone, so it cannot be killed.`);
  return change(position, { killed: true });
}

function moveTo(position: Position, to: Step): Move {
  return change(position, { stage: to.stage, hundredths: to.hundredths });
}

function change(position: Position, part: Partial<Position>): Move {
  const next = { ...position, ...part };
  const unchanged = (Object.keys(part) as (keyof Position)[]).every((key) => position[key] === next[key]);
  return {
    ok: true,
    unchanged,
    position: unchanged ? position : { ...next, version: position.version + 1 },
  };
}

function refuse(code: MoveRefusal, detail: string): Move {
  return { ok: false, code, detail };
}
