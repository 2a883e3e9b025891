import { ServiceProblem } from '../../gateway-kit/error.ts';
import type { LegacyRow } from '../source/legacy-store.ts';
import type { BatchResult, SyncRow } from '../target/sync-inbox.ts';
import type { ToSync } from '../translator-module.ts';
import type { PassParts } from './pass-parts.ts';
import { streamKey } from './stream-key.ts';

/** The changes that rows make for the stream; those that have no translation go into quarantine. */
export function translate(
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

/** Sends changes under a ticket; what is refused goes into quarantine, what is taken leaves it. */
export async function applyRows(
  parts: PassParts,
  ticket: string,
  rows: readonly SyncRow[],
  pass: number,
): Promise<BatchResult> {
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
