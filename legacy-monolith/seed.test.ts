import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { QueryTypes } from 'sequelize';
import { migrate } from './db/migrate.ts';
import { TABLES } from './seeding/row.ts';
import { seedDatabase } from './seeding/write.ts';
import {
  contentOf,
  describeOnEveryDatabase,
  MYSQL,
  SQLITE_KIND,
  seedSmall,
  skipped,
  type TestDatabase,
} from './testing/databases.ts';

const SILENT = { update: () => {}, finish: () => {} };
const made: TestDatabase[] = [];
afterEach(async () => {
  for (const database of made.splice(0)) await database.drop();
});

function seedCommand(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, 'seed.ts'), ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

const hash = (content: unknown) => createHash('sha256').update(JSON.stringify(content)).digest('hex');

describeOnEveryDatabase('seeder', (kind) => {
  const create = async () => {
    const database = await kind.create();
    made.push(database);
    return database;
  };

  test('the same seed gives the same rows, another seed others', async () => {
    const hashes: string[] = [];
    for (const seed of [7, 7, 8]) {
      const db = (await create()).open();
      await seedSmall(db, seed);
      hashes.push(hash(await contentOf(db)));
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  test('writes what was asked for, with plain progress lines, and refuses a second run', async () => {
    const database = await create();
    const args = [
      '--database',
      database.url,
      '--freelancers',
      '50',
      '--customers',
      '5',
      '--projects',
      '6',
      '--timesheets',
      '1200',
      '--payments',
      '300',
    ];
    const first = await seedCommand(...args);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/seeding 100 % \| 1561\/1561 rows/);
    const db = database.open();
    const before = hash(await contentOf(db));
    const [counts] = await db.query(
      'SELECT (SELECT COUNT(*) FROM freelancers) AS f, (SELECT COUNT(*) FROM customers) AS c, (SELECT COUNT(*) FROM projects) AS p, (SELECT COUNT(*) FROM timesheets) AS t, (SELECT COUNT(*) FROM payments) AS y',
      { type: QueryTypes.SELECT },
    );
    expect(counts).toEqual({ f: 50, c: 5, p: 6, t: 1200, y: 300 });
    const second = await seedCommand(...args);
    expect(second.code).toBe(1);
    expect(second.stderr).toBe(
      'the database is not empty: users holds rows. Do seed a new one, nothing was changed\n',
    );
    expect(hash(await contentOf(db))).toBe(before);
    const ifEmpty = await seedCommand(...args, '--if-empty');
    expect(ifEmpty.code).toBe(0);
    expect(hash(await contentOf(db))).toBe(before);
  });

  test('refuses a database with tables of somebody else, and leaves it as it is', async () => {
    const database = await create();
    const db = database.open();
    await db.query('CREATE TABLE someone_elses (id INTEGER)');
    await expect(seedSmall(database.open())).rejects.toThrow(
      /holds tables that this program did not make \(someone_elses\)/,
    );
    expect(await db.getQueryInterface().showAllTables()).toHaveLength(1);
  });

  test('of two that start at once one seeds and one refuses', async () => {
    const database = await create();
    const outcomes = await Promise.allSettled([seedSmall(database.open()), seedSmall(database.open())]);
    expect(outcomes.map((o) => o.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('takes no database that holds rows of any table, and takes the sizes that were asked for', async () => {
    const database = await create();
    const db = database.open();
    await migrate(db);
    await db.query(
      "INSERT INTO chg_log (chg_tab, chg_id, chg_at, chg_txt) VALUES ('x', 1, '2020-01-01 00:00:00', 'x')",
    );
    await expect(seedSmall(db)).rejects.toThrow('the database is not empty: chg_log holds rows');
    const other = (await create()).open();
    const sizes = { freelancers: 60, customers: 8, projects: 10, timesheets: 700, payments: 900 };
    const { rows } = await seedDatabase(other, { seed: 3, sizes }, SILENT);
    expect(Object.fromEntries(rows)).toMatchObject(sizes);
    await expect(
      seedDatabase((await create()).open(), { seed: 3, sizes: { ...sizes, payments: 5 } }, SILENT),
    ).rejects.toThrow(/^--payments: expected at least \d+, since 700 timesheets are paid .* got 5\./);
  });

  test('fills every table', async () => {
    const db = (await create()).open();
    const { rows } = await seedSmall(db);
    expect([...rows.keys()].sort()).toEqual([...TABLES].sort());
    const content = await contentOf(db);
    for (const table of TABLES) expect([table, content[table]!.length]).toEqual([table, rows.get(table)]);
  });
});

test.each([
  [[], 1, /^--database: expected mysql:/],
  [['--database', 'postgres://x/y'], 1, /^--database: expected .* got a postgres: URL/],
  [
    ['--freelancers', '-1', '--database', 'sqlite:x'],
    1,
    /^Option '--freelancers' argument is ambiguous|^--freelancers: expected/,
  ],
  [['--seed', '1.5', '--database', 'sqlite:x'], 1, /^--seed: expected a number/],
  [['--nonsense'], 1, /^Unknown option '--nonsense'/],
  [['--projects', '0', '--database', 'sqlite:x'], 1, /^--timesheets: expected 0/],
  [['--customers', '0', '--database', 'sqlite:x'], 1, /^--customers: expected at least 1/],
  [
    ['--freelancers', '0', '--timesheets', '0', '--payments', '9', '--database', 'sqlite:x'],
    1,
    /^--payments: expected 0 without freelancers/,
  ],
  [
    ['--without', 'zero-date,dust', '--database', 'sqlite:x'],
    1,
    /^--without: expected some of .*, got dust\./,
  ],
])('rejects %j in one line', async (args, code, line) => {
  const result = await seedCommand(...args);
  expect(result.code).toBe(code);
  expect(result.stderr).toMatch(line);
  expect(result.stderr.trim().split('\n')).toHaveLength(1);
});

if (MYSQL) {
  const mysql = MYSQL;
  test('both databases hold the same after the same seed', async () => {
    const contents = [];
    for (const kind of [SQLITE_KIND, mysql]) {
      const database = await kind.create();
      made.push(database);
      const db = database.open();
      await seedSmall(db);
      contents.push(await contentOf(db));
    }
    expect(contents[0]).toEqual(contents[1]);
  });
} else {
  describe('both databases hold the same after the same seed', skipped);
}
