import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MYSQL_URL } from '../../testing/databases.ts';
import { type LegacyDatabase, legacyDatabases, type Writer } from '../../testing/legacy-database.ts';
import { waitUntil } from '../../testing/wait-until.ts';
import type { LegacyGate } from './legacy-gate.ts';
import { openLegacyGate } from './open-legacy-gate.ts';

const SCHEMA = [
  'CREATE TABLE groups_ (group_id INTEGER PRIMARY KEY, label VARCHAR(20))',
  `CREATE TABLE items (item_id INTEGER PRIMARY KEY, group_id INTEGER, label VARCHAR(40),
   CONSTRAINT in_group FOREIGN KEY (group_id) REFERENCES groups_ (group_id) ON DELETE CASCADE ON UPDATE CASCADE)`,
  'CREATE TABLE others (id INTEGER PRIMARY KEY)',
  "INSERT INTO groups_ VALUES (1, 'with items'), (2, 'empty')",
  "INSERT INTO items VALUES (1, 1, 'one'), (2, NULL, 'two')",
];
const REFUSED = /data set things is not owned/;

describe.each([...legacyDatabases])('the gate on %s', (kind, create) => {
  let database: LegacyDatabase;
  let writer: Writer;
  let gate: LegacyGate;
  beforeEach(async () => {
    database = await create();
    writer = await database.writer();
    for (const sql of SCHEMA) await writer.execute(sql);
    gate = openLegacyGate(database.url, 'things', [{ name: 'items', key: 'item_id' }]);
  });
  afterEach(async () => {
    await writer.close();
    await gate.close();
    await database.drop();
  });
  const labels = async () =>
    (await writer.read('SELECT label FROM items ORDER BY item_id')).map(({ label }) => label);
  const close = () => gate.write({ owner: 'nobody', epoch: 2 });
  const isWaiting = async () => {
    // What is looked at more often than every 0.1 s stays as it was seen first (MySQL manual, "INNODB_TRX").
    await new Promise((resolve) => setTimeout(resolve, 150));
    return (
      (await writer.read("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"))
        .length > 0
    );
  };

  test('stands open for legacy, and lets nobody write from the change of owners on', async () => {
    expect(await gate.read()).toBeNull();
    expect(await gate.state()).toEqual({ kind: 'absent' });
    await gate.install();
    expect(await gate.read()).toEqual({ owner: 'legacy', epoch: 1 });
    expect(await gate.state()).toEqual({ kind: 'installed' });
    expect(await gate.cascades()).toEqual([
      'DELETE of groups_ (reaches items)',
      'UPDATE of groups_ (reaches items)',
    ]);
    await writer.execute("UPDATE items SET label = 'ONE' WHERE item_id = 1");
    expect(await close()).toEqual({ ok: true, ownership: { owner: 'nobody', epoch: 2 } });
    await expect(writer.execute("INSERT INTO items VALUES (3, NULL, 'three')")).rejects.toThrow(REFUSED);
    await expect(writer.execute("UPDATE items SET label = 'x'")).rejects.toThrow(REFUSED);
    await expect(writer.execute('DELETE FROM items WHERE item_id = 2')).rejects.toThrow(REFUSED);
    expect(await labels()).toEqual(['ONE', 'two']);
    await writer.execute('INSERT INTO others VALUES (1)');
    await gate.write({ owner: 'candidate', epoch: 3 });
    await expect(writer.execute("UPDATE items SET label = 'x'")).rejects.toThrow(REFUSED);
    await gate.write({ owner: 'legacy', epoch: 4 });
    await writer.execute("INSERT INTO items VALUES (3, NULL, 'three')");
    expect(await labels()).toEqual(['ONE', 'two', 'three']);
  });

  test('refuses what would reach the rows by a foreign key, and nothing else of the table above', async () => {
    await gate.install();
    await close();
    await expect(writer.execute('DELETE FROM groups_ WHERE group_id = 1')).rejects.toThrow(REFUSED);
    await expect(writer.execute('UPDATE groups_ SET group_id = 9 WHERE group_id = 1')).rejects.toThrow(
      REFUSED,
    );
    await writer.execute("UPDATE groups_ SET label = 'renamed' WHERE group_id = 1");
    await writer.execute('DELETE FROM groups_ WHERE group_id = 2');
    expect(await labels()).toEqual(['one', 'two']);
  });

  // On SQLite a transaction that has read what is not any more writes nothing at all.
  if (kind === 'MySQL')
    test('refuses it also to a transaction that began before the rows were there', async () => {
      await gate.install();
      const early = await database.writer();
      await early.execute('BEGIN');
      await early.read('SELECT * FROM items');
      await writer.execute("INSERT INTO items VALUES (7, 2, 'later')");
      await close();
      await expect(early.execute('DELETE FROM groups_ WHERE group_id = 2')).rejects.toThrow(REFUSED);
      await early.execute('ROLLBACK');
      await early.close();
      expect(await labels()).toContain('later');
    });

  test('goes back by no older epoch, and its owner survives another installation', async () => {
    await gate.install();
    await gate.write({ owner: 'candidate', epoch: 5 });
    const held = { ok: true, ownership: { owner: 'candidate', epoch: 5 } };
    expect(await gate.write({ owner: 'legacy', epoch: 4 })).toEqual(held);
    expect(await gate.write({ owner: 'legacy', epoch: 5 })).toEqual(held);
    await gate.install();
    expect(await gate.read()).toEqual({ owner: 'candidate', epoch: 5 });
  });

  test('waits for a transaction that has written, and gives up after two seconds with nothing changed', async () => {
    await gate.install();
    const slow = await database.writer();
    await slow.execute('BEGIN IMMEDIATE_');
    await slow.execute("UPDATE items SET label = 'slow' WHERE item_id = 1");
    const started = performance.now();
    const refused = await close();
    expect(performance.now() - started).toBeGreaterThan(1_500);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(refused.ok).toBe(false);
    if (kind === 'MySQL' && !refused.ok) {
      const [{ id }] = (await slow.read('SELECT CONNECTION_ID() AS id')) as [{ id: number }];
      expect(refused.blockers.map((blocker) => blocker.id)).toContain(String(id));
    }
    expect(await gate.read()).toEqual({ owner: 'legacy', epoch: 1 });
    const flip = close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await slow.execute('COMMIT');
    await slow.close();
    expect((await flip).ok).toBe(true);
    expect(await labels()).toEqual(['slow', 'two']);
  }, 20_000);

  if (kind === 'MySQL')
    test('waits for a prepared transaction, whose connection may be gone, and names it', async () => {
      await gate.install();
      const label = database.url.split('/').at(-1) as string;
      const prepare = async (xid: string, id: number) => {
        const other = await database.writer();
        await other.execute(`XA START '${xid}'`);
        await other.execute(`UPDATE items SET label = 'XA' WHERE item_id = ${id}`);
        await other.execute(`XA END '${xid}'`);
        await other.execute(`XA PREPARE '${xid}'`);
        await other.close();
      };
      await prepare(`${label}-1`, 1);
      expect(await gate.openTransactions()).toContainEqual(
        expect.objectContaining({ id: expect.stringContaining(`${label}-1`) }),
      );
      const refused = await close();
      expect(refused).toMatchObject({ ok: false });
      expect(JSON.stringify(refused)).toContain(`${label}-1`);
      expect(await gate.read()).toEqual({ owner: 'legacy', epoch: 1 });
      const waiting = close();
      await writer.execute(`XA COMMIT '${label}-1'`);
      expect(await waiting).toEqual({ ok: true, ownership: { owner: 'nobody', epoch: 2 } });
      expect(await labels()).toEqual(['XA', 'two']);
    });

  if (kind === 'MySQL')
    test('gives up as well while a dump has its tables locked', async () => {
      await gate.install();
      await writer.execute('LOCK TABLES _fig_owner READ, items READ');
      expect(await close()).toMatchObject({ ok: false });
      await writer.execute('UNLOCK TABLES');
      expect(await gate.read()).toEqual({ owner: 'legacy', epoch: 1 });
    });

  test('lets no write of many writers through once it has changed', async () => {
    await gate.install();
    let next = 100;
    let closed = false;
    let late = 0;
    const hammer = async () => {
      const own = await database.writer();
      for (;;) {
        const id = next++;
        const wasClosed = closed;
        // SQLite answers in the same turn: the others would not come to it.
        await new Promise((resolve) => setTimeout(resolve, 1));
        try {
          await own.execute(`INSERT INTO items VALUES (${id}, NULL, 'w')`);
          if (wasClosed) late += 1;
        } catch (error) {
          if (REFUSED.test((error as Error).message)) break;
          throw error;
        }
      }
      await own.close();
    };
    const writers = Array.from({ length: 6 }, hammer);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const outcome = await close();
    const [atFlip] = await writer.read('SELECT count(*) AS n FROM items');
    closed = true;
    await Promise.all(writers);
    const [after] = await writer.read('SELECT count(*) AS n FROM items');
    expect(outcome.ok).toBe(true);
    expect(late).toBe(0);
    expect(Number(after?.n)).toBe(Number(atFlip?.n));
    expect(Number(after?.n)).toBeGreaterThan(10);
    if (kind === 'MySQL') expect(await gate.rejected()).toBe(6);
    else expect(await gate.rejected()).toBeNull();
  }, 20_000);

  test('says what of it is gone, fails closed without its owner, and is taken down again', async () => {
    await gate.install();
    const name = ((await gate.state()) as { kind: string }).kind;
    expect(name).toBe('installed');
    await writer.execute("DELETE FROM _fig_owner WHERE name = 'things'");
    expect(await gate.state()).toEqual({ kind: 'broken', missing: ['_fig_owner'] });
    await expect(writer.execute("UPDATE items SET label = 'x'")).rejects.toThrow(REFUSED);
    await gate.install();
    await writer.execute("UPDATE items SET label = 'x' WHERE item_id = 1");
    await gate.remove();
    expect(await gate.state()).toEqual({ kind: 'absent' });
    await writer.execute("UPDATE items SET label = 'y' WHERE item_id = 1");
    expect(await labels()).toEqual(['y', 'two']);
  });

  test('makes nobody wait for a table: writers of the same rows, some of several, end all the same', async () => {
    await gate.install();
    const [one, other] = [await database.writer(), await database.writer()];
    await one.execute('BEGIN IMMEDIATE_');
    await one.execute("UPDATE items SET label = 'first' WHERE item_id = 1");
    const waits = other.execute("UPDATE items SET label = 'second' WHERE item_id = 1");
    if (kind === 'MySQL') await waitUntil(isWaiting, 'the other one waits');
    await one.execute("UPDATE items SET label = 'third' WHERE item_id = 2");
    await one.execute('COMMIT');
    await waits;
    expect(await labels()).toEqual(['second', 'third']);
    await Promise.all([one.close(), other.close()]);
  }, 20_000);

  test('is told as it stays: a change that a killed process had sent has ended by then', async () => {
    await gate.install();
    const slow = await database.writer();
    await slow.execute('BEGIN IMMEDIATE_');
    await slow.execute("UPDATE items SET label = 'slow' WHERE item_id = 1");
    const doomed = spawn(process.execPath, [
      ...['--input-type=module', '--eval'],
      `const { openLegacyGate } = await import(${JSON.stringify(join(import.meta.dirname, 'open-legacy-gate.ts'))});
       const gate = openLegacyGate(${JSON.stringify(database.url)}, 'things', [{ name: 'items', key: 'item_id' }]);
       await gate.read();
       process.stdout.write('there');
       await gate.write({ owner: 'nobody', epoch: 2 });`,
    ]);
    await once(doomed.stdout, 'data');
    // It waits in the database for the writer.
    if (kind === 'MySQL') await waitUntil(isWaiting, 'the change waits');
    doomed.kill('SIGKILL');
    await once(doomed, 'exit');
    const settled = gate.settled();
    // Time for an answer that would come too early.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await slow.execute('COMMIT');
    await slow.close();
    const told = await settled;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await gate.read()).toEqual(told);
  }, 60_000);
});

if (!MYSQL_URL) test.skip('the gate on MySQL: FIG_TEST_MYSQL_URL names no server', () => {});
