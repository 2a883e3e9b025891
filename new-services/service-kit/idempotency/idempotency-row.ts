import { EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';

/** A row of table `idempotency`: what the first request under a key added, as it was then. */
export type IdempotencyRow = {
  key: string;
  request_hash: string;
  answer: object;
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

/**
 * The table of idempotency keys; a service lists this migration beside its own.
 * @public for services that `fig new` makes
 */
export class CreateIdempotency1767000000005 implements MigrationInterface {
  readonly name = 'CreateIdempotency1767000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency (
        key text COLLATE "C" PRIMARY KEY,
        request_hash text NOT NULL,
        answer jsonb NOT NULL,
        created_at timestamptz(3) NOT NULL
      )`);
    // Lets the oldest keys be found and dropped without reading the others.
    await runner.query('CREATE INDEX idempotency_created_at ON idempotency (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency');
  }
}
