import { setTimeout as pause } from 'node:timers/promises';
import mysql, { type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import { describeTransactions, LegacyBusy } from './legacy-busy.ts';
import { openTransactionsOf } from './mysql-transactions.ts';

export type ChangeSchema = (sql: string, values?: readonly (string | number)[]) => Promise<void>;

const WAIT_S = 1;
const ATTEMPTS = 4;
const AGAIN_MS = 500;
const LOCK_WAIT = 'ER_LOCK_WAIT_TIMEOUT';
/** Another one was quicker. */
const THERE_ALREADY = new Set(['ER_TRG_ALREADY_EXISTS', 'ER_TRG_DOES_NOT_EXIST']);

/**
 * Changes the schema beside an application at work. A statement waits for every transaction that has touched its table,
 * and all that comes after it waits behind it (MySQL manual, "Metadata Locking"; by default for hours): so it waits for a
 * second, lets the others through, and tries again. Rejects with LegacyBusy when it never came to it.
 */
export async function changingSchema(
  pool: Pool,
  work: (change: ChangeSchema) => Promise<void>,
): Promise<void> {
  const connection = await pool.getConnection();
  try {
    await connection.query('SET SESSION lock_wait_timeout = ?', [WAIT_S]);
    await work((sql, values = []) => patiently(connection, sql, values));
  } finally {
    connection.destroy();
  }
}

async function patiently(
  connection: PoolConnection,
  sql: string,
  values: readonly (string | number)[],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await connection.query(sql, [...values]);
      return;
    } catch (error) {
      const code = (error as { code?: string }).code ?? '';
      if (THERE_ALREADY.has(code)) return;
      if (code !== LOCK_WAIT) throw error;
      if (attempt === ATTEMPTS)
        throw new LegacyBusy(await inTheWay(connection, mysql.format(sql, [...values])));
    }
    await pause(AGAIN_MS);
  }
}

async function inTheWay(connection: PoolConnection, sql: string): Promise<string> {
  const select = async (question: string) => (await connection.query<RowDataPacket[]>(question))[0];
  const what = sql.split(/\s+/).slice(0, 3).join(' ').replaceAll('`', '');
  const who = describeTransactions(await openTransactionsOf(select));
  return `${what}: its table was in use at each of ${ATTEMPTS} attempts of ${WAIT_S} s${who}. End them, or do it again at a quieter time.`;
}
