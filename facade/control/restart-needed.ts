import type { Plan } from '#plan/model/plan.ts';

/** Keys of plan.yaml that the listeners were made from and that a reload leaves as they were. */
export function restartNeeded(started: Plan, next: Plan): string[] {
  const keys: string[] = [];
  if (started.limits.maxHeaderBytes !== next.limits.maxHeaderBytes) keys.push('limits.maxHeader');
  if (started.tls?.certFile !== next.tls?.certFile || started.tls?.keyFile !== next.tls?.keyFile)
    keys.push('tls');
  return keys;
}
