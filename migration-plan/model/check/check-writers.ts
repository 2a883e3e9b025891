import type { Plan } from '../plan.ts';
import type { PlanFile } from '../plan-file.ts';
import type { Problem } from '../problem.ts';
import { placesOfWritersOutside } from '../writers-outside.ts';

/** Warnings, and no errors: while legacy owns the tables, all of them write to the right place. */
export function warnOfWritersOutside(plan: Plan, files: readonly PlanFile[]): Problem[] {
  const fileOf = new Map(files.map((file) => [file.file, file]));
  return [...plan.dataSets.values()].flatMap((set) =>
    placesOfWritersOutside(plan, set).map(({ place, sentence }) =>
      (fileOf.get(set.file) as PlanFile).problem(place, `cutover will refuse: ${sentence}`, 'warning'),
    ),
  );
}
