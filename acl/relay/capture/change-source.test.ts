import { expect, test } from '@jest/globals';
import mysql from 'mysql2/promise';
import { MYSQL_URL } from '../../testing/databases.ts';
import { type LegacyDatabase, legacyDatabases } from '../../testing/legacy-database.ts';
import { LegacyBusy } from '../source/legacy-busy.ts';
import { cascadesTo, type ForeignKey } from './cascades.ts';
import { changeSourceSuite } from './change-source.suite.ts';
import { openChangeSource } from './open-change-source.ts';
import { triggerName } from './trigger-name.ts';

for (const [kind, create] of legacyDatabases)
  changeSourceSuite(kind, async () => {
    const database = await create();
    return { ...database, open: (tables) => openChangeSource(database.url, 'set', tables) };
  });
if (!MYSQL_URL) test.skip('MySQL as a change source: FIG_TEST_MYSQL_URL names no server', () => {});

(MYSQL_URL ? test : test.skip)(
  `beside a transaction that does not end it gives up, says whose it is, and holds up nobody else for long${MYSQL_URL ? '' : ' (FIG_TEST_MYSQL_URL names no server)'}`,
  async () => {
    const database = await (legacyDatabases.get('MySQL') as () => Promise<LegacyDatabase>)();
    const [slow, other] = [await database.writer(), await database.writer()];
    await slow.execute('CREATE TABLE items (item_id INTEGER PRIMARY KEY, label VARCHAR(20))');
    await slow.execute('BEGIN');
    await slow.execute("INSERT INTO items VALUES (1, 'x')");
    const source = openChangeSource(database.url, 'set', [{ name: 'items', key: 'item_id' }]);
    let worstMs = 0;
    let isOver = false;
    const busy = (async () => {
      for (let n = 2; !isOver; n += 1) {
        const started = performance.now();
        await other.execute(`INSERT INTO items VALUES (${n}, 'y')`);
        worstMs = Math.max(worstMs, performance.now() - started);
      }
    })();
    const [{ id }] = (await slow.read('SELECT CONNECTION_ID() AS id')) as [{ id: number }];
    const refused = await source.install().catch((error: unknown) => error);
    isOver = true;
    await busy;
    expect(refused).toBeInstanceOf(LegacyBusy);
    expect((refused as Error).message).toMatch(/^LOCK TABLES items: its table was in use/);
    expect((refused as Error).message).toContain(`${id} (fig, open for `);
    expect(worstMs).toBeLessThan(3_000);
    expect(await source.state()).toEqual({ kind: 'absent' });
    await slow.execute('COMMIT');
    await source.install();
    expect(await source.state()).toEqual({ kind: 'installed' });
    await Promise.all([source, slow, other].map((one) => one.close()));
    await database.drop();
  },
  30_000,
);

(MYSQL_URL ? test : test.skip)(
  `triggers come to a table beside others without a failure of statements that are prepared meanwhile${MYSQL_URL ? '' : ' (FIG_TEST_MYSQL_URL names no server)'}`,
  async () => {
    const database = await (legacyDatabases.get('MySQL') as () => Promise<LegacyDatabase>)();
    const setUp = await database.writer();
    await setUp.execute('CREATE TABLE items (item_id INTEGER PRIMARY KEY, label VARCHAR(20))');
    await setUp.execute(
      "INSERT INTO items VALUES (1, 'x'), (2, 'x'), (3, 'x'), (4, 'x'), (5, 'x'), (6, 'x')",
    );
    // The application has triggers of its own, whose tables a prepared statement keeps in mind.
    await setUp.execute('CREATE TABLE audit (n INTEGER AUTO_INCREMENT PRIMARY KEY, id INTEGER)');
    await setUp.execute(
      'CREATE TRIGGER audited AFTER UPDATE ON items FOR EACH ROW INSERT INTO audit (id) VALUES (NEW.item_id)',
    );
    const { hostname: host, port, username: user, password, pathname } = new URL(database.url);
    const options = { host, port: Number(port), user, password, database: pathname.slice(1) };
    const failures = new Set<string>();
    let isOver = false;
    let writes = 0;
    const clients = Array.from({ length: 6 }, async (_, n) => {
      const client = await mysql.createConnection(options);
      while (!isOver) {
        writes += 1;
        await client
          .execute('UPDATE items SET label = ? WHERE item_id = ?', [`${writes}`, n + 1])
          .catch((error: Error) => failures.add(error.message));
      }
      await client.end();
    });
    const source = openChangeSource(database.url, 'set', [{ name: 'items', key: 'item_id' }]);
    for (let round = 0; round < 40; round += 1) {
      await source.install();
      await new Promise((resolve) => setTimeout(resolve, 10));
      for (const event of ['insert', 'update', 'delete'])
        await setUp.execute(`DROP TRIGGER ${triggerNames(await setUp.read('SHOW TRIGGERS'), event)}`);
    }
    isOver = true;
    await Promise.all(clients);
    expect([...failures]).toEqual([]);
    expect(writes).toBeGreaterThan(200);
    await Promise.all([source, setUp].map((one) => one.close()));
    await database.drop();
  },
  60_000,
);

const triggerNames = (rows: readonly Record<string, unknown>[], event: string): string =>
  String(rows.find(({ Trigger }) => String(Trigger).startsWith(`_fig_${event}_`))?.Trigger);

const key = (child: string, parent: string, onDelete = 'CASCADE', onUpdate = 'RESTRICT'): ForeignKey => ({
  ...{ child, parent, onDelete, onUpdate },
  ...{ columns: [`${parent}_id`], references: ['id'] },
});

test('what cascades to a table is told over every way, and a circle is refused', () => {
  const told = (...keys: ForeignKey[]) =>
    cascadesTo('t', keys).map(
      ({ event, on, way }) => `${event} ${on} over ${way.map(({ parent }) => parent).join('.')}`,
    );
  expect(told(key('t', 'a', 'RESTRICT'), key('a', 'b'))).toEqual([]);
  expect(told(key('t', 'a', 'SET NULL'), key('a', 'b'), key('b', 'c', 'SET NULL'))).toEqual([
    'DELETE a over a',
    'DELETE b over a.b',
  ]);
  expect(told(key('t', 'a', 'NO ACTION', 'CASCADE'))).toEqual(['UPDATE a over a']);
  expect(told(key('t', 'a'), key('t', 'b'), key('a', 'c'), key('b', 'c')).sort()).toEqual([
    'DELETE a over a',
    'DELETE b over b',
    'DELETE c over a.c',
    'DELETE c over b.c',
  ]);
  expect(() => told(key('t', 't'))).toThrow(/into its own table: t → t/);
  expect(() => told(key('t', 'a'), key('a', 'b'), key('b', 'a'))).toThrow(/a circle .*: t → a, a → b, b → a/);
});

test('names of triggers fit, and differ', () => {
  const long = 'x'.repeat(64);
  const names = [
    triggerName('insert', ['a'], 'body'),
    triggerName('update', ['a'], 'body'),
    triggerName('update', ['a'], 'another body'),
    triggerName('above12_update', [long, `${long}y`], 'body'),
    triggerName('above12_update', [long, `${long}z`], 'body'),
  ];
  expect(new Set(names).size).toBe(5);
  for (const name of names) expect(name.length).toBeLessThanOrEqual(64);
});
