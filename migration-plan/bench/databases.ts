import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { findMysqlProgram, startMysql } from '../cli/databases/mysql.ts';
import { removePostgresHome, startPostgres } from '../cli/databases/postgres.ts';
import { UpError } from '../cli/databases/process.ts';
import { stopAtEnd } from './teardown.ts';

/** Private servers, as durable as those of `npm start`, and how to make a database in each. */
export type Servers = {
  readonly postgresUrl: string;
  readonly label: string;
  legacy(name: string): Promise<string>;
  postgres(name: string): Promise<string>;
};

/** They end with `tearDown`. Throws UpError without a MariaDB or MySQL on this machine: figures of SQLite would be those of another system. */
export async function startServers(): Promise<Servers> {
  const program = findMysqlProgram();
  if (program === null)
    throw new UpError(
      'BENCH_MYSQL',
      'expected a MariaDB or MySQL server program on this machine, got none. Do: install mariadb-server.',
    );
  const folder = await mkdtemp(join(tmpdir(), 'fig-bench-'));
  const postgresDir = join(folder, 'postgres');
  stopAtEnd(() => rm(folder, { recursive: true, force: true }));
  const postgres = await startPostgres({ stateDir: postgresDir, durable: true });
  stopAtEnd(async () => {
    await postgres.stop();
    removePostgresHome(postgresDir);
  });
  const legacy = await startMysql(program, { stateDir: join(folder, 'mysql'), durable: true });
  stopAtEnd(legacy.stop);
  return {
    postgresUrl: postgres.adminUrl,
    label: `${program.flavour} ${program.version}, Postgres ${postgres.version.split(' ')[0]}`,
    legacy: (name) => legacy.database(name),
    postgres: (name) => postgres.database(name),
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
