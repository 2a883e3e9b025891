import { DatabaseSync } from 'node:sqlite';
import type { CapturedTable, CaptureState, Change, ChangeSource } from './change-source.ts';
import { QUEUE } from './change-source.ts';
import { createOwners, inOneGo, quoted, text, unlessRelay } from './sqlite-triggers.ts';
import { triggerName } from './trigger-name.ts';

const EVENTS = ['INSERT', 'UPDATE', 'DELETE'] as const;

/**
 * The trigger queue in SQLite. What foreign keys do fires triggers here, so a table needs its own and nothing else.
 * `REPLACE` of a row that stands in the way by another unique key fires none (PRAGMA recursive_triggers is off): what goes
 * so is found by a comparison of both stores.
 */
export function openSqliteTriggerQueue(
  path: string,
  set: string,
  tables: readonly CapturedTable[],
): ChangeSource {
  const database = new DatabaseSync(path, { timeout: 0 });
  const triggers = tables.flatMap((table) => EVENTS.map((event) => trigger(set, table, event)));
  const names = triggers.map(({ name }) => name);
  const marks = tables.map(() => '?').join(', ');
  const own = tables.map(({ name }) => name);
  const all = (sql: string, ...values: readonly (string | number | bigint)[]) =>
    database.prepare(sql).all(...values) as Record<string, string | number | null>[];

  const missing = (): string[] => {
    const there = new Set(
      all(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).map(({ name }) => name),
    );
    return names.filter((name) => !there.has(name));
  };
  /** All that fill the queue from these tables, also such as were put up for another body. */
  const dropTriggers = (keep: readonly string[]) => {
    const there = all(
      `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN (${marks}) AND instr(sql, 'INSERT INTO ${QUEUE} ') > 0`,
      ...own,
    );
    for (const { name } of there)
      if (!keep.includes(String(name))) database.exec(`DROP TRIGGER ${quoted(String(name))}`);
  };
  const hasQueue = () =>
    all(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`, QUEUE).length > 0;

  return {
    name: `sqlite:${path}`,
    async preflight() {
      return tables.flatMap(({ name, key }) => {
        const columns = all('SELECT name, pk FROM pragma_table_info(?)', name);
        if (columns.length === 0)
          return [`${name}: expected a table, got none. Correct \`tables\` of the data set.`];
        const keys = columns.filter(({ pk }) => Number(pk) > 0).map(({ name: column }) => column);
        return keys.length === 1 && keys[0] === key
          ? []
          : [
              `${name}: expected the primary key \`${key}\`, got ${keys.join(', ') || 'none'}. Correct its \`key\`.`,
            ];
      });
    },
    async install() {
      await inOneGo(database, () => {
        database.exec(
          `CREATE TABLE IF NOT EXISTS ${QUEUE} (seq INTEGER PRIMARY KEY AUTOINCREMENT, tab TEXT NOT NULL, k TEXT NOT NULL,
           at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))`,
        );
        createOwners(database);
        dropTriggers(names);
        for (const { sql } of triggers) database.exec(sql);
      });
    },
    async remove() {
      await inOneGo(database, () => {
        dropTriggers([]);
        if (!hasQueue()) return;
        database.prepare(`DELETE FROM ${QUEUE} WHERE tab IN (${marks})`).run(...own);
        const others = all(
          `SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '\\_fig\\_%' ESCAPE '\\'`,
        );
        if (others.length === 0) database.exec(`DROP TABLE ${QUEUE}; DROP TABLE IF EXISTS _fig_owner`);
      });
    },
    async state(): Promise<CaptureState> {
      const gone = missing();
      if (gone.length === names.length) return { kind: 'absent' };
      const lost = hasQueue() ? gone : [QUEUE, ...gone];
      return lost.length === 0 ? { kind: 'installed' } : { kind: 'broken', missing: lost };
    },
    async changes(limit) {
      const rows = all(
        `SELECT CAST(seq AS TEXT) AS seq, tab, k FROM ${QUEUE} WHERE tab IN (${marks}) ORDER BY seq LIMIT ?`,
        ...own,
        limit,
      );
      return rows.map(
        ({ seq, tab, k }): Change => ({ seq: String(seq), table: String(tab), key: String(k) }),
      );
    },
    async ack(changes) {
      const drop = database.prepare(`DELETE FROM ${QUEUE} WHERE seq = ?`);
      await inOneGo(database, () => {
        for (const { seq } of changes) drop.run(BigInt(seq));
      });
    },
    async lag() {
      const [row] = all(
        `SELECT count(*) AS n, (julianday('now') - julianday(min(at))) * 86400000 AS age FROM ${QUEUE} WHERE tab IN (${marks})`,
        ...own,
      );
      const waiting = Number(row?.n);
      return { waiting, oldestMs: waiting === 0 ? null : Math.max(0, Math.round(Number(row?.age))) };
    },
    async head() {
      const [row] = all(
        `SELECT CAST(max(seq) AS TEXT) AS head FROM ${QUEUE} WHERE tab IN (${marks})`,
        ...own,
      );
      return row?.head == null ? null : String(row.head);
    },
    async covers(position) {
      if (position === null) return true;
      const waiting = `SELECT 1 FROM ${QUEUE} WHERE tab IN (${marks}) AND seq <= ? LIMIT 1`;
      return all(waiting, ...own, BigInt(position)).length === 0;
    },
    async close() {
      database.close();
    },
  };
}

function trigger(
  set: string,
  table: CapturedTable,
  event: (typeof EVENTS)[number],
): { readonly name: string; readonly sql: string } {
  const insert = (row: 'NEW' | 'OLD', where = '') =>
    `INSERT INTO ${QUEUE} (tab, k) SELECT ${text(table.name)}, CAST(${row}.${quoted(table.key)} AS TEXT)${where};`;
  const key = quoted(table.key);
  const noted = {
    INSERT: insert('NEW'),
    DELETE: insert('OLD'),
    UPDATE: `${insert('NEW')} ${insert('OLD', ` WHERE OLD.${key} IS NOT NEW.${key} COLLATE BINARY`)}`,
  }[event];
  const body = `${unlessRelay(set)} BEGIN ${noted} END`;
  const name = triggerName(event.toLowerCase(), [table.name], body);
  const sql = `CREATE TRIGGER IF NOT EXISTS ${quoted(name)} AFTER ${event} ON ${quoted(table.name)} ${body}`;
  return { name, sql };
}
