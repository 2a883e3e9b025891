import type { LedgerEntry } from '../core/ledger.ts';
import { examineLedger, type FoundPositions, planRepair, repairEntries } from '../core/ledger-repair.ts';
import type { RepairableLedger } from '../core/repairable-ledger.ts';
import type { Author } from './change.ts';
import { forgotten } from './starting-positions.ts';

export type RepairWish = {
  /** Routes stand at the latest position that anybody knows of, or at what the kept entries say. */
  readonly policy: 'latest' | 'kept';
  readonly author: Author;
  /** ISO UTC. */
  readonly at: string;
  readonly dryRun: boolean;
  /** Go on although nothing says any more what some entries recorded. */
  readonly acceptLoss: boolean;
};

/** Looks at a ledger that nobody uses, and repairs it where it is damaged; gives what was found and done. */
export async function repairLedger(
  ledger: RepairableLedger,
  found: readonly FoundPositions[],
  wish: RepairWish,
) {
  const examination = examineLedger(ledger.lines);
  const { kept, cutOff } = examination;
  const plan = planRepair(examination, found, wish.policy);
  const lack = forgotten(kept, plan.stored?.stored ?? null);
  // A torn last line alone was never acknowledged, and the facade cuts it off by itself.
  const damaged = cutOff.some(({ torn }) => !torn) || lack !== null;
  const report = {
    damage: damaged ? damageOf(cutOff[0], lack) : null,
    kept: kept.length,
    cutOff: cutOff.map(({ place, entry, problem, torn }) => ({ place, entry, problem, torn })),
    stored: found.map(({ source, stored: { seq } }) => ({
      source,
      seq,
      counts: source === plan.stored?.source,
    })),
    unknown: plan.unknown,
    routes: plan.routes,
    sets: plan.sets,
    aside: null as string | null,
    appended: [] as LedgerEntry[],
    refused: null as { code: string; message: string } | null,
  };
  if (!damaged || wish.dryRun) return report;
  if (plan.unknown.length > 0 && !wish.acceptLoss) {
    const message = `nothing says what ${entries(plan.unknown)} recorded: neither a line nor stored positions. Name the folders of stored positions with --state DIR, take the ledger from a backup, or go on without with --accept-loss.`;
    return { ...report, refused: { code: 'LEDGER_REPAIR_LOSS', message } };
  }
  const { at, author } = wish;
  const aside = cutOff.length > 0 ? ledger.asideName(at) : null;
  const what = `kept ${kept.length} of the ledger's entries${aside ? `, ${cutOff.length} lines stand in ${aside}` : ''}`;
  const appended = repairEntries(kept, plan, {
    at,
    actor: author.actor,
    reason: `${author.reason} (${what})`,
    plan: kept.at(-1)?.plan ?? '',
  });
  await ledger.replace(kept.length, appended, aside ?? '');
  return { ...report, aside, appended };
}

function damageOf(first: { place: string; problem: string | null } | undefined, lack: string | null): string {
  return first ? `${first.place}: ${first.problem}` : (lack ?? '');
}

const entries = (seqs: readonly number[]) =>
  seqs.length === 1 ? `entry ${seqs[0]}` : `the entries ${seqs.join(', ')}`;
