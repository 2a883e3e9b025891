import { ServiceProblem } from '../../gateway-kit/error.ts';
import { tableKey } from '../backfill/stream-key.ts';
import type { Look, Looker } from './look.ts';
import type { ReconcileParts } from './reconcile-parts.ts';
import { Suspects } from './suspects.ts';

/**
 * Carries rows that differ over again, as they are now, and looks at them again. Answers why those that differ still
 * could not be repaired, by key.
 */
export async function repairRows(
  parts: ReconcileParts,
  looker: Looker,
  isNoted: boolean,
  looks: readonly Look[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>();
  for (let at = 0; at < looks.length; at += parts.batchSize) {
    const keys = looks.slice(at, at + parts.batchSize).map(({ key }) => key);
    for (const [key, reason] of await carried(parts, keys)) reasons.set(key, reason);
  }
  const again = new Suspects(parts, looker, isNoted);
  for (const look of looks) if (!reasons.has(look.key)) again.add({ ...look, evidence: '' });
  const { different, restless } = await again.settle(true, signal);
  for (const { key, verdict } of different)
    reasons.set(key, verdict.kind === 'untranslatable' ? verdict.reason : stillDiffers(parts, key, verdict));
  for (const key of restless) reasons.set(key, 'it is written again and again; nothing can be said of it');
  return reasons;
}

/** Keys that were refused, with the reason. */
async function carried(parts: ReconcileParts, keys: readonly string[]): Promise<[string, string][]> {
  try {
    const { rejected } = await parts.carry(keys);
    return rejected.map(({ key, reason }) => [key, `the service refused it: ${reason}`]);
  } catch (error) {
    // It says no to all of them, and would say so again: another one may own the data.
    if (!(error instanceof ServiceProblem) || error.status >= 500 || error.status === 429) throw error;
    return keys.map((key) => [key, error.message]);
  }
}

function stillDiffers(parts: ReconcileParts, key: string, verdict: Look['verdict']): string {
  if (tableKey(parts.tables, key) === null) return 'no table of the set has such keys';
  if (verdict.kind === 'extra') return 'the service still has it after it was told that the row is gone';
  if (verdict.kind === 'missing') return 'the service has nothing after it took the row';
  const isLost =
    verdict.kind === 'changed' && verdict.fields.every(({ field }) => /^(column |fromSync$)/.test(field));
  return isLost
    ? 'the service has what the translator makes of the row, and that does not give the row back: correct the translator'
    : 'the service answers otherwise after it took the row';
}
