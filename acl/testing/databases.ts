import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import pg from 'pg';

/** An empty database of its own for one suite. */
export type TestDatabase = { readonly url: string; drop(): Promise<void> };

export const MYSQL_URL = process.env.FIG_TEST_MYSQL_URL ?? '';

export async function postgresDatabase(): Promise<TestDatabase> {
  const admin = process.env.FIG_TEST_POSTGRES_URL;
  if (!admin) throw new Error('FIG_TEST_POSTGRES_URL: expected a Postgres URL, got nothing. Run npm test');
  const name = freshName();
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: admin });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await run(`CREATE DATABASE ${name}`);
  return { url: withDatabase(admin, name), drop: () => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Needs FIG_TEST_MYSQL_URL. */
export async function mysqlDatabase(): Promise<TestDatabase> {
  const name = freshName();
  const run = async (sql: string) => {
    const connection = await mysql.createConnection(MYSQL_URL);
    await connection.query(sql).finally(() => connection.end());
  };
  await run(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  return { url: withDatabase(MYSQL_URL, name), drop: () => run(`DROP DATABASE IF EXISTS ${name}`) };
}

export async function sqliteDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'fig-test-'));
  return { url: `sqlite:${join(folder, 'legacy.db')}`, drop: () => rm(folder, { recursive: true }) };
}

function freshName(): string {
  return `fig_test_acl_${randomBytes(6).toString('hex')}`;
}

function withDatabase(url: string, name: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.href;
}
