import type { Plan } from '#plan/model/plan.ts';

/** Keys of plan.yaml that the listeners were made from and that a reload leaves as they were. */
export function restartNeeded(started: Plan, next: Plan): string[] {
  const keys: string[] = [];
  if (started.limits.maxHeaderBytes !== next.limits.maxHeaderBytes) keys.push('limits.maxHeader');
  // Another certificate comes into force with the plan; whether there is one at all was decided at the start.
  if ((started.tls === null) !== (next.tls === null)) keys.push('tls');
  return keys;
}
