import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase } from '#acl/testing/databases.ts';
import { Started, seed, startFacade, startMonolith } from '../behind-facade.ts';
import { load } from './load.ts';

jest.setTimeout(600_000);

const SIZES = { freelancers: 200, customers: 30, projects: 40, timesheets: 1500 };
const REQUESTS = 1500;
const started = new Started();
afterEach(() => started.stop());

const kinds = [
  { name: 'SQLite', create: sqliteDatabase },
  ...(MYSQL_URL ? [{ name: 'MySQL', create: mysqlDatabase }] : []),
];
if (!MYSQL_URL) test.skip('fifty users on MySQL: FIG_TEST_MYSQL_URL names no server', () => {});

describe.each(kinds)('fifty users at once, through the facade, on $name', ({ create }) => {
  test('get no 500, and find at the end what they were told', async () => {
    const databaseUrl = started.addDatabase(await create()).url;
    await seed(databaseUrl, SIZES);
    const legacy = started.add(await startMonolith(databaseUrl));
    const facade = started.add(await startFacade(legacy.url, 'http://127.0.0.1:8080'));
    const { books, faults } = await load({
      publicUrl: facade.url,
      databaseUrl,
      users: 50,
      enough: (requests) => requests >= REQUESTS,
      pauseMs: 20,
      seed: 1,
      sizes: SIZES,
    });
    expect(books.problems.slice(0, 10)).toEqual([]);
    expect(faults).toEqual([]);
    // and there was something to be lost
    for (const kind of ['timesheets subm', 'timesheets appr', 'timesheets rej', 'payments run'])
      expect([kind, books.logged.get(kind) ?? 0]).not.toEqual([kind, 0]);
    expect(books.columns.size).toBeGreaterThan(20);
  });
});
