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
    const open = rows.map(({ id, seconds, user, doing }) => ({
      id: String(id),
      seconds: Number(seconds),
      user: String(user),
      doing: String(doing).slice(0, 200),
    }));
    return [...open, ...(await preparedOf(select))];
  } catch {
    return [];
  }
}

/** Prepared transactions (XA), which outlive their connection; none where this user may not see them. */
export async function preparedOf(select: Select): Promise<OpenTransaction[]> {
  try {
    const rows = await select('XA RECOVER');
    if (rows.length === 0) return [];
    // Which of them has which age nobody tells.
    const [eldest] = await select(
      'SELECT TIMESTAMPDIFF(SECOND, MIN(trx_started), NOW()) AS seconds FROM information_schema.innodb_trx',
    );
    const seconds = Number(eldest?.seconds ?? 0);
    return rows.map(({ formatID, data }) => ({
      id: `XA ${formatID}:${String(data).slice(0, 128)}`,
      ...{ seconds, user: '?', doing: 'prepared: XA COMMIT or XA ROLLBACK ends it' },
    }));
  } catch {
    return [];
  }
}
