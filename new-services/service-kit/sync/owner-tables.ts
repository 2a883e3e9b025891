import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of owners and of the change queue; a service lists this migration beside its own. */
export class CreateOwners1767000000006 implements MigrationInterface {
  readonly name = 'CreateOwners1767000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE _sync_owner (
        stream text COLLATE "C" PRIMARY KEY,
        owner text NOT NULL CHECK (owner IN ('open', 'legacy', 'candidate', 'nobody')),
        epoch bigint NOT NULL CHECK (epoch >= 0)
      )`);
    // A key that could not travel would wait for ever: it fails the write that it comes from instead.
    await runner.query(`
      CREATE TABLE _sync_change (
        seq bigserial PRIMARY KEY,
        stream text COLLATE "C" NOT NULL,
        k text COLLATE "C" NOT NULL CHECK (length(k) BETWEEN 1 AND 200),
        at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
    await runner.query('CREATE INDEX _sync_change_stream ON _sync_change (stream, seq)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE _sync_change, _sync_owner');
  }
}
