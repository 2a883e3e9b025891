import type { EntitySchema } from 'typeorm';
import {
  CreateIdempotency1767000000005,
  IdempotencyEntity,
} from '../../../service-kit/idempotency/idempotency-row.ts';
import { CreateOwners1767000000006 } from '../../../service-kit/sync/owner-tables.ts';
import { CreateSyncInbox1767000000000 } from '../../../service-kit/sync/sync-tables.ts';
import { CreateTimesheets1769000000001 } from './migrations/create-timesheets.ts';
import { TimesheetEntity } from './timesheet-row.ts';

export const entities = [TimesheetEntity, IdempotencyEntity] as EntitySchema<never>[];

/** All migrations of this database, oldest first. */
export const migrations = [
  CreateSyncInbox1767000000000,
  CreateIdempotency1767000000005,
  CreateTimesheets1769000000001,
  CreateOwners1767000000006,
];
