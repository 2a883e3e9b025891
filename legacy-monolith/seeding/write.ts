import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import { ConfigError } from '../config.ts';
import { migrateLocked, withSchemaLock } from '../db/migrate.ts';
import { type Damage, type DamageKind, damageOf } from './damage.ts';
import type { Progress } from './progress.ts';
import { type Row, type Sizes, TABLES, type TableRow } from './row.ts';
import { allRows } from './tables.ts';

const BATCH_ROWS = 1000;
/** Up to this many rows a seed is one transaction: cut short, it leaves the database empty. Beyond, one every so many. */
const TRANSACTION_ROWS = 1_000_000;

export type Seeding = {
  readonly seed: number;
  readonly sizes: Sizes;
  /** Kinds of broken rows that are left out. */
  readonly without?: readonly DamageKind[];
};
/** How many rows each table got, and how many broken ones of each kind are among them. */
export type Seeded = { readonly rows: ReadonlyMap<string, number>; readonly broken: Damage['counts'] };

/** Migrates, refuses a database that holds rows, writes all of them. */
export async function seedDatabase(
  db: Sequelize,
  { seed, sizes, without = [] }: Seeding,
  progress: Progress,
): Promise<Seeded> {
  const damage = damageOf(seed, new Set(without));
  return withSchemaLock(db, async (locked) => {
    await migrateLocked(db, locked);
    await refuseRows(db, locked);
    const written = new Map<string, number>();
    // SQLite has one writer: the lock is the transaction.
    let transaction = locked ?? (await db.transaction());
    let uncommitted = 0;
    try {
      for (const batch of batches(allRows(seed, sizes, damage))) {
        for (const [table, rows] of batch) {
          await db.query(insertOf(db, table, rows), { type: QueryTypes.INSERT, transaction });
          written.set(table, (written.get(table) ?? 0) + rows.length);
          uncommitted += rows.length;
        }
        progress.update(largest(batch), countedRows(written));
        if (!locked && uncommitted >= TRANSACTION_ROWS) {
          await transaction.commit();
          transaction = await db.transaction();
          uncommitted = 0;
        }
      }
      if (!locked) await transaction.commit();
    } catch (error) {
      if (!locked) await transaction.rollback();
      throw error;
    }
    return { rows: written, broken: damage.counts };
  });
}

function largest(batch: InsertRows): string {
  return [...batch].reduce((most, next) => (next[1].length > most[1].length ? next : most))[0];
}

const COUNTED = ['customers', 'freelancers', 'projects', 'timesheets', 'payments'];

// The rows that were asked for; what follows from them is not counted.
function countedRows(written: ReadonlyMap<string, number>): number {
  return COUNTED.reduce((sum, t) => sum + (written.get(t) ?? 0), 0);
}

export class NotEmptyError extends ConfigError {}

async function refuseRows(db: Sequelize, transaction: Transaction | undefined): Promise<void> {
  for (const table of TABLES) {
    const rows = await db.query(`SELECT 1 FROM ${table} LIMIT 1`, { type: QueryTypes.SELECT, transaction });
    if (rows.length > 0) {
      throw new NotEmptyError(
        `the database is not empty: ${table} holds rows. Do seed a new one, nothing was changed`,
      );
    }
  }
}

type InsertRows = Map<string, Row[]>;

// A batch holds its tables in an order in which every row comes after those it refers to.
function* batches(all: Iterable<TableRow>): Generator<InsertRows> {
  let buffer: InsertRows = new Map();
  let buffered = 0;
  const inOrder = (): InsertRows =>
    new Map(TABLES.flatMap((t) => (buffer.has(t) ? [[t, buffer.get(t)!]] : [])));
  for (const { table, row } of all) {
    const rows = buffer.get(table);
    if (rows) rows.push(row);
    else buffer.set(table, [row]);
    if (++buffered < BATCH_ROWS) continue;
    yield inOrder();
    buffer = new Map();
    buffered = 0;
  }
  if (buffered > 0) yield inOrder();
}

function insertOf(db: Sequelize, table: string, rows: Row[]): string {
  const columns = Object.keys(rows[0]!);
  const values = rows.map((row) => `(${columns.map((column) => literal(db, row[column])).join(',')})`);
  return `INSERT INTO ${table} (${columns.join(',')}) VALUES ${values.join(',')}`;
}

function literal(db: Sequelize, value: string | number | null | undefined): string {
  return value === null || value === undefined ? 'NULL' : db.escape(value);
}
