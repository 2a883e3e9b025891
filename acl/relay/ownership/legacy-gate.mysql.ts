import { setTimeout as pause } from 'node:timers/promises';
import mysql, { type PoolConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { type Cascade, cascadesTo } from '../capture/cascades.ts';
import type { CapturedTable } from '../capture/change-source.ts';
import {
  foreignKeysOf,
  id,
  replaceTriggers,
  rowsThatFollow,
  type Trigger,
  trigger,
  unlessRelay,
} from '../capture/mysql-triggers.ts';
import { triggerName } from '../capture/trigger-name.ts';
import type { OpenTransaction } from '../source/legacy-busy.ts';
import { openMysqlPool } from '../source/mysql-pool.ts';
import { openTransactionsOf, preparedOf } from '../source/mysql-transactions.ts';
import { cascadesFromOutside, GATE_WAIT_MS, type LegacyGate, type Owner, refusal } from './legacy-gate.ts';

const OWNERS = '_fig_owner';
/**
 * Counts what was rejected: its rows are rolled back with all else, and the numbers that they took are not. No table of
 * another engine: a statement whose trigger may write to one takes a lock of that whole table at its start, and waits
 * with it for rows whose holder waits for the table.
 */
const rejectedOf = (set: string) => triggerName('rejected', [set], '');
/** One that was sent waits for locked tables, for writers and for prepared transactions, each as long as that at most. */
const TURN_WAIT_S = 4 * (GATE_WAIT_MS / 1_000);
const LOOK_MS = 20;
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
      `SELECT trigger_name AS name FROM information_schema.triggers
       WHERE trigger_schema = ? AND trigger_name LIKE ? AND LOCATE(?, action_statement) > 0`,
      [database, '\\_fig\\_gate%', ownerOf(set)],
    );
    return new Set(rows.map(({ name }) => String(name)));
  };
  /** Held by whoever changes the owner until its connection has ended: also by one that was killed in the middle. */
  const turn = triggerName('gate_turn', [database, set], '');
  const takeTurn = async (connection: PoolConnection) => {
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS taken', [
      turn,
      TURN_WAIT_S,
    ]);
    if (Number(row?.taken) !== 1) throw new Error(`${set}: another change of its owner has not ended`);
  };
  const read = async () => {
    if (!(await hasTable(OWNERS))) return null;
    const [row] = await select(`SELECT owner, epoch FROM ${OWNERS} WHERE name = ?`, [set]);
    return row ? { owner: String(row.owner) as Owner, epoch: Number(row.epoch) } : null;
  };
  const openTransactions = () => openTransactionsOf(select);

  return {
    read,
    async settled() {
      const connection = await pool.getConnection();
      try {
        await takeTurn(connection);
        return await read();
      } finally {
        connection.destroy();
      }
    },
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
      await pool.query(
        'CREATE TABLE IF NOT EXISTS ?? (n BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY) ENGINE = InnoDB',
        [rejectedOf(set)],
      );
      await replaceTriggers(pool, await wanted(), await present());
    },
    async remove() {
      await replaceTriggers(pool, [], await present());
      await pool.query('DROP TABLE IF EXISTS ??', [rejectedOf(set)]);
      if (await hasTable(OWNERS)) await pool.query(`DELETE FROM ${OWNERS} WHERE name = ?`, [set]);
    },
    async write({ owner, epoch }) {
      const connection = await pool.getConnection();
      try {
        await takeTurn(connection);
        // The second is that of whole tables: LOCK TABLES, a dump, FLUSH TABLES WITH READ LOCK; a day by default.
        const waitS = GATE_WAIT_MS / 1_000;
        await connection.query('SET SESSION innodb_lock_wait_timeout = ?, SESSION lock_wait_timeout = ?', [
          waitS,
          waitS,
        ]);
        await connection.beginTransaction();
        await connection.query<ResultSetHeader>(
          `UPDATE ${OWNERS} SET owner = ?, epoch = ? WHERE name = ? AND epoch < ?`,
          [owner, epoch, set, epoch],
        );
        const prepared = owner === 'nobody' ? await stillPrepared(connection) : [];
        if (prepared.length > 0) {
          await connection.rollback();
          return { ok: false, blockers: prepared };
        }
        await connection.commit();
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
      if (!(await hasTable(rejectedOf(set)))) return null;
      const [table] = await select('SHOW CREATE TABLE ??', [rejectedOf(set)]);
      const next = /AUTO_INCREMENT=(\d+)/.exec(String(table?.['Create Table']))?.[1] ?? '1';
      return Number(next) - 1;
    },
    async cascades() {
      const keys = await foreignKeysOf(select, database);
      return cascadesFromOutside(tables, keys);
    },
    openTransactions,
    async close() {
      await pool.end();
    },
  };
}

/**
 * MariaDB lets go of a transaction's share locks when it is prepared (XA PREPARE): it has passed the gate, and may commit
 * at any time. None comes after those that are seen while the owner's row is locked. Those that do not end in time.
 */
async function stillPrepared(connection: PoolConnection): Promise<readonly OpenTransaction[]> {
  const look = () => preparedOf(async (sql) => (await connection.query<RowDataPacket[]>(sql))[0]);
  let left = await look();
  for (const deadline = performance.now() + GATE_WAIT_MS; left.length > 0; ) {
    if (performance.now() > deadline) return left;
    await pause(LOOK_MS);
    const now = new Set((await look()).map(({ id }) => id));
    left = left.filter(({ id }) => now.has(id));
  }
  return left;
}

function ownTriggers(set: string, table: string): Trigger[] {
  const body = unlessRelay(set, check(set), DECLARE);
  return ['INSERT', 'UPDATE', 'DELETE'].map((event) =>
    trigger(`gate_${event.toLowerCase()}`, `BEFORE ${event}`, table, [table], body),
  );
}

/** Cascades pass no trigger of the rows that they change: what starts them is refused, where it would reach some. */
function aboveTrigger(set: string, cascade: Cascade, n: number): Trigger {
  const { event, on, table } = cascade;
  const refuse = `IF EXISTS (SELECT 1 ${rowsThatFollow(cascade)}) THEN ${check(set)} END IF;`;
  const purpose = `gate${n}_${event.toLowerCase()}`;
  return trigger(purpose, `BEFORE ${event}`, on, [table, on], unlessRelay(set, refuse, DECLARE));
}

const DECLARE = 'DECLARE fig_owner VARCHAR(16);';

/** By this a trigger tells whose it is. */
const ownerOf = (set: string) => `FROM ${OWNERS} WHERE name = ${mysql.escape(set)} LOCK IN SHARE MODE`;

function check(set: string): string {
  return `SELECT owner INTO fig_owner ${ownerOf(set)};
    IF NOT (fig_owner <=> 'legacy') THEN
      INSERT INTO ${id(rejectedOf(set))} (n) VALUES (NULL);
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = ${mysql.escape(refusal(set).slice(0, 128))};
    END IF;`;
}
