import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';
import { findMysqlProgram, startMysql } from '../../cli/databases/mysql.ts';
import { UpError } from '../../cli/databases/process.ts';
import type { Session } from './job.ts';

/** A legacy database of the soak's own, with what is needed to write to it past the monolith, and to kill it. */
export type LegacySide = {
  readonly kind: 'mysql' | 'sqlite';
  readonly name: string;
  readonly url: string;
  open(): Promise<Session>;
  /** Null for a database that is no process. */
  readonly server: { pid(): number; kill(): Promise<void>; start(): Promise<void> } | null;
  stop(): Promise<void>;
};

/** Throws UpError where no server program of MariaDB or MySQL is installed. */
export async function startMysqlSide(folder: string): Promise<LegacySide> {
  const program = findMysqlProgram();
  if (program === null)
    throw new UpError(
      'SOAK_MYSQL',
      'there is no server program of MariaDB or MySQL on this machine. Do: install mariadb-server, or give --database sqlite.',
    );
  const options = { stateDir: join(folder, 'mysql'), durable: true };
  let server = await startMysql(program, options);
  const { port } = server;
  const url = await server.database('fig_soak');
  return {
    ...{ kind: 'mysql', name: `${program.flavour} ${program.version}`, url },
    async open() {
      const connection = await createConnection({ uri: url, dateStrings: true, connectTimeout: 5_000 });
      connection.on('error', () => {});
      return {
        sql: async (text) => {
          const [rows] = await connection.query(text);
          return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
        },
        close: async () => connection.destroy(),
      };
    },
    server: {
      pid: () => server.pid,
      async kill() {
        process.kill(server.pid, 'SIGKILL');
        await server.stop();
      },
      async start() {
        server = await startMysql(program, { ...options, port });
      },
    },
    stop: () => server.stop(),
  };
}

export async function startSqliteSide(folder: string): Promise<LegacySide> {
  const path = join(folder, 'legacy.db');
  const first = new DatabaseSync(path);
  first.exec('PRAGMA journal_mode = WAL');
  first.close();
  return {
    ...{ kind: 'sqlite', name: 'SQLite', url: `sqlite:${path}` },
    async open() {
      const database = new DatabaseSync(path, { timeout: 5 });
      return {
        async sql(text) {
          // SQLite's own waiting would hold up the clients, too, which live in this thread.
          for (;;) {
            try {
              return database.prepare(text).all() as Record<string, unknown>[];
            } catch (error) {
              if (!/locked|busy/.test((error as Error).message)) throw error;
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
          }
        },
        close: async () => database.close(),
      };
    },
    server: null,
    stop: async () => {},
  };
}
