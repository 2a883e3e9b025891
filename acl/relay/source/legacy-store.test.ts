import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import mysql from 'mysql2/promise';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase } from '../../testing/databases.ts';
import { legacyStoreSuite } from './legacy-store.suite.ts';
import { openLegacyStore } from './open-legacy-store.ts';

legacyStoreSuite('SQLite', async () => {
  const database = await sqliteDatabase();
  const writer = new DatabaseSync(database.url.slice('sqlite:'.length));
  writer.exec('PRAGMA journal_mode = WAL');
  const store = await openLegacyStore(database.url);
  return {
    store,
    execute: async (sql) => writer.exec(sql),
    letters: 'CREATE TABLE letters (code TEXT COLLATE NOCASE PRIMARY KEY)',
    close: async () => {
      await store.close();
      writer.close();
      await database.drop();
    },
  };
});

if (MYSQL_URL === '') {
  describe.skip('MySQL as a legacy store (FIG_TEST_MYSQL_URL is not set)', () => test('', () => {}));
} else {
  legacyStoreSuite('MySQL', async () => {
    const database = await mysqlDatabase();
    const writer = await mysql.createConnection(database.url);
    const store = await openLegacyStore(database.url);
    return {
      store,
      execute: async (sql) => void (await writer.query(sql)),
      letters: 'CREATE TABLE letters (code VARCHAR(9) CHARACTER SET latin1 PRIMARY KEY)',
      close: async () => {
        await store.close();
        await writer.end();
        await database.drop();
      },
    };
  });
}

describe('the SQLite store beside a writer', () => {
  test('neither waits for an open write transaction nor blocks it', async () => {
    const database = await sqliteDatabase();
    const writer = new DatabaseSync(database.url.slice('sqlite:'.length), { timeout: 0 });
    writer.exec(
      'PRAGMA journal_mode = WAL; CREATE TABLE items (id INTEGER PRIMARY KEY); INSERT INTO items VALUES (1)',
    );
    const store = await openLegacyStore(database.url);
    writer.exec('BEGIN IMMEDIATE; INSERT INTO items VALUES (2)');
    expect((await store.readRowsAfter('items', 'id', null, 10)).map((row) => row.key)).toEqual(['1']);
    writer.exec('COMMIT');
    expect(await store.count('items')).toBe(2);
    const checkpoint = writer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    expect(checkpoint).toMatchObject({ busy: 0 });
    await store.close();
    writer.close();
    await database.drop();
  });

  test('cannot write', async () => {
    const database = await sqliteDatabase();
    new DatabaseSync(database.url.slice('sqlite:'.length)).close();
    const store = await openLegacyStore(database.url);
    await expect(store.count('x] ; DROP TABLE y; --')).rejects.toThrow(RangeError);
    await store.close();
    await database.drop();
  });
});

describe('LEGACY_DATABASE_URL', () => {
  test.each([
    ['sqlite:/nowhere/legacy.db', /^LEGACY_DATABASE_URL: .*sqlite:\/nowhere\/legacy\.db: no such file\. /],
    [
      'mysql://root:hunter2@127.0.0.1:1/shop',
      /^LEGACY_DATABASE_URL: .*mysql:\/\/127\.0\.0\.1:1\/shop: .*ECONNREFUSED/,
    ],
    ['postgres://root:hunter2@127.0.0.1/shop', /^LEGACY_DATABASE_URL: expected mysql:.*got `postgres:…`/],
    ['mysql://root:hunter2@127.0.0.1', /^LEGACY_DATABASE_URL: expected mysql:/],
    ['hunter2', /^LEGACY_DATABASE_URL: .*got `no scheme…`/],
  ])('%s is refused in one line without the password', async (url, line) => {
    const error: unknown = await openLegacyStore(url).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toMatch(line);
    expect((error as Error).message).not.toMatch(/hunter2|\n/);
  });
});
