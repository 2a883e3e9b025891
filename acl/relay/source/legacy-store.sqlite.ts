import { realpathSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import type { ColumnKind, LegacyRow, LegacyStore } from './legacy-store.ts';

/**
 * Opens the file read-only. Statements run alone and to their end, so in WAL mode (which the monolith sets) the reader
 * neither blocks the writer nor waits for it, and never holds back a checkpoint.
 */
export function openSqliteStore(path: string): LegacyStore {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1000 });

  const select = (sql: string, parameters: readonly (string | number)[]) => {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    return statement.all(...parameters) as Record<string, SQLOutputValue>[];
  };

  const rowsOf = (keyColumn: string, rows: readonly Record<string, SQLOutputValue>[]): LegacyRow[] =>
    rows.map((row) => {
      const columns = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
      return { key: String(columns[keyColumn]), columns };
    });

  return {
    name: `sqlite:${path}`,
    async identity() {
      // A file that was deleted and made anew under the same name is another database.
      return `sqlite:${realpathSync(path)}#${statSync(path).ino}`;
    },
    async count(table) {
      return Number(select(`SELECT count(*) AS n FROM ${quoted(table)}`, [])[0]!.n);
    },
    async readRowsAfter(table, keyColumn, after, limit) {
      const key = quoted(keyColumn);
      const where = after === null ? '' : `WHERE ${key} > ?`;
      const sql = `SELECT * FROM ${quoted(table)} ${where} ORDER BY ${key} LIMIT ?`;
      return rowsOf(keyColumn, select(sql, after === null ? [limit] : [after, limit]));
    },
    async readRows(table, keyColumn, keys) {
      const key = quoted(keyColumn);
      const found = keys.flatMap((one) => select(`SELECT * FROM ${quoted(table)} WHERE ${key} = ?`, [one]));
      // Two keys that the column's collation takes for one find the same row.
      return [...new Map(rowsOf(keyColumn, found).map((row) => [row.key, row])).values()];
    },
    async readKeys(table, keyColumn, keys) {
      const key = quoted(keyColumn);
      const sql = `SELECT ${key} AS k FROM ${quoted(table)} WHERE ${key} = ?`;
      return keys.flatMap((one) => select(sql, [one]).map(({ k }) => String(k)));
    },
    async columnKinds(table) {
      const rows = select('SELECT name, type FROM pragma_table_info(?)', [table]);
      return new Map(rows.map(({ name, type }) => [String(name), kindOf(String(type).toUpperCase())]));
    },
    async columnTypes(table) {
      const rows = select('SELECT name, type, "notnull" AS required FROM pragma_table_info(?)', [table]);
      return new Map(
        rows.map(({ name, type, required }) => [
          String(name),
          `${String(type).toLowerCase()} ${Number(required) === 1 ? 'not null' : 'null'}`,
        ]),
      );
    },
    async ping() {
      select('SELECT count(*) FROM sqlite_schema', []);
    },
    async close() {
      database.close();
    },
  };
}

/** Quotes an identifier. An unknown one in double quotes would be read as a text literal, so brackets it is. */
function quoted(name: string): string {
  if (name.includes(']')) throw new RangeError(`${name}: a name with ] cannot be used`);
  return `[${name}]`;
}

function plain(value: SQLOutputValue): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function kindOf(declared: string): ColumnKind {
  if (/INT|DEC|NUM|REAL|FLOA|DOUB|BOOL/.test(declared)) return 'number';
  if (/DATE|TIMESTAMP/.test(declared)) return 'instant';
  return declared === 'JSON' ? 'json' : 'plain';
}
