import { ServiceProblem } from '../../gateway-kit/error.ts';
import type { ReachFailpoint } from '../failpoint.ts';
import type { LegacyRow, LegacyStore } from '../source/legacy-store.ts';
import type { Progress } from '../state/progress.ts';
import type { BatchResult, SyncInbox, SyncRow } from '../target/sync-inbox.ts';
import type { DataSetTranslator, ToSync } from '../translator-module.ts';
import type { Quarantine } from './quarantine.ts';
import { streamKey, tableKey } from './stream-key.ts';

export type PassParts = {
  readonly stream: string;
  readonly tables: readonly { readonly name: string; readonly key: string }[];
  readonly translator: DataSetTranslator;
  readonly store: LegacyStore;
  readonly inbox: SyncInbox;
  readonly quarantine: Quarantine;
  /** Rows to a batch, at most 1000. */
  readonly batchSize: number;
  readonly now: () => Date;
  readonly failpoint: ReachFailpoint;
};

export type BatchDone = { readonly progress: Progress; readonly isPassComplete: boolean };

/**
 * Does the next batch of a pass. The caller keeps the progress once the batch is done: a batch that is done again does
 * no harm, one that is skipped would lose rows.
 */
export async function nextBatch(parts: PassParts, progress: Progress): Promise<BatchDone> {
  return progress.phase === 'copy' ? copyBatch(parts, progress) : removeBatch(parts, progress);
}

async function copyBatch(parts: PassParts, progress: Progress): Promise<BatchDone> {
  const table = parts.tables[progress.table];
  if (table === undefined)
    return { progress: { ...progress, phase: 'remove', after: null }, isPassComplete: false };
  // The ticket comes before the read: whoever reads later holds a higher ticket, and fresher rows win.
  const ticket = await parts.inbox.takeTicket();
  parts.failpoint('after-ticket');
  const rows = await parts.store.readRowsAfter(table.name, table.key, progress.after, parts.batchSize);
  parts.failpoint('after-read');
  const changes = translate(parts, table, rows, progress.pass);
  const result = await applyRows(parts, ticket, changes, progress.pass);
  parts.failpoint('after-apply');
  await parts.quarantine.save();
  parts.failpoint('after-quarantine');
  const isLast = rows.length < parts.batchSize;
  return {
    isPassComplete: false,
    progress: {
      ...progress,
      table: isLast ? progress.table + 1 : progress.table,
      after: isLast ? null : rows.at(-1)!.key,
      rowsRead: progress.rowsRead + rows.length,
      applied: progress.applied + result.applied,
      stale: progress.stale + result.stale,
    },
  };
}

function translate(
  parts: PassParts,
  table: PassParts['tables'][number],
  rows: readonly LegacyRow[],
  pass: number,
): SyncRow[] {
  const { toSync } = parts.translator.tables[table.name]!;
  return rows.flatMap((row): SyncRow[] => {
    const translated = attempt(toSync, row);
    const key = streamKey(parts.tables, table, row.key);
    if ('value' in translated) return [{ key, deleted: false, value: translated.value }];
    parts.quarantine.put(key, translated.rejected, parts.now().toISOString(), pass);
    return [];
  });
}

/** A translator that throws has a fault of its own: that row is set aside like one that cannot be translated. */
function attempt(toSync: ToSync, row: LegacyRow): ReturnType<ToSync> {
  try {
    return toSync(row.columns);
  } catch (error) {
    return { key: row.key, rejected: `the translator failed: ${(error as Error).message}` };
  }
}

async function applyRows(parts: PassParts, ticket: string, rows: readonly SyncRow[], pass: number) {
  if (rows.length === 0) return { applied: 0, stale: 0, rejected: [] };
  const result = await applyInParts(parts, ticket, rows);
  const rejected = new Map(result.rejected.map(({ key, reason }) => [key, reason]));
  for (const { key } of rows) {
    const reason = rejected.get(key);
    if (reason === undefined) parts.quarantine.release(key);
    else parts.quarantine.put(key, reason, parts.now().toISOString(), pass);
  }
  return result;
}

/** Sends a batch; one that is too large for the service (413) goes in halves, under the same ticket. */
async function applyInParts(
  parts: PassParts,
  ticket: string,
  rows: readonly SyncRow[],
): Promise<BatchResult> {
  try {
    return await parts.inbox.apply(parts.stream, ticket, rows);
  } catch (error) {
    if (!(error instanceof ServiceProblem) || error.status !== 413 || rows.length === 1) throw error;
    const half = Math.ceil(rows.length / 2);
    const first = await applyInParts(parts, ticket, rows.slice(0, half));
    const second = await applyInParts(parts, ticket, rows.slice(half));
    return {
      applied: first.applied + second.applied,
      stale: first.stale + second.stale,
      rejected: [...first.rejected, ...second.rejected],
    };
  }
}

/** Tombstones the keys of one export page that legacy no longer has. */
async function removeBatch(parts: PassParts, progress: Progress): Promise<BatchDone> {
  const page = await parts.inbox.exportAfter(parts.stream, progress.after, parts.batchSize);
  const alive = page.rows.filter((row) => !row.deleted).map((row) => row.key);
  const ticket = await parts.inbox.takeTicket();
  parts.failpoint('before-remove');
  const gone = await vanished(parts, alive);
  const tombstones = gone.map((key): SyncRow => ({ key, deleted: true }));
  const result = await applyRows(parts, ticket, tombstones, progress.pass);
  parts.failpoint('after-remove');
  await parts.quarantine.save();
  return {
    isPassComplete: page.next === null,
    progress: { ...progress, after: page.next, removed: progress.removed + result.applied },
  };
}

async function vanished(parts: PassParts, keys: readonly string[]): Promise<readonly string[]> {
  const gone: string[] = [];
  for (const table of parts.tables) {
    const own = keys.flatMap((key) => {
      const found = tableKey(parts.tables, key);
      return found?.table === table ? [found.key] : [];
    });
    const rows = await parts.store.readRows(table.name, table.key, own);
    const present = new Set(rows.map((row) => row.key));
    for (const key of own) if (!present.has(key)) gone.push(streamKey(parts.tables, table, key));
  }
  return gone;
}
