import { type PlanFile, valueAt } from '../plan-file.ts';

/** Keys that this version reads and checks, and does nothing with. Whoever makes one work takes it off this list. */
export const NOT_YET = {
  plan: ['bulkhead', 'health', 'limits.rate', 'notify.webhook', 'redact'],
  route: ['compare', 'credentials', 'dependsOn', 'guardrails', 'shadow'],
  data: ['jobs', 'maxLag'],
} as const;

/** Says of each such key that was written, once a file, that nothing comes of it: silence would be taken for protection. */
export function checkNotYet(file: PlanFile, kind: keyof typeof NOT_YET): void {
  for (const key of NOT_YET[kind]) {
    const path = key.split('.');
    if (!saysSomething(valueAt(file.value, path))) continue;
    file.report(path, 'accepted and checked, not acted on by this version', 'warning');
  }
  if (kind !== 'route') return;
  const stages = valueAt(file.value, ['stages']);
  const shadow = Array.isArray(stages) ? stages.indexOf('shadow') : -1;
  if (shadow < 0) return;
  file.report(
    ['stages', shadow],
    'accepted, but no requests are copied by this version: in `shadow` legacy answers alone',
    'warning',
  );
}

/** `[]` and `none` ask for nothing, so nothing is missing. */
function saysSomething(value: unknown): boolean {
  return value !== undefined && value !== 'none' && !(Array.isArray(value) && value.length === 0);
}
