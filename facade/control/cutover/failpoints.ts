const ACTS = ['gates', 'compare', 'hold', 'close', 'drain', 'verify', 'prove'] as const;
const STEPS = ['VERIFIED', 'FENCING', 'DRAINING', 'PREPARED', 'JOURNALED'] as const;

/** Named places before and after each side effect of a change of owners. */
export const CUTOVER_FAILPOINTS: readonly string[] = [
  ...ACTS.flatMap((act) => [`before-${act}`, `after-${act}`]),
  ...STEPS.map((step) => `after-${step}`),
  'before-JOURNALED',
  'before-open',
  'after-open',
];

const PARK_MS = 3_000;

/**
 * `NAME` kills this process, as kill -9 does, where that place is reached; `NAME:park` makes it wait there for 3 s. For
 * tests of crash safety. Null when `spec` names no failpoint.
 */
export function cutoverFailpoint(spec: string): ((name: string) => Promise<void>) | null {
  const [name = '', how] = spec.split(':');
  if (!CUTOVER_FAILPOINTS.includes(name) || (how !== undefined && how !== 'park')) return null;
  return async (reached) => {
    if (reached !== name) return;
    if (how === 'park') await new Promise((resolve) => setTimeout(resolve, PARK_MS));
    else process.kill(process.pid, 'SIGKILL');
  };
}
