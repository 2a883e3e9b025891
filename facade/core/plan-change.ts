import type { Plan, Route } from '#plan/model/plan.ts';
import type { Problem } from '#plan/model/problem.ts';
import { describeStep, type Position } from './position.ts';
import type { Snapshot } from './snapshot.ts';

/** What a new plan would do to clients on the way. */
export type PlanChange = {
  /** It would send requests to a side that must not get them; nothing steps over that. */
  readonly wrong: readonly Problem[];
  /** It would move clients, or a writer, without a transition; force steps over that. */
  readonly unasked: readonly Problem[];
  /** What is worth knowing. */
  readonly notes: readonly Problem[];
};

/** What another plan means for routes that have moved; positions hang on the names of routes, and a plan moves none. */
export function planChange(
  { states }: Snapshot,
  next: Plan,
  isFinalised: (set: string) => boolean,
): PlanChange {
  const change = { wrong: [] as Problem[], unasked: [] as Problem[], notes: [] as Problem[] };
  const planned = new Map(next.routes.map((route) => [route.name, route]));
  for (const { route, position } of states.values()) {
    if (!position || position.stage === 'legacy') continue;
    const other = planned.get(route.name);
    if (!other) tellRemoved(change, route, position, next);
    else {
      tellData(change, route, other, position, isFinalised);
      tellStage(change, other, position);
    }
  }
  return change;
}

type Told = { wrong: Problem[]; unasked: Problem[]; notes: Problem[] };

const problem = (file: string, key: string, message: string, severity: Problem['severity']): Problem => ({
  file,
  line: 0,
  key,
  message,
  severity,
});

/** Whether clients get answers from the candidate now. */
const isServing = ({ stage, killed }: Position) => !killed && (stage === 'canary' || stage === 'candidate');

function tellRemoved(told: Told, route: Route, position: Position, next: Plan): void {
  const at = `expected ${route.name}, which is at ${describeStep(position)}, got no such route`;
  const renamed = next.routes.find((one) => one.match.some(({ pattern }) => claims(route, pattern)));
  const name = renamed ? ` Was it renamed to ${renamed.name}? Positions hang on the name: keep it.` : '';
  if (position.stage === 'retired' || position.writer === 'candidate') {
    const why = position.stage === 'retired' ? 'which is gone' : 'which does not own its data';
    told.wrong.push(
      problem(route.file, 'route', `${at}: its requests would go to legacy, ${why}.${name}`, 'error'),
    );
  } else if (isServing(position)) {
    const message = `${at}: its clients would go to legacy unasked.${name} Roll it back first, or use force.`;
    told.unasked.push(problem(route.file, 'route', message, 'error'));
  }
}

const claims = (route: Route, pattern: string) => route.match.some((match) => match.pattern === pattern);

function tellData(
  told: Told,
  route: Route,
  other: Route,
  position: Position,
  isFinalised: (set: string) => boolean,
): void {
  const [was, is] = [describeData(route), describeData(other)];
  if (was === is) return;
  // Writes go to the candidate either way then: what carried the data may go.
  const isOver = position.stage === 'retired' && route.data.kind === 'owned' && isFinalised(route.data.set);
  if (isOver && other.data.kind !== 'owned') {
    const message = `${was} is over. If its rows still follow to legacy, end that with the plan of before: npx fig capture remove ${route.data.set}`;
    told.notes.push(problem(other.file, 'data', message, 'warning'));
    return;
  }
  if (position.writer === 'candidate') {
    const message = `expected ${was} while the candidate owns the data, got ${is}. Reverse the cutover first.`;
    told.wrong.push(problem(other.file, 'data', message, 'error'));
  } else if (isServing(position) && (route.data.kind === 'owned') !== (other.data.kind === 'owned')) {
    const to = other.data.kind === 'owned' ? 'back to legacy' : 'to the candidate';
    const message = `expected ${was} at ${describeStep(position)}, got ${is}: writes would go ${to} unasked. Roll it back first, or use force.`;
    told.unasked.push(problem(other.file, 'data', message, 'error'));
  }
}

const describeData = ({ data }: Route) => (data.kind === 'owned' ? `{ owned: ${data.set} }` : data.kind);

function tellStage(told: Told, other: Route, position: Position): void {
  const named = other.stages.some(
    ({ stage, hundredths }) => stage === position.stage && hundredths === position.hundredths,
  );
  if (named) return;
  const message = `${other.name} stays at ${describeStep(position)}, which its stages do not name; it goes on with the first step beyond`;
  told.notes.push(problem(other.file, 'stages', message, 'warning'));
}
