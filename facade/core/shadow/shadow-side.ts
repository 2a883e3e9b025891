import type { Decision } from '../decide.ts';
import type { Party } from '../party.ts';

/**
 * The side that gets a copy of a request: from stage shadow to candidate the one that does not answer. Null where there is
 * none: no route, another stage, a killed route, or a plan without legacy.
 */
export function shadowSide({ state, upstream }: Decision, hasLegacy: boolean): Party | null {
  const position = state?.position;
  if (!position || position.killed) return null;
  if (position.stage === 'legacy' || position.stage === 'retired') return null;
  if (upstream === 'legacy') return 'candidate';
  return hasLegacy ? 'legacy' : null;
}
