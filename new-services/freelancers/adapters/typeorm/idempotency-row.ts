import { EntitySchema } from 'typeorm';
import type { FreelancerDocument } from './search-row.ts';

/** A row of table `idempotency`: the freelancer that the first request under a key added, as it was then. */
export type IdempotencyRow = {
  key: string;
  request_hash: string;
  answer: FreelancerDocument;
  created_at: Date;
};

export const IdempotencyEntity = new EntitySchema<IdempotencyRow>({
  name: 'idempotency',
  tableName: 'idempotency',
  columns: {
    key: { type: 'text', primary: true },
    request_hash: { type: 'text' },
    answer: { type: 'jsonb' },
    created_at: { type: 'timestamptz', precision: 3 },
  },
});
