import type { Quarantine } from '../backfill/quarantine.ts';
import { streamKey, tableKey } from '../backfill/stream-key.ts';
import type { ChangeSource } from '../capture/change-source.ts';
import type { ReachFailpoint } from '../failpoint.ts';
import type { Carried } from '../tail/carry-changes.ts';
import { isMarker } from '../target/owned-service.ts';
import type { BatchResult, SyncInbox } from '../target/sync-inbox.ts';
import type { DataSetTranslator } from '../translator-module.ts';
import type { BackRow, LegacyWriter } from './legacy-writer.ts';

export type BackParts = {
  readonly tables: readonly { readonly name: string; readonly key: string }[];
  readonly translator: DataSetTranslator;
  readonly stream: string;
  readonly inbox: Pick<SyncInbox, 'takeTicket' | 'rows'>;
  readonly writer: LegacyWriter;
  readonly quarantine: Quarantine;
  /** Entries to a batch, at most 1000. */
  readonly batchSize: number;
  readonly now: () => Date;
  readonly failpoint: ReachFailpoint;
};

/** Quarantined rows that are tried again behind each batch: what stood in their way may be gone. */
const MAX_RETRIED = 100;

/**
 * Carries what the service wrote back into the legacy tables, at most a batch, in the order of the way there: entries,
 * ticket, rows, apply, and only then the entries are dropped.
 */
export async function carryBack(parts: BackParts, source: ChangeSource): Promise<Carried> {
  const { tables, writer, failpoint } = parts;
  const changes = await source.changes(parts.batchSize);
  if (changes.length === 0) return { entries: 0, applied: 0 };
  failpoint('back-after-changes');
  const rows = changes.filter(({ key }) => !isMarker(key));
  const keys = new Set(rows.map(({ table, key }) => streamKey(tables, { name: table }, key)));
  const { applied } = await carryKeys(parts, [...keys]);
  for (const { key } of changes) if (isMarker(key)) await writer.mark(key);
  failpoint('back-after-apply');
  const healed = applied > 0 ? await retryQuarantined(parts) : 0;
  await parts.quarantine.save();
  failpoint('back-after-quarantine');
  await source.ack(changes);
  failpoint('back-after-ack');
  return { entries: changes.length, applied: applied + healed };
}

async function retryQuarantined(parts: BackParts): Promise<number> {
  const waiting = parts.quarantine.list().slice(0, MAX_RETRIED);
  const { applied } = await carryKeys(
    parts,
    waiting.map(({ key }) => key),
  );
  return applied;
}

/** Carries these rows back as they are now. */
export async function carryKeys(parts: BackParts, keys: readonly string[]): Promise<BatchResult> {
  const rejected: { key: string; reason: string }[] = [];
  if (keys.length === 0) return { applied: 0, stale: 0, rejected };
  const setAside = (key: string, reason: string) => {
    rejected.push({ key, reason });
    parts.quarantine.put(key, reason, parts.now().toISOString(), 0);
  };
  // The ticket comes before the rows: whoever reads later holds a higher one, and fresher rows win.
  const ticket = await parts.inbox.takeTicket();
  parts.failpoint('back-after-ticket');
  const rows = await parts.inbox.rows(parts.stream, keys);
  parts.failpoint('back-after-read');
  const byTable = new Map(parts.tables.map((table) => [table, [] as BackRow[]]));
  for (const row of rows) {
    const found = tableKey(parts.tables, row.key);
    if (found === null) setAside(row.key, 'no table of the set explains this key');
    else {
      const back = translateBack(parts, found.table.name, found.key, row);
      if (typeof back === 'string') setAside(row.key, back);
      else byTable.get(found.table)?.push(back);
    }
  }
  // Parents are written first and removed last.
  const total = { applied: 0, stale: 0 };
  const apply = async (table: Table, fits: (row: BackRow) => boolean) => {
    const own = (byTable.get(table) ?? []).filter(fits);
    if (own.length === 0) return;
    const result = await parts.writer.apply(table, ticket, own);
    total.applied += result.applied;
    total.stale += result.stale;
    const refused = new Map(result.rejected.map(({ key, reason }) => [key, reason]));
    for (const { key } of own) {
      const streamed = streamKey(parts.tables, table, key);
      const reason = refused.get(key);
      if (reason === undefined) parts.quarantine.release(streamed);
      else setAside(streamed, reason);
    }
  };
  for (const table of parts.tables) await apply(table, ({ columns }) => columns !== null);
  for (const table of parts.tables.toReversed()) await apply(table, ({ columns }) => columns === null);
  return { ...total, rejected };
}

type Table = BackParts['tables'][number];

function translateBack(
  parts: BackParts,
  table: string,
  key: string,
  row: Awaited<ReturnType<SyncInbox['rows']>>[number],
): BackRow | string {
  if (row.deleted) return { key, columns: null };
  const fromSync = parts.translator.tables[table]?.fromSync;
  if (fromSync === undefined) return 'the translator knows no way back: it exports no `fromSync`';
  try {
    return { key, columns: fromSync(row.value) };
  } catch (error) {
    return `the translator failed: ${(error as Error).message}`;
  }
}
