import { escapeId, type PoolConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import type { CapturedTable } from '../capture/change-source.ts';
import { RELAY_VARIABLE } from '../capture/mysql-triggers.ts';
import { LegacyBusy } from '../source/legacy-busy.ts';
import { changingSchema } from '../source/mysql-ddl.ts';
import { openMysqlPool } from '../source/mysql-pool.ts';
import {
  APPLIED,
  type BackRow,
  inWritingOrder,
  type LegacyWriter,
  MARKS,
  winnersOf,
} from './legacy-writer.ts';

/** Two writers that met: the whole transaction is taken back and may be tried again. */
const MET = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD']);

export function openMysqlWriter(url: string, set: string): LegacyWriter {
  const { pool } = openMysqlPool(url, 2);
  pool.on(
    'connection',
    (connection) =>
      void connection.query(
        `SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO')`,
      ),
  );

  /** Only while it writes is a connection the relay's own: what went wrong with one ends it. */
  const asRelay = async <T>(work: (connection: PoolConnection) => Promise<T>): Promise<T> => {
    const connection = await pool.getConnection();
    try {
      await connection.query(`SET ${RELAY_VARIABLE} = ?`, [set]);
      await connection.beginTransaction();
      const result = await work(connection);
      await connection.commit();
      await connection.query(`SET ${RELAY_VARIABLE} = NULL`);
      connection.release();
      return result;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  };

  const lastNumber = async (table: CapturedTable): Promise<bigint | null> => {
    const [counted] = await pool.query<RowDataPacket[]>(
      `SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ?
       AND EXTRA LIKE '%auto_increment%'`,
      [table.name, table.key],
    );
    if (counted.length === 0) return null;
    // What information_schema says of it may be a day old.
    const [rows] = await pool.query<RowDataPacket[]>('SHOW CREATE TABLE ??', [table.name]);
    const next = /^\).*?\bAUTO_INCREMENT=(\d+)/m.exec(String(rows[0]?.['Create Table']))?.[1] ?? '1';
    return BigInt(next) - 1n;
  };

  return {
    async prepare() {
      await pool.query(
        `CREATE TABLE IF NOT EXISTS ${APPLIED} (tab VARCHAR(64) NOT NULL,
           k VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (tab, k)) ENGINE = InnoDB`,
      );
      await pool.query(
        `CREATE TABLE IF NOT EXISTS ${MARKS} (k VARCHAR(100) NOT NULL PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE = InnoDB`,
      );
    },
    async apply(table, ticket, rows) {
      if (rows.length === 0) return { applied: 0, stale: 0, rejected: [] };
      return asRelay(async (connection) => {
        const [known] = await connection.query<RowDataPacket[]>(
          `SELECT k, CAST(version AS CHAR) AS version FROM ${APPLIED} WHERE tab = ? AND k IN (?) ORDER BY k FOR UPDATE`,
          [table.name, rows.map(({ key }) => key).sort()],
        );
        const versions = new Map(known.map(({ k, version }) => [String(k), BigInt(version)]));
        const winners = winnersOf(rows, ticket, versions);
        const rejected = await writeAll(connection, table, winners);
        const refused = new Set(rejected.map(({ key }) => key));
        const written = winners.filter(({ key }) => !refused.has(key));
        if (written.length > 0)
          await connection.query(
            `INSERT INTO ${APPLIED} (tab, k, version) VALUES ? ON DUPLICATE KEY UPDATE version = VALUES(version)`,
            [written.map(({ key }) => [table.name, key, ticket])],
          );
        return { applied: written.length, stale: rows.length - winners.length, rejected };
      });
    },
    lastNumber,
    async skipNumbers(table, last) {
      const isThere = async () => ((await lastNumber(table)) ?? last) >= last;
      await asRelay((connection) => insertAndTakeBack(connection, table, last));
      if (await isThere()) return null;
      // No row to copy, or none that the table takes: its definition is changed, as long as nobody has it in use.
      try {
        await changingSchema(pool, (change) =>
          change('ALTER TABLE ?? AUTO_INCREMENT = ?', [table.name, Number(last + 1n)]),
        );
      } catch (error) {
        if ((error as { errno?: number }).errno === undefined && !(error instanceof LegacyBusy)) throw error;
        return (error as Error).message;
      }
      return (await isThere()) ? null : 'it stays where it is';
    },
    async mark(key) {
      await asRelay((connection) => connection.query(`INSERT IGNORE INTO ${MARKS} (k) VALUES (?)`, [key]));
    },
    async isMarked(key) {
      const [rows] = await pool.query<RowDataPacket[]>(`SELECT 1 AS found FROM ${MARKS} WHERE k = ?`, [key]);
      return rows.length > 0;
    },
    async close() {
      await pool.end();
    },
  };
}

/** A counter goes back neither with the transaction that has raised it nor with a row that turns out to be a double. */
async function insertAndTakeBack(
  connection: PoolConnection,
  { name, key }: CapturedTable,
  number: bigint,
): Promise<void> {
  const [columns] = await connection.query<RowDataPacket[]>(
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?
     AND COALESCE(GENERATION_EXPRESSION, '') = '' AND COLUMN_NAME <> ?`,
    [name, key],
  );
  const others = columns.map((column) => escapeId(String(column.name)));
  const into = [escapeId(key), ...others].join(', ');
  const from = [String(number), ...others].join(', ');
  // Writes are held: a reader that keeps a row locked must not keep them for as long as it likes.
  await connection.query('SET SESSION innodb_lock_wait_timeout = 2');
  try {
    await connection.query(
      `INSERT INTO ${escapeId(name)} (${into}) SELECT ${from} FROM ${escapeId(name)} LIMIT 1`,
    );
  } catch (error) {
    if ((error as { errno?: number }).errno === undefined) throw error;
  }
  await connection.rollback();
  await connection.query('SET SESSION innodb_lock_wait_timeout = DEFAULT');
}

async function writeAll(
  connection: PoolConnection,
  table: { readonly name: string; readonly key: string },
  rows: readonly BackRow[],
) {
  const order = inWritingOrder(rows);
  let next = order.next();
  while (!next.done) next = order.next(await writeRow(connection, table, next.value));
  return next.value;
}

/** Writes one row; the reason when the database refuses it. */
async function writeRow(
  connection: PoolConnection,
  table: { readonly name: string; readonly key: string },
  { key, columns }: BackRow,
): Promise<string | null> {
  await connection.query('SAVEPOINT one_row');
  try {
    if (columns === null) await connection.query('DELETE FROM ?? WHERE ?? = ?', [table.name, table.key, key]);
    else {
      const [found] = await connection.query<ResultSetHeader>('UPDATE ?? SET ? WHERE ?? = ?', [
        table.name,
        columns,
        table.key,
        key,
      ]);
      if (found.affectedRows === 0) await connection.query('INSERT INTO ?? SET ?', [table.name, columns]);
    }
    await connection.query('RELEASE SAVEPOINT one_row');
    return null;
  } catch (error) {
    const { code, errno, message } = error as { code?: string; errno?: number; message: string };
    // Of the connection, or of two writers that met: not this row's.
    if (errno === undefined || (code !== undefined && MET.has(code))) throw error;
    await connection.query('ROLLBACK TO SAVEPOINT one_row');
    return message;
  }
}
