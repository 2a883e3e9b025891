import { randomBytes } from 'node:crypto';
import pg from 'pg';

export type TestDatabase = {
  readonly url: string;
  /** Runs statements on a connection of its own. */
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
};

/** An empty database `fig_test_…` on the server of FIG_TEST_POSTGRES_URL, which `npm test` sets. */
export async function testDatabase(purpose: string): Promise<TestDatabase> {
  const admin = process.env.FIG_TEST_POSTGRES_URL;
  if (!admin)
    throw new Error(
      'FIG_TEST_POSTGRES_URL: expected a Postgres URL, got nothing. Run the suites with npm test.',
    );
  const name = `fig_test_${purpose}_${randomBytes(6).toString('hex')}`;
  await run(admin, `CREATE DATABASE ${name}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (text, values) => run(url.href, text, values),
    drop: async () => void (await run(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}

async function run(url: string, text: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
