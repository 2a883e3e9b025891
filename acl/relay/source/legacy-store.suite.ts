import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LegacyStore } from './legacy-store.ts';

/** A database with the suite's tables, and a way to write to it behind the store's back. */
export type StoreUnderTest = {
  readonly store: LegacyStore;
  execute(sql: string): Promise<void>;
  /** Creates the table `letters (code)`, whose key is a text of few letters and no case. */
  readonly letters: string;
  close(): Promise<void>;
};

const TABLES = [
  'CREATE TABLE items (item_id INTEGER PRIMARY KEY, label VARCHAR(40), born DATETIME, day DATE)',
  "INSERT INTO items VALUES (2, 'zwei 😀', '2020-01-02 03:04:05', '2020-01-02'), (10, NULL, NULL, NULL), (9, '', NULL, NULL)",
  'CREATE TABLE big (big_id BIGINT PRIMARY KEY)',
  'INSERT INTO big VALUES (9007199254740992), (9007199254740993), (9007199254740995), (5)',
  'CREATE TABLE coded (code VARCHAR(10) PRIMARY KEY, `order` INTEGER)',
  "INSERT INTO coded VALUES ('b', 1), ('a''x', 2), ('ä', 3), ('10', 4), ('9', 5)",
  'CREATE TABLE empty_table (id INTEGER PRIMARY KEY)',
];

/** What every LegacyStore promises. */
export function legacyStoreSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a legacy store`, () => {
    let under: StoreUnderTest;
    beforeAll(async () => {
      under = await open();
      for (const sql of TABLES) await under.execute(sql);
    });
    afterAll(() => under?.close());

    const walk = async (table: string, key: string, limit: number) => {
      const keys: string[] = [];
      for (let after: string | null = null; ; ) {
        const rows = await under.store.readRowsAfter(table, key, after, limit);
        keys.push(...rows.map((row) => row.key));
        if (rows.length < limit) return keys;
        after = rows.at(-1)!.key;
      }
    };

    test('tells its database from every other one', async () => {
      const [one, other] = await Promise.all([open(), open()]);
      const mine = await under.store.identity();
      expect(await under.store.identity()).toBe(mine);
      expect(await one.store.identity()).not.toBe(mine);
      expect(await other.store.identity()).not.toBe(await one.store.identity());
      await Promise.all([one.close(), other.close()]);
    });

    test('tells the columns of a table as they are declared, and none of one that is not there', async () => {
      const columns = [...(await under.store.columnTypes('items'))];
      expect(columns.map(([name]) => name)).toEqual(['item_id', 'label', 'born', 'day']);
      expect(Object.fromEntries(columns).label).toMatch(/^varchar\(40\)( \w+)? null$/);
      expect(await under.store.columnTypes('nowhere')).toEqual(new Map());
    });

    test('counts the rows of a table', async () => {
      expect(await under.store.count('items')).toBe(3);
      expect(await under.store.count('empty_table')).toBe(0);
    });

    test('walks numeric keys in their order, page by page', async () => {
      expect(await walk('items', 'item_id', 2)).toEqual(['2', '9', '10']);
      expect(await walk('items', 'item_id', 3)).toEqual(['2', '9', '10']);
      expect(await walk('empty_table', 'id', 2)).toEqual([]);
    });

    test('walks keys beyond 2^53 without skipping or repeating one', async () => {
      const keys = ['5', '9007199254740992', '9007199254740993', '9007199254740995'];
      expect(await walk('big', 'big_id', 1)).toEqual(keys);
    });

    test('walks text keys, each once', async () => {
      const keys = await walk('coded', 'code', 1);
      expect([...keys].sort()).toEqual(['10', '9', "a'x", 'b', 'ä']);
    });

    test('gives texts, NULL and dates as the database has them', async () => {
      const [two, nine, ten] = await under.store.readRowsAfter('items', 'item_id', null, 10);
      expect(two?.columns).toEqual({
        item_id: 2,
        label: 'zwei 😀',
        born: '2020-01-02 03:04:05',
        day: '2020-01-02',
      });
      expect(nine?.columns.label).toBe('');
      expect(ten?.columns).toEqual({ item_id: 10, label: null, born: null, day: null });
    });

    test('reads the named rows that exist, by numbers, big numbers and texts', async () => {
      const keys = async (table: string, key: string, wanted: readonly string[]) =>
        (await under.store.readRows(table, key, wanted)).map((row) => row.key).sort();
      expect(await keys('items', 'item_id', ['10', '3', '2'])).toEqual(['10', '2']);
      expect(await keys('big', 'big_id', ['9007199254740993', '9007199254740994'])).toEqual([
        '9007199254740993',
      ]);
      expect(await keys('coded', 'code', ["a'x", 'ä', 'zz'])).toEqual(["a'x", 'ä']);
      expect(await keys('items', 'item_id', [])).toEqual([]);
    });

    test('gives a row once, with its own key, where two keys are one to its collation; a key that it cannot write is none', async () => {
      await under.execute(under.letters);
      await under.execute("INSERT INTO letters VALUES ('a'), ('B'), ('?')");
      const asked = ['A', 'a', 'b', '😀', 'c'];
      expect((await under.store.readRows('letters', 'code', asked)).map(({ key }) => key).sort()).toEqual(
        expect.arrayContaining(['B', 'a']),
      );
      const rows = await under.store.readRows('letters', 'code', asked);
      expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
      expect(await under.store.readKeys('letters', 'code', asked)).toEqual(
        expect.arrayContaining(['a', 'B']),
      );
      expect(await walk('letters', 'code', 1)).toEqual(['?', 'a', 'B']);
    });

    test('says what columns hold', async () => {
      expect([...(await under.store.columnKinds('items'))]).toEqual([
        ['item_id', 'number'],
        ['label', 'plain'],
        ['born', 'instant'],
        ['day', 'instant'],
      ]);
    });

    test('sees a write as soon as it is committed', async () => {
      await under.execute("INSERT INTO items VALUES (11, 'new', NULL, NULL)");
      expect((await under.store.readRows('items', 'item_id', ['11']))[0]?.columns.label).toBe('new');
      await under.execute('DELETE FROM items WHERE item_id = 11');
      expect(await under.store.readRows('items', 'item_id', ['11'])).toEqual([]);
    });

    test('refuses a table that does not exist', async () => {
      await expect(under.store.count('nowhere')).rejects.toThrow(/nowhere/);
      await expect(under.store.readRowsAfter('nowhere', 'id', null, 1)).rejects.toThrow(/nowhere/);
    });
  });
}
