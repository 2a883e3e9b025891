import { streamKey, tableKey } from '../backfill/stream-key.ts';
import { Looker } from './look.ts';
import type { ReconcileParts } from './reconcile-parts.ts';
import { repairRows } from './repair.ts';
import type { Findings } from './result.ts';
import { Suspects } from './suspects.ts';

/** Rows that differ and wait to be looked at again, before the walk waits for them. */
const MAX_SUSPECTS = 1000;

export type ComparisonRun = {
  readonly parts: ReconcileParts;
  readonly findings: Findings;
  readonly repair: boolean;
  /** Whether writes are noted, so that one can know when they have arrived. */
  readonly isNoted: boolean;
  readonly signal: AbortSignal;
  /** Runs something again that failed for a moment. */
  readonly attempt: <T>(action: () => Promise<T>) => Promise<T>;
  /** Told of rows that were looked at, on either side. */
  readonly onRows: (rows: number) => void;
  /** Told when all of legacy has been read. */
  readonly onHalf: () => void;
};

/**
 * Compares the two stores row by row, both ways, a chunk at a time: first legacy in its own order of keys, asking the
 * service for exactly these; then the service in its order, asking legacy. So no order has to mean the same on both
 * sides: a text key sorts by its collation there and by its bytes here.
 */
export async function compareStores(run: ComparisonRun): Promise<void> {
  const { parts, findings, signal, attempt } = run;
  const looker = await attempt(() => Looker.open(parts));
  const suspects = new Suspects(parts, looker, run.isNoted);

  const settle = async (whole: boolean) => {
    signal.throwIfAborted();
    if (!whole && suspects.size < MAX_SUSPECTS) return;
    const { different, restless } = await attempt(() => suspects.settle(whole, signal));
    for (const key of restless) findings.restless(key);
    const known = new Map(parts.quarantined().map(({ key, reason }) => [key, reason]));
    const open = different.filter(({ key, verdict }) => {
      const reason = known.get(key) ?? (verdict.kind === 'untranslatable' ? verdict.reason : undefined);
      if (reason !== undefined) findings.quarantined(key, reason);
      return reason === undefined;
    });
    if (run.repair && open.length > 0) parts.failpoint('reconcile-before-repair');
    const isRepaired = run.repair && open.length > 0;
    const reasons = isRepaired
      ? await attempt(() => repairRows(parts, looker, run.isNoted, open, signal))
      : new Map<string, string>();
    if (isRepaired) parts.failpoint('reconcile-after-repair');
    for (const { key, verdict } of open) {
      if (verdict.kind === 'equal' || verdict.kind === 'untranslatable') continue;
      const reason = reasons.get(key) ?? null;
      const { kind, fields } = verdict;
      findings.difference({ key, kind, fields, repaired: isRepaired && reason === null, reason });
    }
  };

  for (const table of parts.tables)
    for await (const rows of ahead(
      (after: string | null) =>
        attempt(() => parts.store.readRowsAfter(table.name, table.key, after, parts.batchSize)),
      (rows) => (rows.length < parts.batchSize ? null : rows.at(-1)!.key),
    )) {
      for (const look of await attempt(() => looker.rows(table, rows))) suspects.add(look);
      findings.compared += rows.length;
      run.onRows(rows.length);
      await settle(false);
      parts.failpoint('reconcile-after-chunk');
    }
  run.onHalf();
  for await (const page of ahead(
    (after: string | null) => attempt(() => parts.inbox.keysAfter(parts.stream, after, parts.batchSize)),
    ({ next }) => next,
  )) {
    const known = new Set(await attempt(() => keysInLegacy(parts, page.keys)));
    const extra = page.keys.filter((key) => !known.has(key));
    if (extra.length > 0) for (const look of await attempt(() => looker.keys(extra))) suspects.add(look);
    run.onRows(page.keys.length);
    await settle(false);
    parts.failpoint('reconcile-after-chunk');
  }
  await settle(true);
}

/** Chunk after chunk, the next one being read while the last one is worked on. `nextOf` is null for the last one. */
async function* ahead<T>(
  read: (after: string | null) => Promise<T>,
  nextOf: (chunk: T) => string | null,
): AsyncGenerator<T> {
  for (let upcoming: Promise<T> | null = read(null); upcoming !== null; ) {
    const chunk: T = await upcoming;
    const next = nextOf(chunk);
    upcoming = next === null ? null : read(next);
    // Whoever waits for it hears of a failure; nobody does when the walk ends before.
    upcoming?.catch(() => {});
    yield chunk;
  }
}

/** Those of the stream's keys that legacy has a row for. */
async function keysInLegacy(parts: ReconcileParts, keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of parts.tables) {
    const own = keys.flatMap((key) => {
      const one = tableKey(parts.tables, key);
      return one?.table === table ? [one.key] : [];
    });
    for (const key of await parts.store.readKeys(table.name, table.key, own))
      found.push(streamKey(parts.tables, table, key));
  }
  return found;
}
