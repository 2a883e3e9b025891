import type { RowDataPacket } from 'mysql2/promise';
import type { OpenTransaction } from './legacy-busy.ts';

type Select = (sql: string) => Promise<RowDataPacket[]>;

/** Transactions that are open in the server, the longest first; none where this user may not see them (right PROCESS). */
export async function openTransactionsOf(select: Select): Promise<OpenTransaction[]> {
  try {
    const rows = await select(
      `SELECT t.trx_mysql_thread_id AS id, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS seconds,
              COALESCE(p.user, '?') AS user, COALESCE(t.trx_query, p.command, '?') AS doing
       FROM information_schema.innodb_trx t LEFT JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
       WHERE t.trx_mysql_thread_id <> CONNECTION_ID() AND t.trx_mysql_thread_id > 0 ORDER BY t.trx_started`,
    );
    return rows.map(({ id, seconds, user, doing }) => ({
      id: String(id),
      seconds: Number(seconds),
      user: String(user),
      doing: String(doing).slice(0, 200),
    }));
  } catch {
    return [];
  }
}
