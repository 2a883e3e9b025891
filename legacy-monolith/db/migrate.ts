import { createHash } from 'node:crypto';
import { type QueryInterface, QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import { Umzug } from 'umzug';
import { ConfigError } from '../config.ts';
import * as baseline from './migrations/001-baseline.ts';
import * as money from './migrations/002-money.ts';
import * as fibu from './migrations/003-fibu.ts';
import * as sqliteKeys from './migrations/004-sqlite-keys.ts';
import * as speed from './migrations/005-speed.ts';
import { columnsFor } from './migrations/columns.ts';
import type { MigrationContext } from './migrations/context.ts';

const MIGRATIONS = [
  { name: '001-baseline', up: baseline.up },
  { name: '002-money', up: money.up },
  { name: '003-fibu', up: fibu.up },
  { name: '004-sqlite-keys', up: sqliteKeys.up },
  { name: '005-speed', up: speed.up },
];
const TABLE = 'SequelizeMeta';
const LOCK_WAIT_SECONDS = 120;

/** Runs what is pending. Two processes that start at once wait for each other. */
export async function migrate(db: Sequelize): Promise<void> {
  await withSchemaLock(db, (transaction) => migrateLocked(db, transaction));
}

/**
 * Runs `work` while no other process migrates or seeds this database. On SQLite `work` gets the one write
 * transaction; on MySQL, where DDL commits by itself, a named lock is held and the transaction is undefined.
 */
export async function withSchemaLock<T>(
  db: Sequelize,
  work: (t: Transaction | undefined) => Promise<T>,
): Promise<T> {
  return db.transaction(async (transaction) => {
    if (db.getDialect() === 'sqlite') return work(transaction);
    // MySQL's lock names are server-wide and at most 64 characters long.
    const name = `legacy_schema_${createHash('sha1').update(db.getDatabaseName()).digest('hex')}`;
    const [row] = await db.query<{ got: number | null }>('SELECT GET_LOCK(:name, :wait) AS got', {
      replacements: { name, wait: LOCK_WAIT_SECONDS },
      type: QueryTypes.SELECT,
      transaction,
    });
    if (row?.got !== 1) {
      throw new ConfigError(
        `database ${db.getDatabaseName()}: another process has been changing its schema for ${LOCK_WAIT_SECONDS} s. Do wait for it, or stop it`,
      );
    }
    try {
      return await work(undefined);
    } finally {
      await db.query('SELECT RELEASE_LOCK(:name)', { replacements: { name }, transaction });
    }
  });
}

export async function migrateLocked(db: Sequelize, transaction: Transaction | undefined): Promise<void> {
  const queryInterface = db.getQueryInterface();
  const options = { engine: 'InnoDB', charset: 'utf8mb4', collate: 'utf8mb4_general_ci' };
  const context: MigrationContext = {
    queryInterface,
    columns: columnsFor(db),
    createTable: async (name, columns) => {
      await queryInterface.createTable(name, columns, { ...options, transaction });
    },
    addColumn: async (table, name, column) => {
      if (name in (await queryInterface.describeTable(table, { transaction } as never))) return;
      await queryInterface.addColumn(table, name, column, { transaction });
    },
    addIndex: async (table, fields, { unique = false } = {}) => {
      const name = `${unique ? 'uq' : 'ix'}_${table}_${fields.join('_')}`;
      // A MySQL migration that was cut short runs again from its start.
      const present = (await queryInterface.showIndex(table, { transaction })) as { name: string }[];
      if (present.some((index) => index.name === name)) return;
      await queryInterface.addIndex(table, fields, { name, unique, transaction });
    },
  };
  const storage = {
    logMigration: async ({ name }: { name: string }) => {
      await db.query(`INSERT INTO ${TABLE} (name) VALUES (:name)`, { replacements: { name }, transaction });
    },
    unlogMigration: async ({ name }: { name: string }) => {
      await db.query(`DELETE FROM ${TABLE} WHERE name = :name`, { replacements: { name }, transaction });
    },
    executed: async () => {
      const rows = await db.query<{ name: string }>(`SELECT name FROM ${TABLE} ORDER BY name`, {
        type: QueryTypes.SELECT,
        transaction,
      });
      return rows.map((row) => row.name);
    },
  };
  await refuseForeignTables(db, queryInterface, transaction);
  await context.createTable(TABLE, { name: { ...context.columns.code('name', 100), primaryKey: true } });
  await new Umzug({ migrations: MIGRATIONS, context, storage, logger: undefined }).up();
}

/** A database that holds tables but no record of these migrations belongs to somebody else. */
async function refuseForeignTables(
  db: Sequelize,
  queryInterface: QueryInterface,
  transaction: Transaction | undefined,
): Promise<void> {
  const found = await queryInterface.showAllTables({ transaction });
  // MySQL answers { tableName } objects, SQLite names.
  const tables = found.map((table) =>
    typeof table === 'string' ? table : (table as { tableName: string }).tableName,
  );
  if (tables.length === 0 || tables.includes(TABLE)) return;
  const name = db.getDialect() === 'sqlite' ? 'the SQLite file' : `database ${db.getDatabaseName()}`;
  throw new ConfigError(
    `${name} holds tables that this program did not make (${tables.slice(0, 3).join(', ')}). Do name an empty database; nothing was changed`,
  );
}
