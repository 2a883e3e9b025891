import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateTimesheets1769000000001 implements MigrationInterface {
  readonly name = 'CreateTimesheets1769000000001';

  async up(runner: QueryRunner): Promise<void> {
    // Numbers born here start above those of the legacy counter.
    await runner.query('CREATE SEQUENCE timesheet_number START 10000000 MINVALUE 1');
    // No check on the hours: rows of ten years come through here, and some of them have eighty.
    await runner.query(`
      CREATE TABLE timesheet (
        id uuid PRIMARY KEY,
        number bigint NOT NULL CONSTRAINT timesheet_number_unique UNIQUE,
        freelancer_number integer NOT NULL,
        project_number integer NOT NULL,
        day date NOT NULL,
        hours numeric(6, 2) NOT NULL,
        status text NOT NULL CHECK (status IN ('draft', 'submitted', 'approved', 'rejected', 'paid')),
        rate_amount numeric(17, 2) NOT NULL CHECK (rate_amount >= 0),
        billable boolean NOT NULL,
        note text,
        rejection_reason text,
        search_text text COLLATE "C" NOT NULL,
        approved_by integer,
        approved_at timestamptz(3),
        payment_number integer,
        created_at timestamptz(3) NOT NULL,
        updated_at timestamptz(3) NOT NULL,
        version integer NOT NULL
      )`);
    // The sorts, and the filters that narrow most. Ties go by number downwards in either direction.
    for (const columns of [
      'day, number DESC',
      'hours, number DESC',
      'freelancer_number, day',
      'project_number, day',
      'status, day',
      'payment_number',
    ])
      await runner.query(`CREATE INDEX ON timesheet (${columns})`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE timesheet');
    await runner.query('DROP SEQUENCE timesheet_number');
  }
}
