import { progress, type Step } from './position.ts';
import type { RouteState } from './snapshot.ts';

/** Where a route's clients are answered from now: a killed one is back on legacy, whatever its stage. */
function standing({ position }: RouteState): Step {
  if (!position || position.killed) return { stage: 'legacy', hundredths: 0 };
  return position;
}

/** The routes that `state` depends on and that are not as far as `to`. */
export function waitsFor(
  { route }: RouteState,
  to: Step,
  states: ReadonlyMap<string, RouteState>,
): RouteState[] {
  return route.dependsOn
    .flatMap((name) => states.get(name) ?? [])
    .filter((other) => progress(standing(other)) < progress(to));
}

/** The routes that depend on `state` and are further than it: its rollback does not take them along. */
export function aheadOf(state: RouteState, states: ReadonlyMap<string, RouteState>): RouteState[] {
  return [...states.values()].filter(
    (other) =>
      other.route.dependsOn.includes(state.route.name) &&
      progress(standing(other)) > progress(standing(state)),
  );
}
