import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { findMysqlProgram, startMysql } from '../cli/databases/mysql.ts';
import { removePostgresHome, startPostgres } from '../cli/databases/postgres.ts';
import { UpError } from '../cli/databases/process.ts';

/** Private servers, as durable as those of `npm start`, and how to make a database in each. */
export type Servers = {
  readonly postgresUrl: string;
  readonly label: string;
  legacy(name: string): Promise<string>;
  postgres(name: string): Promise<string>;
  stop(): Promise<void>;
};

/** Throws UpError without a MariaDB or MySQL on this machine: figures of SQLite would be those of another system. */
export async function startServers(): Promise<Servers> {
  const program = findMysqlProgram();
  if (program === null)
    throw new UpError(
      'BENCH_MYSQL',
      'expected a MariaDB or MySQL server program on this machine, got none. Do: install mariadb-server.',
    );
  const folder = await mkdtemp(join(tmpdir(), 'fig-bench-'));
  const postgresDir = join(folder, 'postgres');
  const postgres = await startPostgres({ stateDir: postgresDir, durable: true });
  const legacy = await startMysql(program, { stateDir: join(folder, 'mysql'), durable: true }).catch(
    async (error: unknown) => {
      await postgres.stop();
      throw error;
    },
  );
  return {
    postgresUrl: postgres.adminUrl,
    label: `${program.flavour} ${program.version}, Postgres ${postgres.version.split(' ')[0]}`,
    legacy: (name) => legacy.database(name),
    postgres: (name) => postgres.database(name),
    async stop() {
      await Promise.all([legacy.stop(), postgres.stop()]);
      removePostgresHome(postgresDir);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs statements of MySQL in order, on one connection; answers with the rows of the last one. */
export async function onLegacy(
  url: string,
  ...statements: readonly string[]
): Promise<mysql.RowDataPacket[]> {
  const connection = await mysql.createConnection({ uri: url, dateStrings: true });
  try {
    let rows: unknown = [];
    for (const statement of statements) [rows] = await connection.query(statement);
    return rows as mysql.RowDataPacket[];
  } finally {
    await connection.end();
  }
}

export async function onPostgres(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client
    .query(statement)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}
