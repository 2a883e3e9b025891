import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets the oldest keys be found and dropped without reading the others. */
export class IndexIdempotencyAge1767000000004 implements MigrationInterface {
  readonly name = 'IndexIdempotencyAge1767000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX idempotency_created_at ON idempotency (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX idempotency_created_at');
  }
}
