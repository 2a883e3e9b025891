import mysql, { type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { type Cascade, cascadesTo } from '../capture/cascades.ts';
import type { CapturedTable } from '../capture/change-source.ts';
import { foreignKeysOf, id, rowsThatFollow, unlessRelay } from '../capture/mysql-triggers.ts';
import { triggerName } from '../capture/trigger-name.ts';
import { openMysqlPool } from '../source/mysql-pool.ts';
import { GATE_WAIT_MS, type LegacyGate, type OpenTransaction, type Owner, refusal } from './legacy-gate.ts';

type Trigger = { readonly name: string; readonly sql: string };

const OWNERS = '_fig_owner';
const REJECTED = '_fig_rejected';
/** What a user may not see is not told. */
const LOCK_WAIT = 'ER_LOCK_WAIT_TIMEOUT';

/** The gate in MySQL and MariaDB, on the tables of a set and on those above whose cascades would reach them. */
export function openMysqlGate(url: string, set: string, tables: readonly CapturedTable[]): LegacyGate {
  const { pool, database } = openMysqlPool(url, 2);
  const select = async (sql: string, values: readonly unknown[] = []) =>
    (await pool.query<RowDataPacket[]>(sql, [...values]))[0];

  const hasTable = async (table: string) =>
    (
      await select(
        'SELECT 1 AS found FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
        [database, table],
      )
    ).length > 0;
  const wanted = async (): Promise<Trigger[]> => {
    const keys = await foreignKeysOf(select, database);
    return tables.flatMap((table) => [
      ...ownTriggers(set, table.name),
      ...cascadesTo(table.name, keys).map((cascade, n) => aboveTrigger(set, cascade, n)),
    ]);
  };
  const present = async (): Promise<Set<string>> => {
    const rows = await select(
      'SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = ? AND trigger_name LIKE ?',
      [database, '\\_fig\\_gate%'],
    );
    return new Set(rows.map(({ name }) => String(name)));
  };
  const read = async () => {
    if (!(await hasTable(OWNERS))) return null;
    const [row] = await select(`SELECT owner, epoch FROM ${OWNERS} WHERE name = ?`, [set]);
    return row ? { owner: String(row.owner) as Owner, epoch: Number(row.epoch) } : null;
  };
  const openTransactions = async (): Promise<OpenTransaction[]> => {
    try {
      const rows = await select(
        `SELECT t.trx_mysql_thread_id AS id, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS seconds,
                COALESCE(p.user, '?') AS user, COALESCE(t.trx_query, p.command, '?') AS doing
         FROM information_schema.innodb_trx t LEFT JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
         WHERE t.trx_mysql_thread_id <> CONNECTION_ID() AND t.trx_mysql_thread_id > 0 ORDER BY t.trx_started`,
      );
      return rows.map(({ id: thread, seconds, user, doing }) => ({
        id: String(thread),
        seconds: Number(seconds),
        user: String(user),
        doing: String(doing).slice(0, 200),
      }));
    } catch {
      // Without the right PROCESS.
      return [];
    }
  };

  return {
    read,
    async state() {
      const [triggers, there] = [await wanted(), await present()];
      const gone = triggers.filter(({ name }) => !there.has(name)).map(({ name }) => name);
      if (gone.length === triggers.length) return { kind: 'absent' };
      const missing = (await read()) ? gone : [OWNERS, ...gone];
      return missing.length === 0 ? { kind: 'installed' } : { kind: 'broken', missing };
    },
    async install() {
      await pool.query(
        `CREATE TABLE IF NOT EXISTS ${OWNERS} (
           name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
           owner VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, epoch BIGINT NOT NULL) ENGINE = InnoDB`,
      );
      await pool.query(`INSERT IGNORE INTO ${OWNERS} (name, owner, epoch) VALUES (?, 'legacy', 1)`, [set]);
      // What is rejected is rolled back, and only a table without transactions remembers it.
      const [gtid] = await select("SHOW VARIABLES LIKE 'enforce_gtid_consistency'");
      const counts = gtid === undefined || String(gtid.Value) === 'OFF';
      if (counts)
        await pool.query(
          `CREATE TABLE IF NOT EXISTS ${REJECTED} (name VARCHAR(100) NOT NULL, tab VARCHAR(64) NOT NULL,
             who VARCHAR(200) NOT NULL, at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), KEY name_at (name, at)) ENGINE = MyISAM`,
        );
      const there = await present();
      for (const { name, sql } of await wanted())
        if (!there.has(name))
          await pool.query(counts ? sql : sql.replace(/INSERT INTO _fig_rejected[^;]*;/, ''));
    },
    async remove() {
      const [triggers, there] = [await wanted(), await present()];
      for (const { name } of triggers)
        if (there.has(name)) await pool.query('DROP TRIGGER IF EXISTS ??', [name]);
      if (await hasTable(OWNERS)) await pool.query(`DELETE FROM ${OWNERS} WHERE name = ?`, [set]);
    },
    async write({ owner, epoch }) {
      const connection = await pool.getConnection();
      try {
        await connection.query('SET SESSION innodb_lock_wait_timeout = ?', [GATE_WAIT_MS / 1_000]);
        await connection.query<ResultSetHeader>(
          `UPDATE ${OWNERS} SET owner = ?, epoch = ? WHERE name = ? AND epoch < ?`,
          [owner, epoch, set, epoch],
        );
      } catch (error) {
        if ((error as { code?: string }).code !== LOCK_WAIT) throw error;
        return { ok: false, blockers: await openTransactions() };
      } finally {
        connection.destroy();
      }
      const ownership = await read();
      if (ownership === null) throw new Error(`${set}: no gate is installed`);
      return { ok: true, ownership };
    },
    async rejected() {
      if (!(await hasTable(REJECTED))) return null;
      const [row] = await select(`SELECT count(*) AS n FROM ${REJECTED} WHERE name = ?`, [set]);
      return Number(row?.n);
    },
    openTransactions,
    async close() {
      await pool.end();
    },
  };
}

function ownTriggers(set: string, table: string): Trigger[] {
  return ['INSERT', 'UPDATE', 'DELETE'].map((event) => {
    const name = triggerName(`gate_${event.toLowerCase()}`, table);
    const sql = `CREATE TRIGGER ${id(name)} BEFORE ${event} ON ${id(table)} FOR EACH ROW ${unlessRelay(set, check(set, table), DECLARE)}`;
    return { name, sql };
  });
}

/** Cascades pass no trigger of the rows that they change: what starts them is refused, where it would reach some. */
function aboveTrigger(set: string, cascade: Cascade, n: number): Trigger {
  const { event, on, table } = cascade;
  const name = triggerName(`gate${n}_${event.toLowerCase()}`, table, on);
  const body = `IF EXISTS (SELECT 1 ${rowsThatFollow(cascade)}) THEN ${check(set, table)} END IF;`;
  const sql = `CREATE TRIGGER ${id(name)} BEFORE ${event} ON ${id(on)} FOR EACH ROW ${unlessRelay(set, body, DECLARE)}`;
  return { name, sql };
}

const DECLARE = 'DECLARE fig_owner VARCHAR(16);';

function check(set: string, table: string): string {
  const name = mysql.escape(set);
  return `SELECT owner INTO fig_owner FROM ${OWNERS} WHERE name = ${name} LOCK IN SHARE MODE;
    IF NOT (fig_owner <=> 'legacy') THEN
      INSERT INTO ${REJECTED} (name, tab, who) VALUES (${name}, ${mysql.escape(table)}, CURRENT_USER());
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = ${mysql.escape(refusal(set).slice(0, 128))};
    END IF;`;
}
