import type { DataSource, EntityManager } from 'typeorm';
import { inTransaction } from '../database/transaction.ts';
import { insideDryRun } from '../dry-run/rehearsal.ts';
import { Problem } from '../http/problem.ts';
import { enqueue } from './change-queue.ts';
import { holdOwner, type Ownership } from './owner.ts';
import { requestEpoch } from './request-epoch.ts';

/**
 * A write of the service itself, in one transaction: refused before any effect unless this service owns what `stream`
 * carries; each source key that `work` reports as changed is queued for the other store, or the write did not happen.
 * Every write of tables that a stream carries goes through here, except what the sync inbox applies. `work` runs again
 * after a deadlock. Throws NOT_THE_OWNER, EPOCH_STALE. A dry run asks nobody and queues nothing.
 */
export async function ownedWrite<T>(
  dataSource: DataSource,
  stream: string,
  work: (manager: EntityManager, changed: (key: string) => void) => Promise<T>,
): Promise<T> {
  if (insideDryRun()) return inTransaction(dataSource, (manager) => work(manager, () => {}));
  const epoch = requestEpoch();
  return inTransaction(dataSource, async (manager) => {
    const current = await holdOwner(manager, stream);
    refuseStranger(stream, current, epoch);
    const keys = new Set<string>();
    const result = await work(manager, (key) => keys.add(key));
    if (current.owner !== 'open' && keys.size > 0) await enqueue(manager, stream, [...keys]);
    return result;
  });
}

function refuseStranger(stream: string, current: Ownership, epoch: number | null): void {
  if (current.owner !== 'open' && current.owner !== 'candidate') {
    throw refusal(
      'NOT_THE_OWNER',
      'This service does not own the data',
      `The owner of ${stream} is ${current.owner}, in epoch ${current.epoch}: this service takes no writes of it. Decide anew where the write goes.`,
    );
  }
  if (epoch !== null && epoch !== current.epoch) {
    throw refusal(
      'EPOCH_STALE',
      'The write was decided in another epoch',
      `x-fig-epoch: expected ${current.epoch}, the epoch of ${stream}, got ${epoch}. Decide anew where the write goes.`,
    );
  }
}

/** `x-fig-refused` tells whoever sent the write that it had no effect and may go elsewhere. */
function refusal(code: 'NOT_THE_OWNER' | 'EPOCH_STALE', title: string, detail: string): Problem {
  const headers = { 'x-fig-refused': code.toLowerCase().replaceAll('_', '-') };
  return new Problem({ code, status: 409, title }, detail, undefined, { headers });
}
