import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findMysqlProgram, type MysqlProgram, startMysql } from '../databases/mysql.ts';
import { UpError } from '../databases/process.ts';

export type LegacyDatabase = {
  readonly url: string;
  /** What a person reads: `MariaDB 10.11 (private instance)`. Holds no password. */
  readonly label: string;
  /** True when this start has just made it, empty: only then is it seeded. */
  readonly fresh: boolean;
  readonly stop: () => Promise<void>;
};

type Kind = 'mysql' | 'sqlite';

/**
 * The legacy database: the one that LEGACY_DATABASE_URL names, else a private instance of a local MariaDB or MySQL,
 * else SQLite. A private one keeps the kind that it was made with, since the data lies there.
 */
export async function openLegacyDatabase(stateDir: string, env: NodeJS.ProcessEnv): Promise<LegacyDatabase> {
  if (env.LEGACY_DATABASE_URL) return named(env.LEGACY_DATABASE_URL);
  const folder = join(stateDir, 'legacy');
  mkdirSync(folder, { recursive: true });
  const kindFile = join(folder, 'kind');
  const kept = existsSync(kindFile) ? (readFileSync(kindFile, 'utf8').trim() as Kind) : null;
  const program = kept === 'sqlite' ? null : findMysqlProgram();
  if (kept === 'mysql' && program === null) {
    throw new UpError(
      'UP_LEGACY_GONE',
      `the legacy data in ${folder} was made by MariaDB or MySQL, and no such server program is on this machine any more. Do: install mariadb-server, or remove ${folder} to begin anew with SQLite.`,
    );
  }
  // A start that was killed while seeding left half a database: it is made anew.
  const fresh = !existsSync(seededFile(stateDir));
  const opened = program ? await privateMysql(program, folder, fresh) : sqlite(folder, fresh);
  if (kept === null) writeFileSync(kindFile, program ? 'mysql' : 'sqlite');
  return { ...opened, fresh };
}

/** Called when a fresh private database has been seeded whole. */
export function markSeeded(stateDir: string): void {
  writeFileSync(seededFile(stateDir), new Date().toISOString());
}

function seededFile(stateDir: string): string {
  return join(stateDir, 'legacy', 'seeded');
}

async function privateMysql(program: MysqlProgram, folder: string, fresh: boolean) {
  const server = await startMysql(program, { stateDir: join(folder, 'mysql'), durable: true });
  if (fresh) {
    const connection = await createConnection({ uri: server.adminUrl });
    await connection.query('drop database if exists legacy');
    await connection.end();
  }
  const url = await server.database('legacy');
  const label = `${program.flavour} ${program.version} (private instance of ${program.file})`;
  return { url, label, stop: server.stop };
}

function sqlite(folder: string, fresh: boolean) {
  const file = join(folder, 'legacy.sqlite');
  if (fresh) for (const part of [file, `${file}-wal`, `${file}-shm`]) rmSync(part, { force: true });
  return {
    url: `sqlite:${file}`,
    label: `SQLite (${file}); no MariaDB or MySQL server found`,
    stop: async () => {},
  };
}

/** A database of somebody else's is used as it is, and refused when it holds tables that are not the monolith's. */
async function named(url: string): Promise<LegacyDatabase> {
  const stop = async () => {};
  if (url.startsWith('sqlite:')) {
    const file = url.slice('sqlite:'.length);
    return { url, label: `SQLite (${file}, from LEGACY_DATABASE_URL)`, fresh: !existsSync(file), stop };
  }
  let address: URL;
  try {
    address = new URL(url);
  } catch {
    throw new UpError(
      'UP_LEGACY_URL',
      'LEGACY_DATABASE_URL: expected mysql://user:password@host:3306/database or sqlite:PATH, got something that is no URL.',
    );
  }
  const where = `${address.host}${address.pathname}`;
  let tables: string[];
  try {
    const connection = await createConnection({
      uri: url.replace(/^mariadb:/, 'mysql:'),
      connectTimeout: 5_000,
    });
    const [rows] = await connection.query(
      'select table_name as name from information_schema.tables where table_schema = database()',
    );
    tables = (rows as { name: string }[]).map((row) => row.name);
    await connection.end();
  } catch (error) {
    throw new UpError(
      'UP_LEGACY_DATABASE',
      `the legacy database ${where} cannot be used: ${(error as Error).message || (error as { code?: string }).code}. Do: start it, create it, or correct LEGACY_DATABASE_URL.`,
    );
  }
  return { url, label: `${where} (from LEGACY_DATABASE_URL)`, fresh: tables.length === 0, stop };
}
