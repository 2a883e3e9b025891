import { setTimeout as pause } from 'node:timers/promises';
import mysql, { type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import { describeTransactions, LegacyBusy } from './legacy-busy.ts';
import { openTransactionsOf } from './mysql-transactions.ts';

/** Several statements are one attempt: they are all done again, those that were done before have no effect then. */
export type ChangeSchema = (
  sql: string | readonly string[],
  values?: readonly (string | number)[],
) => Promise<void>;

const WAIT_S = 1;
const ATTEMPTS = 4;
const AGAIN_MS = 500;
/** Somebody else has the table, or had to be let through. */
const BUSY = new Set(['ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_DEADLOCK']);
/** Another one was quicker. */
const THERE_ALREADY = new Set(['ER_TRG_ALREADY_EXISTS', 'ER_TRG_DOES_NOT_EXIST']);
const DENIED = new Set(['ER_DBACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR']);

/**
 * Changes the schema beside an application at work. A statement waits for every transaction that has touched its table,
 * and all that comes after it waits behind it (MySQL manual, "Metadata Locking"; by default for hours): so it waits for a
 * second, lets the others through, and tries again. Rejects with LegacyBusy when it never came to it.
 */
export async function changingSchema(
  pool: Pool,
  work: (change: ChangeSchema, isMariaDb: boolean) => Promise<void>,
): Promise<void> {
  const connection = await pool.getConnection();
  try {
    await connection.query('SET SESSION lock_wait_timeout = ?', [WAIT_S]);
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
    const isMariaDb = /mariadb/i.test(String(row?.version));
    await work((sql, values = []) => patiently(connection, [sql].flat(), values), isMariaDb);
  } finally {
    connection.destroy();
  }
}

async function patiently(
  connection: PoolConnection,
  statements: readonly string[],
  values: readonly (string | number)[],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const busy = await attempted(connection, statements, values);
    if (busy === null) return;
    // Whoever waits for what was locked goes first, also while it is found out who is in the way.
    if (statements.length > 1) await connection.query('UNLOCK TABLES');
    if (attempt === ATTEMPTS)
      throw new LegacyBusy(await inTheWay(connection, mysql.format(busy, [...values])));
    await pause(AGAIN_MS);
  }
}

/** Null when all was done, else the statement whose table was in use. */
async function attempted(
  connection: PoolConnection,
  statements: readonly string[],
  values: readonly (string | number)[],
): Promise<string | null> {
  for (const sql of statements) {
    try {
      await connection.query(sql, [...values]);
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string };
      if (BUSY.has(code)) return sql;
      if (DENIED.has(code) && sql.startsWith('LOCK TABLES'))
        throw new Error(
          `${message}. The relay's user needs the right to lock tables: GRANT LOCK TABLES ON its database.`,
          { cause: error },
        );
      if (!THERE_ALREADY.has(code)) throw error;
    }
  }
  return null;
}

async function inTheWay(connection: PoolConnection, sql: string): Promise<string> {
  const select = async (question: string) => (await connection.query<RowDataPacket[]>(question))[0];
  const what = sql.split(/\s+/).slice(0, 3).join(' ').replaceAll('`', '');
  const who = describeTransactions(await openTransactionsOf(select));
  return `${what}: its table was in use at each of ${ATTEMPTS} attempts of ${WAIT_S} s${who}. End them, or do it again at a quieter time.`;
}
