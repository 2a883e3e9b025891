import type { EntitySchema } from 'typeorm';
import { IdempotencyEntity } from '../../../service-kit/idempotency/idempotency-row.ts';
import { CreateOwners1767000000006 } from '../../../service-kit/sync/owner-tables.ts';
import { CreateSyncInbox1767000000000 } from '../../../service-kit/sync/sync-tables.ts';
import { FreelancerEntity } from './freelancer-row.ts';
import { CreateFreelancers1767000000001 } from './migrations/create-freelancers.ts';
import { IndexIdempotencyAge1767000000004 } from './migrations/index-idempotency-age.ts';
import { RebuildLetterCase1767000000003 } from './migrations/rebuild-letter-case.ts';
import { SearchEntity } from './search-row.ts';

export const entities = [FreelancerEntity, SearchEntity, IdempotencyEntity] as EntitySchema<never>[];

/** All migrations of this database, oldest first. */
export const migrations = [
  CreateSyncInbox1767000000000,
  CreateFreelancers1767000000001,
  RebuildLetterCase1767000000003,
  IndexIdempotencyAge1767000000004,
  CreateOwners1767000000006,
];
