import type { EntityManager } from 'typeorm';
import { forgetExpiredKeys } from './expired-keys.ts';
import { IdempotencyEntity } from './idempotency-row.ts';

/** Marks a request that must take effect once, however often it is sent. */
export type OnceOnly = {
  readonly key: string;
  /** Tells a repetition from another request under the same key. */
  readonly requestHash: string;
};

/**
 * Takes the key in the transaction of `manager`, which adds what `answer` describes. Another result than `first` means
 * that nothing is to be added: `repeated` comes with the answer of then.
 */
export async function takeKey(
  manager: EntityManager,
  once: OnceOnly,
  answer: object,
  now: Date,
): Promise<{ kind: 'first' | 'key-reused' } | { kind: 'repeated'; answer: object }> {
  await forgetExpiredKeys(manager, once.key, now);
  // Waits here for a transaction that holds the same key, and goes on when that one has failed.
  const inserted = await manager
    .createQueryBuilder()
    .insert()
    .into(IdempotencyEntity)
    .values({ key: once.key, request_hash: once.requestHash, answer, created_at: now })
    .orIgnore()
    .returning('key')
    .execute();
  if (inserted.raw.length > 0) return { kind: 'first' };
  const before = await manager.findOneByOrFail(IdempotencyEntity, { key: once.key });
  if (before.request_hash !== once.requestHash) return { kind: 'key-reused' };
  return { kind: 'repeated', answer: before.answer };
}
