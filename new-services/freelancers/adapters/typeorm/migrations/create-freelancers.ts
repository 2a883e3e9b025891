import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateFreelancers1767000000001 implements MigrationInterface {
  readonly name = 'CreateFreelancers1767000000001';

  async up(runner: QueryRunner): Promise<void> {
    // Numbers born here start above those of the legacy counter.
    await runner.query('CREATE SEQUENCE freelancer_number START 1000000 MINVALUE 1');
    // Deferrable makes Postgres check a statement's rows together: a batch may swap two addresses.
    await runner.query(`
      CREATE TABLE freelancer (
        id uuid PRIMARY KEY,
        number bigint NOT NULL CONSTRAINT freelancer_number_unique UNIQUE,
        first_name text NOT NULL,
        last_name text NOT NULL,
        matchcode text COLLATE "C" NOT NULL,
        status text NOT NULL CHECK (status IN ('active', 'inactive', 'blocked')),
        block_reason text,
        rate_amount numeric(17, 2) NOT NULL CHECK (rate_amount >= 0),
        currency text NOT NULL,
        skills text[] NOT NULL,
        email text,
        email_key text COLLATE "C" CONSTRAINT freelancer_email_unique UNIQUE DEFERRABLE INITIALLY IMMEDIATE,
        phone text,
        city text,
        country text,
        notes text,
        available_from date,
        archived boolean NOT NULL,
        created_at timestamptz(3) NOT NULL,
        updated_at timestamptz(3) NOT NULL,
        version integer NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE freelancer_search (
        id uuid PRIMARY KEY,
        number bigint NOT NULL,
        matchcode text COLLATE "C" NOT NULL,
        name text COLLATE ${await nameCollation(runner)} NOT NULL,
        rate numeric(17, 2) NOT NULL,
        status text NOT NULL,
        skill_keys text[] COLLATE "C" NOT NULL,
        search_text text COLLATE "C" NOT NULL,
        search_name text COLLATE "C" NOT NULL,
        available_from date,
        archived boolean NOT NULL,
        document jsonb NOT NULL
      ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)`);
    // Deep pages and counts are answered from these indexes alone, as long as vacuum keeps up: hence the setting above.
    // Each index serves both directions: an incremental sort puts ties of the other direction right.
    for (const column of ['matchcode', 'name', 'rate']) {
      await runner.query(
        `CREATE INDEX freelancer_search_${column} ON freelancer_search (${column}, number DESC) INCLUDE (archived, id)`,
      );
    }
    await runner.query(
      'CREATE UNIQUE INDEX freelancer_search_number ON freelancer_search (number) INCLUDE (archived, id)',
    );
    await runner.query('CREATE INDEX freelancer_search_skills ON freelancer_search USING gin (skill_keys)');
    await runner.query(`
      CREATE TABLE idempotency (
        key text COLLATE "C" PRIMARY KEY,
        request_hash text NOT NULL,
        answer jsonb NOT NULL,
        created_at timestamptz(3) NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency, freelancer_search, freelancer');
    await runner.query('DROP SEQUENCE freelancer_number');
  }
}

/** People expect Ä beside A: the root collation of ICU, or bytes on a server built without it. */
async function nameCollation(runner: QueryRunner): Promise<string> {
  const found: unknown[] = await runner.query(`SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'`);
  return found.length > 0 ? '"und-x-icu"' : '"C"';
}
