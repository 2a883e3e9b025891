import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { commandOf } from './postgres.ts';
import { freePort, runProgram, spawnServer, stopProcess, UpError, waitUntilReady } from './process.ts';

/** A server program found on this machine. */
export type MysqlProgram = {
  readonly file: string;
  readonly flavour: 'MariaDB' | 'MySQL';
  readonly version: string;
};

export type PrivateMysql = {
  readonly program: MysqlProgram;
  /** Connection URL of a database; creates the database when it is missing. */
  database(name: string): Promise<string>;
  /** URL without a database, with the right to create some. */
  readonly adminUrl: string;
  /** What runs, for those who kill it. */
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
};

/** Debian puts the servers in sbin folders, which an ordinary user's PATH leaves out. */
const EXTRA_FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/usr/local/mysql/bin',
];

/** The first MariaDB or MySQL server program on this machine, or null. */
export function findMysqlProgram(path = process.env.PATH ?? ''): MysqlProgram | null {
  const folders = [...path.split(delimiter), ...EXTRA_FOLDERS].filter(Boolean);
  for (const name of ['mariadbd', 'mysqld']) {
    for (const folder of folders) {
      const file = join(folder, name);
      if (!isExecutable(file)) continue;
      try {
        const banner = execFileSync(file, ['--no-defaults', '--version'], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        const version = /Ver\s+(\S+)/.exec(banner)?.[1] ?? 'unknown';
        return { file, flavour: /mariadb/i.test(banner) ? 'MariaDB' : 'MySQL', version };
      } catch {
        // A binary of another platform or without its libraries: not a server that can be used.
      }
    }
  }
  return null;
}

/**
 * Starts a private instance of a local MariaDB or MySQL with its data under `stateDir`, reading no system
 * configuration. Reached over loopback by the user `fig`, whose password lies in `stateDir/password` (0600), on a free
 * port unless one is named.
 */
export async function startMysql(
  program: MysqlProgram,
  options: { stateDir: string; durable: boolean; port?: number },
): Promise<PrivateMysql> {
  const stateDir = resolve(options.stateDir);
  mkdirSync(stateDir, { recursive: true });
  const data = join(stateDir, 'data');
  const logFile = join(stateDir, 'mysql.log');
  const passwordFile = join(stateDir, 'password');
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];

  // The password is written last: a data folder without one was never finished.
  if (!existsSync(passwordFile)) {
    rmSync(data, { recursive: true, force: true });
    await initialise(program, data, asRoot);
  }
  await endEarlierInstance(stateDir, data);

  // A socket path may have about 100 bytes, which a deep clone exceeds; the folder is 0700, so root without a
  // password can be reached by its owner alone.
  const socketDir = mkdtempSync(join(tmpdir().length < 60 ? tmpdir() : '/tmp', 'fig-my-'));
  const socket = join(socketDir, 's');
  const port = options.port ?? (await freePort());
  // A server removes at its start what it takes for its own leftovers: in a folder that it shares, those of the others.
  const scratch = join(stateDir, 'tmp');
  mkdirSync(scratch, { recursive: true });
  const child = spawnServer(
    program.file,
    [
      '--no-defaults',
      ...asRoot,
      `--datadir=${data}`,
      `--tmpdir=${scratch}`,
      `--socket=${socket}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--pid-file=${join(stateDir, 'server.pid')}`,
      '--character-set-server=utf8mb4',
      '--max-connections=300',
      '--innodb-buffer-pool-size=256M',
      ...(program.flavour === 'MySQL' ? ['--mysqlx=OFF'] : []),
      ...(options.durable
        ? []
        : ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--sync-binlog=0']),
    ],
    { logFile, env: { PATH: process.env.PATH ?? '', TZ: 'UTC' } },
  );
  try {
    await waitUntilReady(child, () => answers(socket), {
      what: program.flavour,
      logFile,
      deadlineMs: 60_000,
    });
    if (!existsSync(passwordFile)) await createUser(socket, passwordFile);
  } catch (error) {
    await stopProcess(child, 'SIGKILL');
    rmSync(socketDir, { recursive: true, force: true });
    throw error;
  }
  const password = readFileSync(passwordFile, 'utf8').trim();
  const url = (name: string) => `mysql://fig:${password}@127.0.0.1:${port}/${name}`;

  return {
    program,
    adminUrl: url(''),
    pid: child.pid as number,
    port,
    async database(name) {
      const connection = await createConnection({ uri: url('') });
      try {
        await connection.query(
          `create database if not exists \`${name.replaceAll('`', '``')}\` character set utf8mb4`,
        );
      } finally {
        await connection.end();
      }
      return url(name);
    },
    async stop() {
      await stopProcess(child, 'SIGTERM', 30_000);
      rmSync(socketDir, { recursive: true, force: true });
    },
  };
}

/** MariaDB's install script splits paths at blanks (as root it would even chown what it finds there). */
async function initialise(program: MysqlProgram, data: string, asRoot: readonly string[]): Promise<void> {
  if (!/\s/.test(data)) return createDataFolder(program, data, asRoot);
  const plain = mkdtempSync(join(tmpdir(), 'fig-mysql-'));
  try {
    await createDataFolder(program, join(plain, 'data'), asRoot);
    cpSync(join(plain, 'data'), data, { recursive: true });
  } finally {
    rmSync(plain, { recursive: true, force: true });
  }
}

async function createDataFolder(
  program: MysqlProgram,
  data: string,
  asRoot: readonly string[],
): Promise<void> {
  const installDb = program.file.replace(/s?bin\/[^/]+$/, 'bin/mariadb-install-db');
  const common = ['--no-defaults', ...asRoot, `--datadir=${data}`];
  const { code, output } =
    program.flavour === 'MariaDB'
      ? await runProgram(installDb, [...common, '--auth-root-authentication-method=normal', '--skip-test-db'])
      : await runProgram(program.file, [...common, '--initialize-insecure']);
  if (code === 0) return;
  const said = output.trim().split('\n').slice(-3).join(' | ') || `exit code ${code}`;
  throw new UpError(
    'UP_MYSQL_INIT',
    `${program.flavour} (${program.file}) could not create its data folder ${data}: ${said}`,
  );
}

async function createUser(socket: string, passwordFile: string): Promise<void> {
  const password = randomBytes(24).toString('hex');
  const connection = await createConnection({ socketPath: socket, user: 'root' });
  try {
    for (const sql of [
      `create or replace user 'fig'@'127.0.0.1' identified by '${password}'`,
      `grant all privileges on *.* to 'fig'@'127.0.0.1'`,
    ]) {
      await connection.query(sql).catch(async (error: { errno?: number }) => {
        // MySQL knows no CREATE OR REPLACE USER.
        if (error.errno !== 1064) throw error;
        await connection.query(`drop user if exists 'fig'@'127.0.0.1'`);
        await connection.query(sql.replace('create or replace', 'create'));
      });
    }
  } finally {
    await connection.end();
  }
  writeFileSync(passwordFile, password, { mode: 0o600 });
}

async function answers(socket: string): Promise<boolean> {
  try {
    const connection = await createConnection({ socketPath: socket, user: 'root', connectTimeout: 2_000 });
    await connection.end();
    return true;
  } catch (error) {
    // Once root over the socket is refused the server is up all the same.
    return (error as { errno?: number }).errno === 1045;
  }
}

async function endEarlierInstance(stateDir: string, data: string): Promise<void> {
  const pidFile = join(stateDir, 'server.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').trim());
  if (!Number.isInteger(pid) || pid < 2 || !commandOf(pid).includes(data)) return;
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + 30_000;
  while (commandOf(pid) !== '' && performance.now() < deadline)
    await new Promise((done) => setTimeout(done, 50));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
