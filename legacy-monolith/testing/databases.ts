import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, jest, test } from '@jest/globals';
import { QueryTypes, type Sequelize } from 'sequelize';
import { openDatabase, parseDatabaseUrl } from '../db/connection.ts';
import { TABLES } from '../seeding/row.ts';
import { type Seeded, seedDatabase } from '../seeding/write.ts';

// Real databases on a busy machine: no suite may fail for being slow.
jest.setTimeout(120_000);

export type TestDatabase = {
  readonly url: string;
  /** One more pool on the same database; closed by `drop`. */
  open(): Sequelize;
  drop(): Promise<void>;
};

export type DatabaseKind = { readonly name: string; create(): Promise<TestDatabase> };

const SQLITE: DatabaseKind = {
  name: 'SQLite',
  create: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fig-legacy-'));
    return testDatabase(`sqlite:${join(folder, 'legacy.db')}`, async () => {
      rmSync(folder, { recursive: true, force: true });
    });
  },
};

/** Null without FIG_TEST_MYSQL_URL, an admin connection: the databases are made and dropped there. */
export const MYSQL: DatabaseKind | null = process.env.FIG_TEST_MYSQL_URL
  ? mysqlKind(process.env.FIG_TEST_MYSQL_URL)
  : null;

/** Runs a suite on SQLite, and on MySQL where there is one. */
export function describeOnEveryDatabase(what: string, suite: (kind: DatabaseKind) => void): void {
  describe.each(MYSQL ? [SQLITE, MYSQL] : [SQLITE])(`${what} on $name`, suite);
  if (!MYSQL) describe(`${what} on MySQL`, skipped);
}

/** Shows in the summary that something was not tested. */
export function skipped(): void {
  test.skip('skipped: FIG_TEST_MYSQL_URL names no server', () => {});
}

export const SQLITE_KIND = SQLITE;

/** Migrates and fills a database with a few rows of every table. */
export async function seedSmall(db: Sequelize, seed = 7): Promise<Seeded> {
  const sizes = { freelancers: 400, customers: 30, projects: 40, timesheets: 1500 };
  return seedDatabase(db, { seed, sizes }, { update: () => {}, finish: () => {} });
}

/** All rows of all tables as text, in order: equal on two databases that hold the same. */
export async function contentOf(db: Sequelize): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {};
  for (const table of TABLES) {
    const rows = await db.query<Record<string, unknown>>(`SELECT * FROM ${table}`, {
      type: QueryTypes.SELECT,
    });
    // sorted: some tables have no key
    content[table] = rows.map((row) => JSON.stringify(row, (_key, value) => asText(value))).sort();
  }
  return content;
}

// Raw statements give DECIMAL as a number on SQLite and as text on MySQL.
function asText(value: unknown): unknown {
  if (typeof value === 'string' && /^-?\d+\.\d\d$/.test(value)) return Number(value);
  return value;
}

function mysqlKind(adminUrl: string): DatabaseKind {
  return {
    name: 'MySQL',
    create: async () => {
      const name = `fig_test_legacy_${randomBytes(5).toString('hex')}`;
      const url = new URL(adminUrl);
      url.pathname = '/mysql';
      const admin = openDatabase(parseDatabaseUrl(url.href));
      await admin.query(`CREATE DATABASE ${name} CHARACTER SET latin1`);
      url.pathname = `/${name}`;
      return testDatabase(url.href, async () => {
        await admin.query(`DROP DATABASE ${name}`);
        await admin.close();
      });
    },
  };
}

function testDatabase(url: string, remove: () => Promise<void>): TestDatabase {
  const pools: Sequelize[] = [];
  return {
    url,
    open: () => {
      const db = openDatabase(parseDatabaseUrl(url));
      pools.push(db);
      return db;
    },
    drop: async () => {
      await Promise.all(pools.map((db) => db.close()));
      await remove();
    },
  };
}
