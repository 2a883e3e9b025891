import { DatabaseSync } from 'node:sqlite';
import mysql from 'mysql2/promise';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase } from './databases.ts';

/** A connection of the application, with a transaction of its own. `BEGIN IMMEDIATE_` begins to write on either kind. */
export type Writer = {
  execute(sql: string): Promise<void>;
  read(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
};

/** A database of its own kind that the application writes to. */
export type LegacyDatabase = {
  readonly url: string;
  writer(): Promise<Writer>;
  drop(): Promise<void>;
};

async function sqliteLegacy(): Promise<LegacyDatabase> {
  const { url, drop } = await sqliteDatabase();
  const path = url.slice('sqlite:'.length);
  const first = new DatabaseSync(path);
  first.exec('PRAGMA journal_mode = WAL');
  first.close();
  return {
    url,
    async writer() {
      const database = new DatabaseSync(path, { timeout: 10 });
      return {
        // The timeout of SQLite would hold up this one thread, and with it whoever has the lock.
        async execute(sql) {
          const plain = sql.replace('IMMEDIATE_', 'IMMEDIATE');
          for (;;) {
            try {
              return database.exec(plain);
            } catch (error) {
              if (!/locked/.test((error as Error).message)) throw error;
              await new Promise((resolve) => setTimeout(resolve, 2));
            }
          }
        },
        read: async (sql) => database.prepare(sql).all(),
        close: async () => database.close(),
      };
    },
    drop,
  };
}

async function mysqlLegacy(): Promise<LegacyDatabase> {
  const { url, drop } = await mysqlDatabase();
  return {
    url,
    async writer() {
      const connection = await mysql.createConnection({
        uri: url,
        dateStrings: true,
        multipleStatements: true,
      });
      return {
        execute: async (sql) => void (await connection.query(sql.replace(' IMMEDIATE_', ''))),
        read: async (sql) => (await connection.query(sql))[0] as Record<string, unknown>[],
        close: () => connection.end(),
      };
    },
    drop,
  };
}

/**
 * Of cases that are long and alike on all kinds: those for this one. Each case runs on one of the kinds that there are, all
 * of them on each with FIG_SOAK=1.
 */
export function sharedOut<T>(kind: string, cases: readonly T[]): readonly T[] {
  if (process.env.FIG_SOAK === '1') return cases;
  const kinds = [...legacyDatabases.keys()];
  return cases.filter((_, n) => n % kinds.length === kinds.indexOf(kind));
}

/** The kinds that there are on this machine: SQLite, and MySQL where FIG_TEST_MYSQL_URL names a server. */
export const legacyDatabases: ReadonlyMap<string, () => Promise<LegacyDatabase>> = new Map([
  ['SQLite', sqliteLegacy],
  ...(MYSQL_URL ? [['MySQL', mysqlLegacy] as const] : []),
]);
