import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Writer } from '../../testing/legacy-database.ts';
import type { CapturedTable, Change, ChangeSource } from './change-source.ts';

export type SourceUnderTest = {
  open(tables: readonly CapturedTable[]): ChangeSource;
  writer(): Promise<Writer>;
  drop(): Promise<void>;
};

const ITEMS: CapturedTable = { name: 'items', key: 'item_id' };
const LINES: CapturedTable = { name: 'lines', key: 'line_id' };
const NOTES: CapturedTable = { name: 'items_notes', key: 'code' };

const SCHEMA = [
  'CREATE TABLE groups_ (group_id INTEGER PRIMARY KEY, label VARCHAR(20))',
  `CREATE TABLE items (item_id BIGINT PRIMARY KEY, group_id INTEGER, label VARCHAR(40),
   CONSTRAINT in_group FOREIGN KEY (group_id) REFERENCES groups_ (group_id) ON DELETE CASCADE ON UPDATE CASCADE)`,
  `CREATE TABLE \`lines\` (line_id INTEGER PRIMARY KEY, item_id BIGINT, sister INTEGER,
   CONSTRAINT of_item FOREIGN KEY (item_id) REFERENCES items (item_id) ON DELETE CASCADE)`,
  `CREATE TABLE items_notes (code VARCHAR(20) PRIMARY KEY, group_id INTEGER,
   CONSTRAINT note_of FOREIGN KEY (group_id) REFERENCES groups_ (group_id) ON DELETE SET NULL)`,
];

/** What every ChangeSource promises. */
export function changeSourceSuite(name: string, create: () => Promise<SourceUnderTest>): void {
  describe(`${name} as a change source`, () => {
    let under: SourceUnderTest;
    let source: ChangeSource;
    let writer: Writer;
    const opened: ChangeSource[] = [];
    const open = (...tables: CapturedTable[]) => {
      const one = under.open(tables);
      opened.push(one);
      return one;
    };
    beforeEach(async () => {
      under = await create();
      writer = await under.writer();
      for (const sql of SCHEMA) await writer.execute(sql);
      source = open(ITEMS);
    });
    afterEach(async () => {
      await writer.close();
      for (const one of opened.splice(0)) await one.close();
      await under.drop();
    });
    const run = async (...statements: string[]) => {
      for (const sql of statements) await writer.execute(sql);
    };
    const told = (changes: readonly Change[]) => changes.map(({ table, key }) => `${table} ${key}`);
    /** What waits, each row once; it is taken off. */
    const drained = async (one = source): Promise<string[]> => {
      const changes = await one.changes(1000);
      await one.ack(changes);
      return [...new Set(told(changes))].sort();
    };

    test('notes every row that is written, by its key, from its installation on', async () => {
      await run("INSERT INTO items VALUES (1, NULL, 'before')");
      expect(await source.state()).toEqual({ kind: 'absent' });
      expect(await source.preflight()).toEqual([]);
      await source.install();
      expect(await source.state()).toEqual({ kind: 'installed' });
      await run(
        "INSERT INTO items VALUES (2, NULL, 'two'), (3, NULL, 'three')",
        "UPDATE items SET label = 'ONE' WHERE item_id = 1",
        'DELETE FROM items WHERE item_id = 3',
      );
      expect(told(await source.changes(100))).toEqual(['items 2', 'items 3', 'items 1', 'items 3']);
    });

    test('notes both keys of a row that gets another one, and keys beyond 2^53 and of text as they are', async () => {
      const notes = open(NOTES);
      await source.install();
      await notes.install();
      await run(
        'INSERT INTO items VALUES (9007199254740993, NULL, NULL)',
        'UPDATE items SET item_id = 9007199254740995',
        "INSERT INTO items_notes VALUES ('a''ä ', NULL)",
      );
      expect(await drained()).toEqual(['items 9007199254740993', 'items 9007199254740995']);
      expect(await drained(notes)).toEqual(["items_notes a'ä "]);
      await run("UPDATE items_notes SET code = 'A''ä '");
      expect(await drained(notes)).toEqual(["items_notes A'ä ", "items_notes a'ä "]);
    });

    test('gives nothing of a transaction that is not over, and nothing ever of one that is taken back', async () => {
      await source.install();
      await run('BEGIN', "INSERT INTO items VALUES (1, NULL, 'x')");
      expect(await source.changes(100)).toEqual([]);
      await run('COMMIT');
      expect(await drained()).toEqual(['items 1']);
      await run('BEGIN', "INSERT INTO items VALUES (2, NULL, 'x')", 'ROLLBACK');
      expect(await source.changes(100)).toEqual([]);
    });

    test('drops exactly what is acknowledged: a row that is written meanwhile waits again', async () => {
      await source.install();
      await run("INSERT INTO items VALUES (1, NULL, 'x')");
      const first = await source.changes(100);
      await run("UPDATE items SET label = 'y'");
      await source.ack(first);
      const second = await source.changes(100);
      expect(told(second)).toEqual(['items 1']);
      expect(second[0]?.seq).not.toBe(first[0]?.seq);
      await source.ack([]);
      await source.ack(first);
      expect(await drained()).toEqual(['items 1']);
      expect(await source.changes(100)).toEqual([]);
    });

    test('gives so many at once, oldest first, until there is nothing', async () => {
      await source.install();
      for (let n = 1; n <= 5; n++) await run(`INSERT INTO items VALUES (${n}, NULL, 'x')`);
      const seen: string[] = [];
      for (let part = await source.changes(2); part.length > 0; part = await source.changes(2)) {
        seen.push(told(part).join());
        await source.ack(part);
      }
      expect(seen).toEqual(['items 1,items 2', 'items 3,items 4', 'items 5']);
    });

    test('notes what foreign keys do to its rows: removed, set to NULL, over several tables', async () => {
      const [lines, notes] = [open(LINES), open(NOTES)];
      for (const one of [source, lines, notes]) await one.install();
      await run(
        "INSERT INTO groups_ VALUES (1, 'a'), (2, 'b')",
        "INSERT INTO items VALUES (10, 1, 'x'), (11, 1, 'y'), (12, 2, 'z')",
        'INSERT INTO `lines` VALUES (100, 10, 1), (101, 11, 1), (102, 12, 1)',
        "INSERT INTO items_notes VALUES ('n', 1), ('m', NULL)",
      );
      for (const one of [source, lines, notes]) await drained(one);
      await run('DELETE FROM groups_ WHERE group_id = 1');
      expect(await drained()).toEqual(['items 10', 'items 11']);
      expect(await drained(lines)).toEqual(['lines 100', 'lines 101']);
      expect(await drained(notes)).toEqual(['items_notes n']);
      await run('UPDATE groups_ SET group_id = 7 WHERE group_id = 2');
      expect(await drained()).toEqual(['items 12']);
      await run("UPDATE groups_ SET label = 'c'");
      expect(await drained()).toEqual([]);
    });

    test('keeps the sets of one database apart, also when one of them is removed', async () => {
      const notes = open(NOTES);
      await source.install();
      await notes.install();
      await run("INSERT INTO items VALUES (1, NULL, 'x')", "INSERT INTO items_notes VALUES ('n', NULL)");
      expect(told(await source.changes(100))).toEqual(['items 1']);
      expect(told(await notes.changes(100))).toEqual(['items_notes n']);
      await source.remove();
      expect([await source.state(), await notes.state()]).toEqual([
        { kind: 'absent' },
        { kind: 'installed' },
      ]);
      await run("INSERT INTO items VALUES (2, NULL, 'x')", "INSERT INTO items_notes VALUES ('m', NULL)");
      expect(await drained(notes)).toEqual(['items_notes m', 'items_notes n']);
    });

    test('leaves nothing behind, and can be installed and removed any number of times', async () => {
      for (let n = 0; n < 2; n++) {
        await source.install();
        await source.install();
        await run(`INSERT INTO items VALUES (${n}, NULL, 'x')`);
        expect((await source.changes(100)).length).toBe(1);
        await source.remove();
        await source.remove();
        expect(await source.state()).toEqual({ kind: 'absent' });
        await expect(writer.execute('SELECT 1 FROM _fig_change')).rejects.toThrow(/_fig_change/);
      }
    });

    test('says which parts of it are gone, and installs them again', async () => {
      await source.install();
      await run('ALTER TABLE items RENAME TO items_old', 'CREATE TABLE items (item_id BIGINT PRIMARY KEY)');
      await run('DROP TABLE `lines`', 'DROP TABLE items_old');
      const state = await source.state();
      expect(['broken', 'absent']).toContain(state.kind);
      await source.install();
      expect(await source.state()).toEqual({ kind: 'installed' });
      await run('INSERT INTO items VALUES (5)');
      expect(await drained()).toContain('items 5');
    });

    test('puts up what another body asks for, and takes down what stood there for it', async () => {
      await open({ name: 'items', key: 'group_id' }).install();
      expect((await source.state()).kind).toBe('absent');
      await source.install();
      expect(await source.state()).toEqual({ kind: 'installed' });
      await run("INSERT INTO groups_ VALUES (77, 'a')", "INSERT INTO items VALUES (1, 77, 'x')");
      expect(told(await source.changes(100))).toEqual(['items 1']);
    });

    test('says how much waits, and for how long', async () => {
      await source.install();
      expect(await source.lag()).toEqual({ waiting: 0, oldestMs: null });
      await run("INSERT INTO items VALUES (1, NULL, 'x'), (2, NULL, 'y')");
      await new Promise((resolve) => setTimeout(resolve, 50));
      const { waiting, oldestMs } = await source.lag();
      expect(waiting).toBe(2);
      expect(oldestMs).toBeGreaterThanOrEqual(40);
      expect(oldestMs).toBeLessThan(20_000);
    });

    test('covers a position when nothing up to it waits, whatever came behind it', async () => {
      await source.install();
      expect(await source.head()).toBeNull();
      expect(await source.covers(null)).toBe(true);
      await run("INSERT INTO items VALUES (1, NULL, 'x'), (2, NULL, 'y')");
      const [first, second] = await source.changes(2);
      expect(await source.head()).toBe(second?.seq);
      await run("INSERT INTO items VALUES (3, NULL, 'z')");
      await source.ack([second as Change]);
      expect(await source.covers(second?.seq as string)).toBe(false);
      await source.ack([first as Change]);
      expect(await source.covers(second?.seq as string)).toBe(true);
      expect(await source.covers(await source.head())).toBe(false);
    });

    test('has a position that covers a write as soon as it is carried over, and not before', async () => {
      const notes = open(NOTES);
      await source.install();
      await notes.install();
      expect(await source.head()).toBeNull();
      expect(await source.covers(null)).toBe(true);
      await run("INSERT INTO items VALUES (1, NULL, 'x')");
      const first = await source.head();
      await run("INSERT INTO items_notes VALUES ('n', NULL)", "INSERT INTO items VALUES (2, NULL, 'x')");
      const second = await source.head();
      expect(second).not.toBe(first);
      expect([await source.covers(first), await source.covers(second)]).toEqual([false, false]);
      await source.ack((await source.changes(100)).slice(0, 1));
      expect([await source.covers(first), await source.covers(second)]).toEqual([true, false]);
      await source.ack(await source.changes(100));
      expect([await source.covers(second), await source.head()]).toEqual([true, null]);
      // Another set's entry waits, and holds up nobody but its own.
      expect(await notes.covers(await notes.head())).toBe(false);
    });

    test('covers a position by its number, also beyond 2^53 and where digits are more', async () => {
      await source.install();
      const put = (seq: string) => run(`INSERT INTO _fig_change (seq, tab, k) VALUES (${seq}, 'items', '1')`);
      await put('9007199254740993');
      expect(await source.head()).toBe('9007199254740993');
      expect(await source.covers('9007199254740992')).toBe(true);
      expect(await source.covers('9007199254740993')).toBe(false);
      await put('10');
      await put('9');
      expect(await source.covers('8')).toBe(true);
      expect(await source.covers('9')).toBe(false);
      await source.ack((await source.changes(100)).filter(({ seq }) => seq === '9'));
      expect([await source.covers('9'), await source.covers('10')]).toEqual([true, false]);
    });

    test('has no position of a transaction that is not over, and covers it no earlier than it ends', async () => {
      await source.install();
      await run('BEGIN', "INSERT INTO items VALUES (1, NULL, 'x')");
      expect(await source.head()).toBeNull();
      await run('COMMIT');
      const position = await source.head();
      expect(await source.covers(position)).toBe(false);
    });

    test('says before what keeps it from being installed', async () => {
      await run('CREATE TABLE loose (a INTEGER, b INTEGER, PRIMARY KEY (a, b))');
      const problems = (table: CapturedTable) => open(table).preflight();
      expect(await problems({ name: 'nowhere', key: 'id' })).toEqual([
        expect.stringMatching(/^nowhere: expected a table/),
      ]);
      expect(await problems({ name: 'items', key: 'label' })).toEqual([
        expect.stringMatching(/^items: expected the primary key `label`, got item_id\./),
      ]);
      expect(await problems({ name: 'loose', key: 'a' })).toEqual([
        expect.stringMatching(/^loose: expected/),
      ]);
    });

    test('loses nothing to writers that end in another order than they began', async () => {
      await source.install();
      const seen = new Set<string>();
      const writers = await Promise.all(Array.from({ length: 4 }, () => under.writer()));
      let isOver = false;
      const consume = async () => {
        do {
          for (const key of await drained()) seen.add(key);
          await new Promise((resolve) => setTimeout(resolve, 1));
        } while (!isOver);
        for (const key of await drained()) seen.add(key);
      };
      const consuming = consume();
      await Promise.all(
        writers.map(async (one, w) => {
          for (let n = 0; n < 40; n++) {
            const id = w * 1000 + n;
            await one.execute('BEGIN IMMEDIATE_');
            await one.execute(`INSERT INTO items VALUES (${id}, NULL, 'x')`);
            // Holds its entry back while others overtake it.
            if (n % 3 === w % 3) await new Promise((resolve) => setTimeout(resolve, 3));
            await one.execute('COMMIT');
          }
        }),
      );
      isOver = true;
      await consuming;
      for (const one of writers) await one.close();
      expect(seen.size).toBe(160);
    });
  });
}
