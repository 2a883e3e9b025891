import type { LegacyRow } from '../source/legacy-store.ts';
import type { Progress } from '../state/progress.ts';
import { applyRows, translate } from './apply-rows.ts';
import type { BatchDone, PassParts } from './pass-parts.ts';
import { streamKey, tableKey } from './stream-key.ts';

/**
 * Reads and sends again what this pass set aside, once everything else is in place: a unique value that moved from a
 * row that was copied later, or that is gone, is free by now. Each round goes over all of them; the rounds end with
 * the first in which none gets through, so there are at most as many as there are rows in quarantine, and one more.
 */
export async function resendBatch(parts: PassParts, progress: Progress): Promise<BatchDone> {
  const { after, pass } = progress;
  const keys = parts.quarantine.keysOf(pass).filter((key) => after === null || key > after);
  const batch = keys.slice(0, parts.batchSize);
  const last = batch.at(-1);
  if (last === undefined) {
    const isPassComplete = progress.healed === 0 || parts.quarantine.keysOf(pass).length === 0;
    return { isPassComplete, progress: { ...progress, after: null, healed: 0 } };
  }
  // The ticket comes before the read, as in a copy.
  const ticket = await parts.inbox.takeTicket();
  const applied = await resend(parts, ticket, batch, pass);
  await parts.quarantine.save();
  return {
    isPassComplete: false,
    progress: {
      ...progress,
      after: last,
      applied: progress.applied + applied.applied,
      stale: progress.stale + applied.stale,
      healed: progress.healed + applied.applied + applied.stale,
    },
  };
}

async function resend(parts: PassParts, ticket: string, keys: readonly string[], pass: number) {
  const changes = [];
  for (const table of parts.tables) {
    const own = keys.flatMap((key) => {
      const found = tableKey(parts.tables, key);
      return found?.table === table ? [found.key] : [];
    });
    const rows: readonly LegacyRow[] = await parts.store.readRows(table.name, table.key, own);
    changes.push(...translate(parts, table, rows, pass));
    const present = new Set(rows.map((row) => row.key));
    // Gone since it was set aside: the next pass removes what the service has of it.
    for (const key of own)
      if (!present.has(key)) parts.quarantine.release(streamKey(parts.tables, table, key));
  }
  return applyRows(parts, ticket, changes, pass);
}
