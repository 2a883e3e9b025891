import mysql, { type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { changingSchema } from '../source/mysql-ddl.ts';
import { openMysqlPool } from '../source/mysql-pool.ts';
import { type Cascade, cascadesTo } from './cascades.ts';
import type { CapturedTable, CaptureState, ChangeSource } from './change-source.ts';
import { QUEUE } from './change-source.ts';
import {
  foreignKeysOf,
  id,
  replaceTriggers,
  rowsThatFollow,
  type Select,
  type Trigger,
  trigger,
  unlessRelay,
} from './mysql-triggers.ts';

/** The longest key that an entry holds, in characters. */
const LONGEST_KEY = 255;

/**
 * The trigger queue in MySQL and MariaDB. What foreign keys do fires no trigger here (MySQL manual, "Trigger Restrictions"),
 * so the tables above get triggers, too, that note the rows which will follow. TRUNCATE is seen by nobody.
 */
export function openMysqlTriggerQueue(
  url: string,
  set: string,
  tables: readonly CapturedTable[],
): ChangeSource {
  const { pool, database, name } = openMysqlPool(url, 2);
  // Where clocks are put back an hour, ages by local time would be wrong by it.
  pool.on('connection', (connection) => void connection.query("SET time_zone = '+00:00'"));
  const own = tables.map(({ name }) => name);
  const select = async (sql: string, values: readonly unknown[] = []) =>
    (await pool.query<RowDataPacket[]>(sql, [...values]))[0];

  const wanted = async (): Promise<Trigger[]> => {
    const keys = await foreignKeysOf(select, database);
    return tables.flatMap((table) => [
      ...ownTriggers(set, table),
      ...cascadesTo(table.name, keys).map((cascade, n) => cascadeTrigger(set, cascade, table, n)),
    ]);
  };
  /** Every trigger that fills the queue, with the captured table that it is about. */
  const present = async (): Promise<Map<string, string>> => {
    const rows = await select(
      `SELECT trigger_name AS name, action_statement AS body FROM information_schema.triggers
       WHERE trigger_schema = ? AND action_statement LIKE ?`,
      [database, `%INSERT INTO ${QUEUE} (tab, k)%`],
    );
    return new Map(
      rows.map(({ name, body }) => [
        String(name),
        /\(tab, k\) (?:VALUES \(|SELECT )'([^']*)'/.exec(String(body))?.[1] ?? '',
      ]),
    );
  };
  const ofOwn = async () =>
    new Set([...(await present())].filter(([, table]) => own.includes(table)).map(([name]) => name));
  const hasQueue = async () =>
    (
      await select(
        'SELECT 1 AS found FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
        [database, QUEUE],
      )
    ).length > 0;

  return {
    name,
    async preflight() {
      const problems: string[] = [];
      for (const { name, key } of tables) problems.push(...(await faultsOf(select, database, name, key)));
      try {
        await wanted();
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        problems.push(
          `${error.message}. No trigger can say which rows go with it: take one of them apart first.`,
        );
      }
      problems.push(...(await binlogFaults(select)));
      return problems;
    },
    async install() {
      await pool.query(
        `CREATE TABLE IF NOT EXISTS ${QUEUE} (
           seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
           tab VARCHAR(64) NOT NULL,
           k VARCHAR(${LONGEST_KEY}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
           at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
           KEY tab_seq (tab, seq)
         ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4`,
      );
      await replaceTriggers(pool, await wanted(), await ofOwn());
    },
    async remove() {
      await replaceTriggers(pool, [], await ofOwn());
      if (!(await hasQueue())) return;
      await pool.query(`DELETE FROM ${QUEUE} WHERE tab IN (?)`, [own]);
      if ((await present()).size === 0) await changingSchema(pool, (change) => change(`DROP TABLE ${QUEUE}`));
    },
    async state(): Promise<CaptureState> {
      const [triggers, there] = [await wanted(), await present()];
      const gone = triggers.filter(({ name }) => !there.has(name)).map(({ name }) => name);
      if (gone.length === triggers.length) return { kind: 'absent' };
      const lost = (await hasQueue()) ? gone : [QUEUE, ...gone];
      return lost.length === 0 ? { kind: 'installed' } : { kind: 'broken', missing: lost };
    },
    async changes(limit) {
      const rows = await select(
        `SELECT CAST(seq AS CHAR) AS seq, tab, k FROM ${QUEUE} WHERE tab IN (?) ORDER BY seq LIMIT ?`,
        [own, limit],
      );
      return rows.map(({ seq, tab, k }) => ({ seq: String(seq), table: String(tab), key: String(k) }));
    },
    async ack(changes) {
      if (changes.length === 0) return;
      await pool.query<ResultSetHeader>(`DELETE FROM ${QUEUE} WHERE seq IN (?)`, [
        changes.map(({ seq }) => seq),
      ]);
    },
    async lag() {
      const [row] = await select(
        `SELECT count(*) AS n, TIMESTAMPDIFF(MICROSECOND, min(at), CURRENT_TIMESTAMP(3)) / 1000 AS age FROM ${QUEUE} WHERE tab IN (?)`,
        [own],
      );
      const waiting = Number(row?.n);
      return { waiting, oldestMs: waiting === 0 ? null : Math.max(0, Math.round(Number(row?.age))) };
    },
    async head() {
      const [row] = await select(`SELECT CAST(max(seq) AS CHAR) AS head FROM ${QUEUE} WHERE tab IN (?)`, [
        own,
      ]);
      return row?.head == null ? null : String(row.head);
    },
    async covers(position) {
      if (position === null) return true;
      const waiting = `SELECT 1 AS found FROM ${QUEUE} WHERE tab IN (?) AND seq <= CAST(? AS UNSIGNED) LIMIT 1`;
      return (await select(waiting, [own, position])).length === 0;
    },
    async close() {
      await pool.end();
    },
  };
}

function ownTriggers(set: string, { name: table, key }: CapturedTable): Trigger[] {
  const note = (row: 'NEW' | 'OLD') =>
    `INSERT INTO ${QUEUE} (tab, k) VALUES (${mysql.escape(table)}, CAST(${row}.${id(key)} AS CHAR))`;
  // By its bytes: to a collation a key that changes in its letters' case alone is the same.
  const moved = `IF NOT (CAST(OLD.${id(key)} AS BINARY) <=> CAST(NEW.${id(key)} AS BINARY)) THEN ${note('OLD')}; END IF;`;
  return (
    [
      ['insert', `${note('NEW')};`],
      ['update', `${note('NEW')}; ${moved}`],
      ['delete', `${note('OLD')};`],
    ] as const
  ).map(([event, body]) => trigger(event, `AFTER ${event}`, table, [table], unlessRelay(set, body)));
}

/** Notes the rows that are about to follow, while it can still be said which they are. */
function cascadeTrigger(set: string, cascade: Cascade, table: CapturedTable, n: number): Trigger {
  const { event, on } = cascade;
  const insert = `INSERT INTO ${QUEUE} (tab, k) SELECT ${mysql.escape(table.name)}, CAST(t0.${id(table.key)} AS CHAR) ${rowsThatFollow(cascade)};`;
  const purpose = `above${n}_${event.toLowerCase()}`;
  return trigger(purpose, `BEFORE ${event}`, on, [table.name, on], unlessRelay(set, insert));
}

async function faultsOf(select: Select, database: string, table: string, key: string): Promise<string[]> {
  const [found] = await select(
    'SELECT engine FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
    [database, table],
  );
  if (!found) return [`${table}: expected a table, got none. Correct \`tables\` of the data set.`];
  const problems: string[] = [];
  const engine = String(found.engine ?? found.ENGINE);
  if (engine.toLowerCase() !== 'innodb')
    problems.push(
      `${table}: expected a table of InnoDB, got ${engine}: without transactions an entry and its write may part. Convert it with ALTER TABLE ${table} ENGINE = InnoDB.`,
    );
  const columns = await select(
    `SELECT column_name AS name FROM information_schema.key_column_usage
     WHERE table_schema = ? AND table_name = ? AND constraint_name = 'PRIMARY' ORDER BY ordinal_position`,
    [database, table],
  );
  const keys = columns.map(({ name }) => String(name));
  if (keys.length !== 1 || keys[0]?.toLowerCase() !== key.toLowerCase())
    problems.push(
      `${table}: expected the primary key \`${key}\`, got ${keys.join(', ') || 'none'}. Correct its \`key\`.`,
    );
  return problems;
}

/** With the binary log on, a user without SUPER may only create triggers where the server trusts it. */
async function binlogFaults(select: Select): Promise<string[]> {
  const [row] = await select('SELECT @@log_bin AS log, @@log_bin_trust_function_creators AS trusted');
  if (Number(row?.log) === 0 || Number(row?.trusted) === 1) return [];
  const grants = (await select('SHOW GRANTS')).map((grant) => String(Object.values(grant)[0]));
  const maySo = grants.some((grant) => /\bSUPER\b|\bALL PRIVILEGES ON \*\.\*/.test(grant));
  return maySo
    ? []
    : [
        'log_bin_trust_function_creators: expected ON, since the binary log is on and this user has no SUPER, got OFF. As an administrator: SET GLOBAL log_bin_trust_function_creators = 1, and the same in the configuration.',
      ];
}
