import type { Progress } from '../state/progress.ts';
import type { SyncRow } from '../target/sync-inbox.ts';
import { applyRows } from './apply-rows.ts';
import type { CopyAhead } from './copy-ahead.ts';
import type { BatchDone, PassParts } from './pass-parts.ts';
import { resendBatch } from './resend-batch.ts';
import { streamKey, tableKey } from './stream-key.ts';

/**
 * Does the next batch of a pass. The caller keeps the progress once the batch is done: a batch that is done again does
 * no harm, one that is skipped would lose rows.
 */
export async function nextBatch(parts: PassParts, progress: Progress, ahead: CopyAhead): Promise<BatchDone> {
  if (progress.phase === 'copy') return copyBatch(parts, progress, ahead);
  return progress.phase === 'remove' ? removeBatch(parts, progress) : resendBatch(parts, progress);
}

async function copyBatch(parts: PassParts, progress: Progress, ahead: CopyAhead): Promise<BatchDone> {
  const table = parts.tables[progress.table];
  if (table === undefined)
    return { progress: { ...progress, phase: 'remove', after: null }, isPassComplete: false };
  const { rows, result } = await ahead.take({ table, after: progress.after }, progress.pass);
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

/** Tombstones the keys of one export page that legacy no longer has. */
async function removeBatch(parts: PassParts, progress: Progress): Promise<BatchDone> {
  const page = await parts.inbox.keysAfter(parts.stream, progress.after, parts.batchSize);
  const ticket = await parts.inbox.takeTicket();
  parts.failpoint('before-remove');
  const gone = await vanished(parts, page.keys);
  const tombstones = gone.map((key): SyncRow => ({ key, deleted: true }));
  const result = await applyRows(parts, ticket, tombstones, progress.pass);
  parts.failpoint('after-remove');
  await parts.quarantine.save();
  const removed: Progress = { ...progress, after: page.next, removed: progress.removed + result.applied };
  if (page.next !== null) return { isPassComplete: false, progress: removed };
  const isClean = parts.quarantine.keysOf(progress.pass).length === 0;
  return {
    isPassComplete: isClean,
    progress: isClean ? removed : { ...removed, phase: 'resend', healed: 0 },
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
