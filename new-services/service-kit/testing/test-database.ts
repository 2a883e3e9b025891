import { randomBytes } from 'node:crypto';
import pg from 'pg';

export type TestDatabase = { readonly url: string; readonly drop: () => Promise<void> };

/** An empty database `fig_test_…` on the server of FIG_TEST_POSTGRES_URL, which must name an admin connection. */
export async function createTestDatabase(purpose: string): Promise<TestDatabase> {
  const admin = process.env.FIG_TEST_POSTGRES_URL;
  if (admin === undefined || admin === '') {
    throw new Error(
      'FIG_TEST_POSTGRES_URL: expected a Postgres URL, got nothing. Run the suites with npm test.',
    );
  }
  const name = `fig_test_${purpose}_${randomBytes(6).toString('hex')}`;
  await execute(admin, `CREATE DATABASE ${name}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
