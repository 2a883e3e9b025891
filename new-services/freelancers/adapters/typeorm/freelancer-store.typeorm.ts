import type { DataSource, EntityManager } from 'typeorm';
import { violates } from '../../../service-kit/database/failures.ts';
import { type OnceOnly, takeKey } from '../../../service-kit/idempotency/once.ts';
import { ownedWrite } from '../../../service-kit/sync/owned-write.ts';
import type { AddOutcome, ChangeOutcome, FreelancerStore } from '../../application/freelancer-store.ts';
import type { Freelancer } from '../../domain/freelancer.ts';
import { FreelancerEntity, fromRow, toRow } from './freelancer-row.ts';
import {
  type FreelancerDocument,
  fromDocument,
  SearchEntity,
  toDocument,
  toSearchRow,
} from './search-row.ts';

/** `stream` is what carries freelancers; their number is its key. */
export function typeormFreelancerStore(dataSource: DataSource, stream: string): FreelancerStore {
  return {
    async find(id) {
      const row = await dataSource.manager.findOneBy(FreelancerEntity, { id });
      return row === null ? null : fromRow(row);
    },

    async add(freelancer, once) {
      try {
        return await ownedWrite(dataSource, stream, async (manager, changed) => {
          const outcome = await addOnce(manager, freelancer, once);
          if (outcome.kind === 'added') changed(String(freelancer.number));
          return outcome;
        });
      } catch (error) {
        if (violates(error, 'freelancer_email_unique')) return { kind: 'email-taken' };
        if (violates(error, 'freelancer_pkey') || violates(error, 'freelancer_number_unique')) {
          return { kind: 'number-taken' };
        }
        throw error;
      }
    },

    async change(id, decide) {
      try {
        return await ownedWrite(dataSource, stream, async (manager, changed): Promise<ChangeOutcome> => {
          const row = await manager.findOne(FreelancerEntity, {
            where: { id },
            lock: { mode: 'pessimistic_write' },
          });
          if (row === null) return { kind: 'not-found' };
          const current = fromRow(row);
          const decision = decide(current);
          if ('refused' in decision) return decision.refused;
          const { freelancer } = decision;
          if (freelancer !== current) {
            await manager.update(FreelancerEntity, { id }, toRow(freelancer));
            await manager.update(SearchEntity, { id }, toSearchRow(freelancer));
            changed(String(freelancer.number));
          }
          return { kind: 'done', freelancer };
        });
      } catch (error) {
        if (violates(error, 'freelancer_email_unique')) return { kind: 'email-taken' };
        throw error;
      }
    },
  };
}

async function addOnce(
  manager: EntityManager,
  freelancer: Freelancer,
  once: OnceOnly | null,
): Promise<AddOutcome> {
  if (once !== null) {
    const taken = await takeKey(manager, once, toDocument(freelancer), freelancer.createdAt);
    if (taken.kind === 'key-reused') return { kind: 'key-reused' };
    if (taken.kind === 'repeated')
      return { kind: 'repeated', freelancer: fromDocument(taken.answer as FreelancerDocument) };
  }
  await manager.insert(FreelancerEntity, toRow(freelancer));
  await manager.insert(SearchEntity, toSearchRow(freelancer));
  return { kind: 'added', freelancer };
}
