import type { RowDataPacket } from 'mysql2/promise';
import type { ColumnKind, LegacyRow, LegacyStore } from './legacy-store.ts';
import { openMysqlPool } from './mysql-pool.ts';

/** MySQL and MariaDB. Opens no connection until the first call. */
export function openMysqlStore(url: string): LegacyStore {
  const { pool, database, name } = openMysqlPool(url, 4);
  // TIMESTAMP columns are rendered in the session's zone; DATETIME and DATE are not touched by it.
  pool.on('connection', (connection) => void connection.query("SET time_zone = '+00:00'"));

  const select = async (sql: string, values: readonly unknown[] = []) =>
    (await pool.query<RowDataPacket[]>(sql, [...values]))[0];

  const marks = new Map<string, string>();
  const markOf = async (table: string, keyColumn: string): Promise<string> => {
    const known = marks.get(`${table}.${keyColumn}`);
    if (known !== undefined) return known;
    const [column] = await select(
      `SELECT column_type AS type, character_set_name AS letters, collation_name AS collation
       FROM information_schema.columns WHERE table_schema = ? AND table_name = ? AND column_name = ?`,
      [database, table, keyColumn],
    );
    if (column === undefined) throw new Error(`${database} has no column ${table}.${keyColumn}`);
    const mark = keyMark(String(column.type), column.letters, column.collation);
    marks.set(`${table}.${keyColumn}`, mark);
    return mark;
  };

  let shareLock: string | null = null;
  const shareLockOf = async (): Promise<string> => {
    if (shareLock !== null) return shareLock;
    const [row] = await select('SELECT version() AS version');
    // MariaDB has no FOR SHARE; on MySQL 8 the old form asks for more than the SELECT privilege.
    const isMysql8 = !/mariadb/i.test(String(row?.version)) && Number.parseInt(String(row?.version), 10) >= 8;
    shareLock = isMysql8 ? 'FOR SHARE' : 'LOCK IN SHARE MODE';
    return shareLock;
  };

  const rowsOf = (keyColumn: string, rows: readonly RowDataPacket[]): LegacyRow[] =>
    rows.map((columns) => ({ key: String(columns[keyColumn]), columns }));

  return {
    name,
    async identity() {
      // MySQL keeps a server_uuid in its data folder. MariaDB has none, and its server_uid changes with the port.
      const [uuid] = await select("SHOW GLOBAL VARIABLES LIKE 'server_uuid'");
      if (uuid) return `mysql:${uuid.Value}/${database}`;
      const [place] = await select('SELECT @@hostname AS host, @@datadir AS folder');
      return `mysql:${place?.host}:${place?.folder}/${database}`;
    },
    async count(table) {
      return Number((await select('SELECT count(*) AS n FROM ??', [table]))[0]!.n);
    },
    async readRowsAfter(table, keyColumn, after, limit) {
      const mark = await markOf(table, keyColumn);
      const rows =
        after === null
          ? await select('SELECT * FROM ?? ORDER BY ?? LIMIT ?', [table, keyColumn, limit])
          : await select(`SELECT * FROM ?? WHERE ?? > ${mark} ORDER BY ?? LIMIT ?`, [
              table,
              keyColumn,
              after,
              keyColumn,
              limit,
            ]);
      return rowsOf(keyColumn, rows);
    },
    async readRows(table, keyColumn, keys) {
      if (keys.length === 0) return [];
      const mark = await markOf(table, keyColumn);
      const list = keys.map(() => mark).join(', ');
      // A plain read right after a commit can miss the row: the snapshot may be older. A share lock reads what is.
      const sql = `SELECT * FROM ?? WHERE ?? IN (${list}) ${await shareLockOf()}`;
      return rowsOf(keyColumn, await unlessMet(() => select(sql, [table, keyColumn, ...keys])));
    },
    async readKeys(table, keyColumn, keys) {
      if (keys.length === 0) return [];
      const mark = await markOf(table, keyColumn);
      const list = keys.map(() => mark).join(', ');
      const rows = await select(`SELECT ?? AS k FROM ?? WHERE ?? IN (${list})`, [
        ...[keyColumn, table, keyColumn],
        ...keys,
      ]);
      return rows.map(({ k }) => String(k));
    },
    async columnKinds(table) {
      const rows = await select(
        'SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position',
        [database, table],
      );
      return new Map(rows.map(({ name, type }) => [String(name), kindOf(String(type).toLowerCase())]));
    },
    async columnTypes(table) {
      const rows = await select(
        `SELECT column_name AS name, column_type AS type, character_set_name AS letters, is_nullable AS nullable
         FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position`,
        [database, table],
      );
      return new Map(
        rows.map(({ name, type, letters, nullable }) => [
          String(name),
          `${type}${letters === null ? '' : ` ${letters}`} ${nullable === 'YES' ? 'null' : 'not null'}`,
        ]),
      );
    },
    async ping() {
      await select('SELECT 1');
    },
    async close() {
      await pool.end();
    },
  };
}

const TRIES = 5;

/** Reads with a lock meet writers that take theirs in another order; one of both is told to begin anew. */
async function unlessMet<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await read();
    } catch (error) {
      if ((error as { code?: string }).code !== 'ER_LOCK_DEADLOCK' || attempt === TRIES) throw error;
    }
  }
}

/**
 * A placeholder for a key that is compared as the column is. An integer and a text would be compared as doubles (MySQL
 * manual, type conversion), wrong beyond 2^53; a text that the column's letters cannot write would be refused as an
 * illegal mix of collations, where it only means that no row has it: it becomes one with `?` in it.
 */
function keyMark(type: string, letters: string | null, collation: string | null): string {
  if (/^(tiny|small|medium|big)?int/i.test(type))
    return `CAST(? AS ${/unsigned/i.test(type) ? 'UNSIGNED' : 'SIGNED'})`;
  return letters === null ? '?' : `CONVERT(? USING ${letters}) COLLATE ${collation}`;
}

function kindOf(type: string): ColumnKind {
  if (/^(tiny|small|medium|big)?int$|^(decimal|numeric|float|double|year|bit)$/.test(type)) return 'number';
  if (type === 'date' || type === 'datetime' || type === 'timestamp') return 'instant';
  return type === 'json' ? 'json' : 'plain';
}
