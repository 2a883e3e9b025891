/** Named places between two side effects: of a backfill, of what follows changes, of a comparison, of the way back, of a change of owners. */
export const BACKFILL_FAILPOINTS = [
  'after-ticket',
  'after-read',
  'after-apply',
  'after-quarantine',
  'after-checkpoint',
  'before-remove',
  'after-remove',
  'before-done',
] as const;
export const TAIL_FAILPOINTS = [
  'tail-after-changes',
  'tail-after-ticket',
  'tail-after-read',
  'tail-after-apply',
  'tail-after-quarantine',
  'tail-after-ack',
] as const;
export const RECONCILE_FAILPOINTS = [
  'reconcile-after-chunk',
  'reconcile-before-repair',
  'reconcile-after-repair',
  'reconcile-before-done',
] as const;
export const BACK_FAILPOINTS = [
  'back-after-changes',
  'back-after-ticket',
  'back-after-read',
  'back-after-apply',
  'back-after-quarantine',
  'back-after-ack',
] as const;
export const OWNERSHIP_FAILPOINTS = [
  'before-close',
  'after-close',
  'before-numbers',
  'after-numbers',
  'open-after-service',
  'open-after-tail',
  'open-after-gate',
  'after-open',
] as const;
export const RELEASE_FAILPOINTS = [
  'release-after-service',
  'release-after-carried',
  'release-after-tail',
] as const;
export const FAILPOINTS = [
  ...BACKFILL_FAILPOINTS,
  ...TAIL_FAILPOINTS,
  ...BACK_FAILPOINTS,
  ...OWNERSHIP_FAILPOINTS,
  ...RELEASE_FAILPOINTS,
  ...RECONCILE_FAILPOINTS,
] as const;
type Failpoint = (typeof FAILPOINTS)[number];
export type ReachFailpoint = (name: Failpoint) => void;

/**
 * `NAME` or `NAME:3` kills this process, as kill -9 does, when that place is reached (for the third time); for tests
 * of crash safety. Null when `spec` names no failpoint.
 */
export function killAt(spec: string): ReachFailpoint | null {
  const [name, times = '1'] = spec.split(':');
  if (!FAILPOINTS.some((known) => known === name) || !/^[1-9]\d{0,5}$/.test(times)) return null;
  let left = Number(times);
  return (reached) => {
    if (reached !== name) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
