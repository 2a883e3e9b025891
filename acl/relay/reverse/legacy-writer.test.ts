import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MYSQL_URL } from '../../testing/databases.ts';
import { type LegacyDatabase, legacyDatabases, type Writer } from '../../testing/legacy-database.ts';
import type { ChangeSource } from '../capture/change-source.ts';
import { openChangeSource } from '../capture/open-change-source.ts';
import type { LegacyGate } from '../ownership/legacy-gate.ts';
import { openLegacyGate } from '../ownership/open-legacy-gate.ts';
import type { LegacyWriter } from './legacy-writer.ts';
import { openLegacyWriter } from './open-legacy-writer.ts';

const ITEMS = { name: 'items', key: 'item_id' };
const LINES = { name: 'lines', key: 'line_id' };
const SCHEMA = [
  'CREATE TABLE items (item_id INTEGER PRIMARY KEY, label VARCHAR(10), mail VARCHAR(20) UNIQUE)',
  `CREATE TABLE \`lines\` (line_id INTEGER PRIMARY KEY, item_id INTEGER,
   CONSTRAINT of_item FOREIGN KEY (item_id) REFERENCES items (item_id) ON DELETE CASCADE)`,
  "INSERT INTO items VALUES (1, 'one', 'a'), (2, 'two', 'b')",
  'INSERT INTO `lines` VALUES (11, 1), (12, 2)',
];

describe.each([...legacyDatabases])('the way back into %s', (kind, create) => {
  let database: LegacyDatabase;
  let application: Writer;
  let gate: LegacyGate;
  let writer: LegacyWriter;
  let own: ChangeSource;
  let other: ChangeSource;
  beforeEach(async () => {
    database = await create();
    application = await database.writer();
    for (const sql of SCHEMA) await application.execute(sql);
    gate = openLegacyGate(database.url, 'things', [ITEMS]);
    own = openChangeSource(database.url, 'things', [ITEMS]);
    other = openChangeSource(database.url, 'parts', [LINES]);
    writer = openLegacyWriter(database.url, 'things');
    await own.install();
    await other.install();
    await gate.install();
    await gate.write({ owner: 'candidate', epoch: 2 });
    await writer.prepare();
  });
  afterEach(async () => {
    await Promise.all([writer, own, other, gate, application].map((one) => one.close()));
    await database.drop();
  });
  const items = () => application.read('SELECT item_id, label, mail FROM items ORDER BY item_id');
  const row = (item_id: number, label: string, mail: string | null) => ({
    key: String(item_id),
    columns: { item_id, label, mail },
  });

  test('writes past the gate what nobody else may, unseen by the capture of its own set', async () => {
    const rows = [row(1, 'ONE', 'a'), row(3, 'three', null), { key: '2', columns: null }];
    expect(await writer.apply(ITEMS, '7', rows)).toEqual({ applied: 3, stale: 0, rejected: [] });
    expect(await items()).toEqual([
      { item_id: 1, label: 'ONE', mail: 'a' },
      { item_id: 3, label: 'three', mail: null },
    ]);
    expect(await own.changes(10)).toEqual([]);
    await expect(application.execute("UPDATE items SET label = 'x'")).rejects.toThrow(/not owned/);
  });

  test('leaves what follows in another set to the capture of that one', async () => {
    await writer.apply(ITEMS, '7', [{ key: '2', columns: null }]);
    expect(await application.read('SELECT line_id FROM `lines`')).toEqual([{ line_id: 11 }]);
    expect((await other.changes(10)).map(({ table, key }) => `${table} ${key}`)).toEqual(['lines 12']);
  });

  test('goes back behind no newer ticket, also not for a row that is gone', async () => {
    await writer.apply(ITEMS, '9', [row(1, 'new', 'a'), { key: '2', columns: null }]);
    const old = [row(1, 'old', 'a'), row(2, 'back', 'b')];
    expect(await writer.apply(ITEMS, '8', old)).toEqual({ applied: 0, stale: 2, rejected: [] });
    expect(await writer.apply(ITEMS, '9', old)).toMatchObject({ applied: 0, stale: 2 });
    expect((await items()).map(({ label }) => label)).toEqual(['new']);
    expect(await writer.apply(ITEMS, '10', [row(2, 'again', 'b')])).toMatchObject({ applied: 1 });
  });

  test('sets aside what the database refuses, with the reason, and nothing else', async () => {
    const outcome = await writer.apply(ITEMS, '7', [row(1, 'fine', 'a'), row(3, 'double', 'b')]);
    expect(outcome).toMatchObject({ applied: 1, rejected: [{ key: '3' }] });
    expect(outcome.rejected[0]?.reason).toMatch(/unique|duplicate/i);
    expect((await items()).map(({ label }) => label)).toEqual(['fine', 'two']);
    // It was not applied, so the same ticket may bring it once its way is free.
    expect(await writer.apply(ITEMS, '7', [row(3, 'double', 'c')])).toMatchObject({ applied: 1 });
  });

  test('brings a unique value that moved from one row to another through, in whatever order they come', async () => {
    const moved = [row(1, 'one', 'b'), row(2, 'two', 'c')];
    expect(await writer.apply(ITEMS, '7', moved)).toEqual({ applied: 2, stale: 0, rejected: [] });
    expect((await items()).map(({ mail }) => mail)).toEqual(['b', 'c']);
  });

  describe('the counter of a table', () => {
    const counted = { name: 'counted', key: 'n' };
    const autoincrement = kind === 'MySQL' ? 'AUTO_INCREMENT' : 'AUTOINCREMENT';
    const add = (label: string) =>
      application.execute(`INSERT INTO counted (label, plain) VALUES ('${label}', 1)`);
    const numbers = async () =>
      (await application.read('SELECT n FROM counted ORDER BY n')).map(({ n }) => Number(n));
    beforeEach(() =>
      application.execute(
        `CREATE TABLE counted (n INTEGER PRIMARY KEY ${autoincrement}, label VARCHAR(10) NOT NULL UNIQUE, plain INTEGER NOT NULL)`,
      ),
    );

    const definition = async () =>
      kind === 'MySQL'
        ? ((await application.read(
            `SELECT create_time AS at FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'counted'`,
          )) as unknown)
        : null;

    test.each([0, 1])('skips what the other side has used, with %i rows in it', async (rows) => {
      expect(await writer.lastNumber(counted)).toBe(0n);
      for (let n = 0; n < rows; n += 1) await add(`row ${n}`);
      expect(await writer.lastNumber(counted)).toBe(BigInt(rows));
      expect(await writer.skipNumbers(counted, 70n)).toBeNull();
      expect(await writer.lastNumber(counted)).toBe(70n);
      expect(await writer.skipNumbers(counted, 60n)).toBeNull();
      expect(await numbers()).toHaveLength(rows);
      await add('next');
      expect((await numbers()).at(-1)).toBe(71);
    });

    test.each(['', ' UNIQUE'])('changes no definition where a row can be copied%s', async (unique) => {
      await application.execute('DROP TABLE counted');
      await application.execute(
        `CREATE TABLE counted (n INTEGER PRIMARY KEY ${autoincrement}, label VARCHAR(10) NOT NULL${unique}, plain INTEGER NOT NULL)`,
      );
      await add('row');
      const reader = await database.writer();
      // Whoever has the table in use keeps a change of it waiting, and no row.
      await reader.execute(kind === 'MySQL' ? 'START TRANSACTION; SELECT plain FROM counted' : 'SELECT 1');
      const before = await definition();
      expect(await writer.skipNumbers(counted, 70n)).toBeNull();
      expect(await writer.lastNumber(counted)).toBe(70n);
      expect(await definition()).toEqual(before);
      await reader.close();
      expect(await numbers()).toEqual([1]);
    });

    test('skips them, too, where a trigger takes no copies', async () => {
      await add('row');
      await application.execute(
        kind === 'MySQL'
          ? "CREATE TRIGGER no_more BEFORE INSERT ON counted FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'"
          : "CREATE TRIGGER no_more BEFORE INSERT ON counted BEGIN SELECT RAISE(ABORT, 'no'); END",
      );
      await writer.skipNumbers(counted, 70n);
      expect(await writer.lastNumber(counted)).toBe(70n);
    });

    test('is none where the database does not count', async () => {
      expect(await writer.lastNumber(ITEMS)).toBeNull();
    });
  });

  test('leaves a mark that can be looked for', async () => {
    expect(await writer.isMarked('m')).toBe(false);
    await writer.mark('m');
    await writer.mark('m');
    expect(await writer.isMarked('m')).toBe(true);
  });
});

if (!MYSQL_URL) test.skip('the way back into MySQL: FIG_TEST_MYSQL_URL names no server', () => {});
