import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';

/**
 * Own writes that have to follow to the other store, as a queue of keys: what is there is taken and then dropped by its
 * exact seq. The order of seq is not the order of commits, so that a cursor over it would lose entries.
 */
export type Change = { readonly seq: string; readonly key: string };

export type QueuePosition = {
  /** Highest seq that waits; null when none does. */
  readonly head: string | null;
  readonly waiting: number;
  /** Age of the oldest entry, by the clock of the database; null when none waits. */
  readonly oldestMs: number | null;
};

/** Notes the keys in the transaction of the write that changed them. */
export async function enqueue(
  manager: EntityManager,
  stream: string,
  keys: readonly string[],
): Promise<void> {
  await manager.query('INSERT INTO _sync_change (stream, k) SELECT $1, unnest($2::text[])', [stream, keys]);
}

/** Entries of committed transactions, oldest first. */
export async function waitingChanges(
  manager: EntityManager,
  stream: string,
  limit: number,
): Promise<Change[]> {
  return manager.query(
    'SELECT seq::text AS seq, k AS key FROM _sync_change WHERE stream = $1 ORDER BY _sync_change.seq LIMIT $2',
    [stream, limit],
  );
}

/** Drops exactly these entries; those that are gone already are no fault. */
export async function dropChanges(
  manager: EntityManager,
  stream: string,
  seqs: readonly string[],
): Promise<void> {
  await manager.query('DELETE FROM _sync_change WHERE stream = $1 AND seq = ANY($2::bigint[])', [
    stream,
    seqs,
  ]);
}

export async function queuePosition(manager: EntityManager, stream: string): Promise<QueuePosition> {
  const [row] = await manager.query(
    `SELECT max(seq)::text AS head, count(*)::int AS waiting,
            greatest(0, round(extract(epoch FROM clock_timestamp() - min(at)) * 1000))::float8 AS "oldestMs"
     FROM _sync_change WHERE stream = $1`,
    [stream],
  );
  return row.head === null ? { head: null, waiting: 0, oldestMs: null } : row;
}

/** No entry up to `position` waits. */
export async function isCovered(manager: EntityManager, stream: string, position: string): Promise<boolean> {
  const [row] = await manager.query(
    'SELECT NOT EXISTS (SELECT FROM _sync_change WHERE stream = $1 AND seq <= $2::bigint) AS covered',
    [stream, position],
  );
  return row.covered;
}

const markerPrefix = '~marker/';

export function isMarker(key: string): boolean {
  return key.startsWith(markerPrefix);
}

/** Queues an entry that stands for no row: whoever sees it come through has proven the way. */
export async function enqueueMarker(manager: EntityManager, stream: string): Promise<string> {
  const key = markerPrefix + randomUUID();
  await enqueue(manager, stream, [key]);
  return key;
}
