import { type PlanFile, valueAt } from '../plan-file.ts';

/** Answers that name a build say nothing where nobody knows which one runs. */
export function checkBuilds(plan: PlanFile): void {
  const candidates = valueAt(plan.value, ['candidates']);
  if (typeof candidates !== 'object' || candidates === null) return;
  for (const name of Object.keys(candidates)) {
    const at = ['candidates', name, 'buildHeader'];
    if (
      valueAt(plan.value, at) !== undefined &&
      valueAt(plan.value, ['candidates', name, 'build']) === undefined
    )
      plan.report(at, 'expected `build` beside it, got {got} alone. Write e.g. `build: /version`.');
  }
}
