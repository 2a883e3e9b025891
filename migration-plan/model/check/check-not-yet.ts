import { type PlanFile, valueAt } from '../plan-file.ts';

/** Keys that this version reads and checks, and does nothing with. Whoever makes one work takes it off this list. */
export const NOT_YET: Readonly<Record<'plan' | 'route' | 'data', readonly string[]>> = {
  plan: [],
  route: [],
  data: [],
};

/** Says of each such key that was written, once a file, that nothing comes of it: silence would be taken for protection. */
export function checkNotYet(file: PlanFile, kind: keyof typeof NOT_YET): void {
  for (const key of NOT_YET[kind]) {
    const path = key.split('.');
    if (!saysSomething(valueAt(file.value, path))) continue;
    file.report(path, 'accepted and checked, not acted on by this version', 'warning');
  }
}

/** `[]` and `none` ask for nothing, so nothing is missing. */
function saysSomething(value: unknown): boolean {
  return value !== undefined && value !== 'none' && !(Array.isArray(value) && value.length === 0);
}
