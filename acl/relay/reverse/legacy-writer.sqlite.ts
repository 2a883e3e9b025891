import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { createOwners, inOneGo, quoted } from '../capture/sqlite-triggers.ts';
import {
  APPLIED,
  type BackRow,
  inWritingOrder,
  type LegacyWriter,
  MARKS,
  winnersOf,
} from './legacy-writer.ts';

export function openSqliteWriter(path: string, set: string): LegacyWriter {
  const database = new DatabaseSync(path, { timeout: 0 });
  database.exec('PRAGMA foreign_keys = ON');
  /** What the triggers let pass is said in the same transaction, so nobody else ever sees it. */
  const asRelay = <T>(work: () => T): Promise<T> =>
    inOneGo(database, () => {
      const say = (relay: 0 | 1) =>
        database.prepare('UPDATE _fig_owner SET relay = ? WHERE name = ?').run(relay, set);
      say(1);
      const result = work();
      say(0);
      return result;
    });

  return {
    async prepare() {
      await inOneGo(database, () => {
        createOwners(database);
        database.exec(`CREATE TABLE IF NOT EXISTS ${APPLIED} (tab TEXT NOT NULL, k TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (tab, k));
          CREATE TABLE IF NOT EXISTS ${MARKS} (k TEXT PRIMARY KEY)`);
      });
    },
    async apply(table, ticket, rows) {
      if (rows.length === 0) return { applied: 0, stale: 0, rejected: [] };
      return asRelay(() => {
        const versionOf = database.prepare(`SELECT version FROM ${APPLIED} WHERE tab = ? AND k = ?`);
        const versions = new Map(
          rows.flatMap(({ key }) => {
            const found = versionOf.get(table.name, key);
            return found ? [[key, BigInt(found.version as number)] as const] : [];
          }),
        );
        const winners = winnersOf(rows, ticket, versions);
        const rejected = writeAll(database, table, winners);
        const refused = new Set(rejected.map(({ key }) => key));
        const written = winners.filter(({ key }) => !refused.has(key));
        const note = database.prepare(
          `INSERT INTO ${APPLIED} (tab, k, version) VALUES (?, ?, ?) ON CONFLICT (tab, k) DO UPDATE SET version = excluded.version`,
        );
        for (const { key } of written) note.run(table.name, key, BigInt(ticket));
        return { applied: written.length, stale: rows.length - winners.length, rejected };
      });
    },
    async lastNumber({ name }) {
      const table = database
        .prepare(`SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?`)
        .get(name);
      if (!/AUTOINCREMENT/i.test(String(table?.sql))) return null;
      const counter = database.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?');
      counter.setReadBigInts(true);
      return (counter.get(name)?.seq as bigint | undefined) ?? 0n;
    },
    async skipNumbers({ name }, last) {
      await asRelay(() => {
        const raised = database
          .prepare('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?')
          .run(last, name);
        if (Number(raised.changes) === 0)
          database.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(name, last);
      });
      return null;
    },
    async mark(key) {
      await asRelay(() => database.prepare(`INSERT OR IGNORE INTO ${MARKS} (k) VALUES (?)`).run(key));
    },
    async isMarked(key) {
      return database.prepare(`SELECT 1 FROM ${MARKS} WHERE k = ?`).get(key) !== undefined;
    },
    async close() {
      database.close();
    },
  };
}

type Table = { readonly name: string; readonly key: string };

function writeAll(database: DatabaseSync, table: Table, rows: readonly BackRow[]) {
  const order = inWritingOrder(rows);
  let next = order.next();
  while (!next.done) next = order.next(writeRow(database, table, next.value));
  return next.value;
}

function writeRow(database: DatabaseSync, table: Table, { key, columns }: BackRow): string | null {
  database.exec('SAVEPOINT one_row');
  try {
    if (columns === null)
      database.prepare(`DELETE FROM ${quoted(table.name)} WHERE ${quoted(table.key)} = ?`).run(key);
    else {
      const names = Object.keys(columns);
      const values = names.map((name) => columns[name] as SQLInputValue);
      const set = names.map((name) => `${quoted(name)} = ?`).join(', ');
      const found = database
        .prepare(`UPDATE ${quoted(table.name)} SET ${set} WHERE ${quoted(table.key)} = ?`)
        .run(...values, key);
      if (Number(found.changes) === 0)
        database
          .prepare(
            `INSERT INTO ${quoted(table.name)} (${names.map(quoted).join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
          )
          .run(...values);
    }
    database.exec('RELEASE one_row');
    return null;
  } catch (error) {
    database.exec('ROLLBACK TO one_row; RELEASE one_row');
    return (error as Error).message;
  }
}
