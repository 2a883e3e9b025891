import { applyRows, translate } from '../backfill/apply-rows.ts';
import type { PassParts } from '../backfill/pass-parts.ts';
import { streamKey, tableKey } from '../backfill/stream-key.ts';
import type { Change, ChangeSource } from '../capture/change-source.ts';
import type { BatchResult, SyncRow } from '../target/sync-inbox.ts';

/** Quarantined rows that are tried again behind each batch: what stood in their way may be gone. */
const MAX_RETRIED = 100;

export type Carried = {
  /** Entries of the queue that are done with. */
  readonly entries: number;
  /** Rows that the service took; the others were newer there already, or are in quarantine. */
  readonly applied: number;
};

/**
 * Carries what waits in the queue over, at most `limit` entries. The order is what makes it safe with any number of
 * workers, a backfill beside it, and a kill anywhere: the entries are taken before the ticket, the ticket before the rows
 * are read, and the entries are dropped when the rows have been taken.
 */
export async function carryChanges(
  parts: PassParts,
  source: ChangeSource,
  limit: number,
  pass: number,
): Promise<Carried> {
  const changes = await source.changes(limit);
  if (changes.length === 0) return { entries: 0, applied: 0 };
  parts.failpoint('tail-after-changes');
  const ticket = await parts.inbox.takeTicket();
  parts.failpoint('tail-after-ticket');
  const rows = await rowsAsTheyAre(parts, keysOf(parts, changes), pass);
  parts.failpoint('tail-after-read');
  const result = await applyRows(parts, ticket, rows, pass);
  parts.failpoint('tail-after-apply');
  const healed = result.applied > 0 ? await retryQuarantined(parts, pass) : 0;
  await parts.quarantine.save();
  parts.failpoint('tail-after-quarantine');
  await source.ack(changes);
  parts.failpoint('tail-after-ack');
  return { entries: changes.length, applied: result.applied + healed };
}

type Keys = ReadonlyMap<PassParts['tables'][number], readonly string[]>;

/** Each row once, however often it was written. */
function keysOf(parts: PassParts, changes: readonly Change[]): Keys {
  return new Map(
    parts.tables.map((table) => [
      table,
      [...new Set(changes.filter(({ table: name }) => name === table.name).map(({ key }) => key))],
    ]),
  );
}

/** What the rows are now; those that are gone are tombstones. */
async function rowsAsTheyAre(parts: PassParts, keys: Keys, pass: number): Promise<SyncRow[]> {
  const all: SyncRow[] = [];
  for (const [table, own] of keys) {
    if (own.length === 0) continue;
    const rows = await parts.store.readRows(table.name, table.key, own);
    all.push(...translate(parts, table, rows, pass));
    const present = new Set(rows.map((row) => row.key));
    for (const key of own)
      if (!present.has(key)) all.push({ key: streamKey(parts.tables, table, key), deleted: true });
  }
  return all;
}

async function retryQuarantined(parts: PassParts, pass: number): Promise<number> {
  const waiting = parts.quarantine.list().slice(0, MAX_RETRIED);
  if (waiting.length === 0) return 0;
  return (
    await carryRows(
      parts,
      waiting.map(({ key }) => key),
      pass,
    )
  ).applied;
}

/** Carries rows over as they are now, by their keys in the stream. */
export async function carryRows(
  parts: PassParts,
  streamKeys: readonly string[],
  pass: number,
): Promise<BatchResult> {
  const keys = new Map(parts.tables.map((table) => [table, [] as string[]]));
  for (const key of streamKeys) {
    const found = tableKey(parts.tables, key);
    if (found) keys.get(found.table)?.push(found.key);
  }
  const ticket = await parts.inbox.takeTicket();
  const rows = await rowsAsTheyAre(parts, keys, pass);
  return applyRows(parts, ticket, rows, pass);
}
