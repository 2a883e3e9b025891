import type { EntityManager } from 'typeorm';

/** How long an idempotency key is remembered. A client that repeats a request does so within seconds or minutes. */
const keyRetentionMs = 24 * 60 * 60 * 1000;

/** More than the one key that is added in the same transaction, so that the table shrinks while it is used. */
const mostAtOnce = 100;

/**
 * Forgets the key itself when it has expired, and the oldest of the other expired ones. Those that another transaction
 * is dropping are left to it.
 */
export async function forgetExpiredKeys(manager: EntityManager, key: string, now: Date): Promise<void> {
  const before = new Date(now.getTime() - keyRetentionMs);
  await manager.query('DELETE FROM idempotency WHERE key = $1 AND created_at < $2', [key, before]);
  await manager.query(
    `DELETE FROM idempotency WHERE key IN (
       SELECT key FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT ${mostAtOnce} FOR UPDATE SKIP LOCKED)`,
    [before],
  );
}
