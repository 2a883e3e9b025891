import type { RowDataPacket } from 'mysql2/promise';
import type { LegacyRow, LegacyStore } from './legacy-store.ts';
import { openMysqlPool } from './mysql-pool.ts';

type KeyCast = 'SIGNED' | 'UNSIGNED' | 'CHAR';

/** MySQL and MariaDB. Opens no connection until the first call. */
export function openMysqlStore(url: string): LegacyStore {
  const { pool, database, name } = openMysqlPool(url, 4);
  // TIMESTAMP columns are rendered in the session's zone; DATETIME and DATE are not touched by it.
  pool.on('connection', (connection) => void connection.query("SET time_zone = '+00:00'"));

  const select = async (sql: string, values: readonly unknown[] = []) =>
    (await pool.query<RowDataPacket[]>(sql, [...values]))[0];

  const casts = new Map<string, KeyCast>();
  const castOf = async (table: string, keyColumn: string): Promise<KeyCast> => {
    const known = casts.get(`${table}.${keyColumn}`);
    if (known !== undefined) return known;
    const [column] = await select(
      'SELECT column_type AS type FROM information_schema.columns WHERE table_schema = ? AND table_name = ? AND column_name = ?',
      [database, table, keyColumn],
    );
    if (column === undefined) throw new Error(`${database} has no column ${table}.${keyColumn}`);
    const cast = keyCast(String(column.type));
    casts.set(`${table}.${keyColumn}`, cast);
    return cast;
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
      // An integer and a text may be compared as doubles (MySQL manual, type conversion): wrong beyond 2^53.
      const cast = await castOf(table, keyColumn);
      const bound = cast === 'CHAR' ? '?' : `CAST(? AS ${cast})`;
      const rows =
        after === null
          ? await select('SELECT * FROM ?? ORDER BY ?? LIMIT ?', [table, keyColumn, limit])
          : await select(`SELECT * FROM ?? WHERE ?? > ${bound} ORDER BY ?? LIMIT ?`, [
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
      const cast = await castOf(table, keyColumn);
      const bound = cast === 'CHAR' ? '?' : `CAST(? AS ${cast})`;
      const list = keys.map(() => bound).join(', ');
      // A plain read right after a commit can miss the row: the snapshot may be older. A share lock reads what is.
      const sql = `SELECT * FROM ?? WHERE ?? IN (${list}) ${await shareLockOf()}`;
      return rowsOf(keyColumn, await select(sql, [table, keyColumn, ...keys]));
    },
    async ping() {
      await select('SELECT 1');
    },
    async close() {
      await pool.end();
    },
  };
}

function keyCast(columnType: string): KeyCast {
  if (!/^(tiny|small|medium|big)?int/i.test(columnType)) return 'CHAR';
  return /unsigned/i.test(columnType) ? 'UNSIGNED' : 'SIGNED';
}
