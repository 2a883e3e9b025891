import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findMysqlProgram, type MysqlProgram, startMysql } from '../databases/mysql.ts';
import { UpError } from '../databases/process.ts';

export type LegacyDatabase = {
  readonly url: string;
  /** What a person reads: `MariaDB 10.11 (private instance)`. Holds no password. */
  readonly label: string;
  /** True when it is empty and ours to fill, also when an earlier start was stopped while it filled it. */
  readonly fresh: boolean;
  /** True when `fig up` made the server or the file itself. */
  readonly isPrivate: boolean;
  /** Remembers that seeding has begun, or that it is complete, for the next start. */
  readonly mark: (seeding: 'begun' | 'done') => void;
  readonly stop: () => Promise<void>;
};

type Kind = 'mysql' | 'sqlite';

/**
 * The legacy database: the one that LEGACY_DATABASE_URL names, else a private instance of a local MariaDB or MySQL,
 * else SQLite. A private one keeps the kind that it was made with, since the data lies there.
 */
export async function openLegacyDatabase(stateDir: string, env: NodeJS.ProcessEnv): Promise<LegacyDatabase> {
  const folder = join(stateDir, 'legacy');
  mkdirSync(folder, { recursive: true });
  if (env.LEGACY_DATABASE_URL) return named(env.LEGACY_DATABASE_URL, folder);
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
  const seeded = join(folder, 'seeded');
  const fresh = !existsSync(seeded);
  const opened = program ? await privateMysql(program, folder, fresh) : sqlite(folder, fresh, kept !== null);
  if (kept === null) writeFileSync(kindFile, program ? 'mysql' : 'sqlite');
  const mark = (seeding: 'begun' | 'done') => {
    if (seeding === 'done') writeFileSync(seeded, new Date().toISOString());
  };
  return { ...opened, fresh, isPrivate: true, mark };
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

function sqlite(folder: string, fresh: boolean, kept: boolean) {
  const file = join(folder, 'legacy.sqlite');
  if (fresh) for (const part of [file, `${file}-wal`, `${file}-shm`]) rmSync(part, { force: true });
  return {
    url: `sqlite:${file}`,
    label: `SQLite (${file}${kept ? ', kept from the first start' : ''})${findMysqlProgram() ? '' : '; no MariaDB or MySQL server found'}`,
    stop: async () => {},
  };
}

/** A database of somebody else's: filled when it is empty, used as it is otherwise. */
async function named(url: string, folder: string): Promise<LegacyDatabase> {
  const identity = createHash('sha256').update(url).digest('hex').slice(0, 16);
  const begun = join(folder, `seeding-${identity}`);
  const common = {
    url,
    isPrivate: false,
    stop: async () => {},
    mark: (seeding: 'begun' | 'done') => {
      if (seeding === 'begun') writeFileSync(begun, '');
      else rmSync(begun, { force: true });
    },
  };
  if (url.startsWith('sqlite:')) {
    const file = url.slice('sqlite:'.length);
    const fresh = !existsSync(file) || existsSync(begun);
    return { ...common, label: `SQLite (${file}, from LEGACY_DATABASE_URL)`, fresh };
  }
  const address = URL.canParse(url) ? new URL(url) : null;
  if (address === null || !['mysql:', 'mariadb:'].includes(address.protocol)) {
    throw new UpError(
      'UP_LEGACY_URL',
      `LEGACY_DATABASE_URL: expected mysql://user:password@host:3306/database or sqlite:PATH, got ${address ? `a ${address.protocol} URL` : 'something that is no URL'}.`,
    );
  }
  const where = `${address.host}${address.pathname}`;
  const fresh = (await countTables(url, where)) === 0 || existsSync(begun);
  return { ...common, label: `${where} (from LEGACY_DATABASE_URL)`, fresh };
}

async function countTables(url: string, where: string): Promise<number> {
  try {
    const connection = await createConnection({
      uri: url.replace(/^mariadb:/, 'mysql:'),
      connectTimeout: 5_000,
    });
    const sql = 'select count(*) as tables from information_schema.tables where table_schema = database()';
    const [rows] = await connection.query(sql);
    await connection.end();
    return Number((rows as { tables: number }[])[0]?.tables);
  } catch (error) {
    throw new UpError(
      'UP_LEGACY_DATABASE',
      `the legacy database ${where} cannot be used: ${(error as Error).message || (error as { code?: string }).code}. Do: start it, create it, or correct LEGACY_DATABASE_URL.`,
    );
  }
}
