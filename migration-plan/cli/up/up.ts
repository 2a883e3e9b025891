import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan, UpProcess } from '#plan/model/plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { startPostgres } from '../databases/postgres.ts';
import { freePort, portIsFree, UpError } from '../databases/process.ts';
import { firstCopy } from './first-copy.ts';
import { type LegacyDatabase, markSeeded, openLegacyDatabase } from './legacy-database.ts';
import { endOrphans, isAlive, readRunning, removeRunning, writeRunning } from './running.ts';
import { secretFile } from './secret-file.ts';
import { type Service, Supervisor } from './supervisor.ts';

export type UpOptions = {
  readonly planDir: string;
  /** Public port of the facade; 0 takes a free one. */
  readonly port: number;
  readonly adminPort: number;
  readonly json: boolean;
};

const ROOT = resolve(import.meta.dirname, '../../..');

/**
 * Starts everything that the plan refers to on this machine and keeps it running until SIGINT or SIGTERM, then stops
 * what it started and nothing else. State lies in `.fig/` under the current folder. Resolves to the exit code.
 */
export async function up(options: UpOptions): Promise<number> {
  const stops: (() => Promise<void>)[] = [];
  const stateDir = resolve('.fig');
  const interrupted = new Promise<'interrupted'>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => done('interrupted'));
  });
  let code = 0;
  try {
    const started = start(options, stateDir, stops);
    // Whatever it still throws after an interrupt is the interrupt's own doing.
    started.catch(() => {});
    if ((await Promise.race([started, interrupted])) !== 'interrupted') await interrupted;
    say('stopping …');
  } catch (error) {
    if (!(error instanceof UpError) && !isSystemError(error)) throw error;
    say(explain(error as Error));
    code = 1;
  } finally {
    for (const stop of [...stops].reverse()) await stop().catch((error: Error) => say(error.message));
  }
  if (code === 0) say('stopped; state stays in .fig/');
  return code;
}

async function start(options: UpOptions, stateDir: string, stops: (() => Promise<void>)[]): Promise<void> {
  mkdirSync(join(stateDir, 'logs'), { recursive: true });
  await claim(stateDir);
  const plan = readPlan(options.planDir, process.env);
  const port = await facadePort(options.port, 'public', '--port');
  const adminPort = await facadePort(options.adminPort, 'control', '--admin-port');
  const publicUrl = process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`;
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const own = plan.up.filter((process) => !process.external);
  const moved = await moveTakenPorts(own);
  // With the moved addresses in place the plan says where everything really is.
  const placed = readPlan(options.planDir, { ...process.env, ...moved });

  const supervisor = new Supervisor(say, () =>
    writeRunning(stateDir, {
      pid: process.pid,
      publicUrl,
      adminUrl,
      env: moved,
      children: supervisor.children,
    }),
  );
  stops.push(async () => removeRunning(stateDir));
  const databases = await startDatabases(own, stateDir, stops);
  stops.push(() => supervisor.stop());

  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...moved,
    PUBLIC_URL: publicUrl,
    BUILD_ID: process.env.BUILD_ID ?? buildId(),
    FIG_PLAN: resolve(options.planDir),
    SERVICE_TOKEN: process.env.SERVICE_TOKEN ?? secretFile(join(stateDir, 'service-token')),
    RELAY_TOKEN: process.env.RELAY_TOKEN ?? secretFile(join(stateDir, 'relay-token')),
    SESSION_SECRET: process.env.SESSION_SECRET ?? secretFile(join(stateDir, 'session-secret')),
    ...(databases.legacy ? { LEGACY_DATABASE_URL: databases.legacy.url } : {}),
  };
  for (const process of placed.up) {
    if (!own.some((one) => one.name === process.name)) {
      say(`${process.name}: not started, ${process.urlVariable} says that it runs at ${process.url}`);
      continue;
    }
    const databaseUrl = await databases.urlFor(process);
    await seedWhenFresh(process, databases.legacy, env, stateDir);
    await supervisor.start(service(process, databaseUrl, env, stateDir));
    say(`${process.name} at ${process.url}`);
  }
  if (databases.legacy?.fresh) await firstCopy(placed, String(env.RELAY_TOKEN), say);
  await supervisor.start(facade(options, { port, adminPort, adminUrl, env, stateDir }));
  announce(options, publicUrl, adminUrl, databases.legacy);
}

/** The commit that runs, with a mark when files differ from it; `dev` outside a git checkout. */
function buildId(): string {
  const run = spawnSync('git', ['describe', '--always', '--dirty=-changed'], { cwd: ROOT, encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : 'dev';
}

/** One `up` a folder; what a killed one left behind is ended first. */
async function claim(stateDir: string): Promise<void> {
  const earlier = readRunning(stateDir);
  if (earlier === null) return;
  if (isAlive(earlier)) {
    throw new UpError(
      'UP_RUNNING',
      `already running in this folder (pid ${earlier.pid}) at ${earlier.publicUrl}. Do: stop it with Ctrl-C in its terminal, or use it.`,
    );
  }
  const ended = await endOrphans(earlier);
  if (ended.length > 0) say(`ended what an earlier, killed start left running: ${ended.join(', ')}`);
  removeRunning(stateDir);
}

function readPlan(planDir: string, env: NodeJS.ProcessEnv): Plan {
  const { plan, problems } = loadPlan(planDir, env, { missingModules: 'error' });
  if (plan !== null) return plan;
  throw new UpError(
    'UP_PLAN',
    `the plan cannot be used:\n${problems.map((problem) => `  ${formatProblem(problem)}`).join('\n')}`,
  );
}

async function facadePort(wanted: number, what: string, flag: string): Promise<number> {
  if (wanted === 0) return freePort();
  if (await portIsFree(wanted)) return wanted;
  throw new UpError(
    'UP_PORT',
    `port ${wanted} (${what}) is in use by another program. Do: stop that program, or start with another port: npm start -- ${flag} ${wanted + 1000}`,
  );
}

/** Inner ports that are taken get another one; nobody has to know them. Returns the variables that say so. */
async function moveTakenPorts(processes: readonly UpProcess[]): Promise<Record<string, string>> {
  const moved: Record<string, string> = {};
  for (const { name, url, urlVariable } of processes) {
    const port = Number(new URL(url).port || 80);
    if (await portIsFree(port)) continue;
    if (urlVariable === null) {
      throw new UpError(
        'UP_PORT',
        `port ${port} (${name}) is in use by another program. Do: stop that program, or write the address in plan.yaml as "\${${name.toUpperCase().replaceAll('-', '_')}_URL:-${url}}".`,
      );
    }
    moved[urlVariable] = `http://127.0.0.1:${await freePort()}`;
    say(`port ${port} (${name}) is in use by another program; taking ${moved[urlVariable]} instead`);
  }
  return moved;
}

async function startDatabases(
  processes: readonly UpProcess[],
  stateDir: string,
  stops: (() => Promise<void>)[],
) {
  const wants = (database: string) => processes.some((process) => process.database === database);
  const postgres = wants('postgres')
    ? await startPostgres({ stateDir: join(stateDir, 'postgres'), durable: true })
    : null;
  if (postgres) {
    stops.push(postgres.stop);
    say(`Postgres ${postgres.version} for the new services (private instance)`);
  }
  const legacy = wants('legacy') ? await openLegacyDatabase(stateDir, process.env) : null;
  if (legacy) {
    stops.push(legacy.stop);
    say(`${legacy.label} for the monolith`);
  }
  return {
    legacy,
    async urlFor(process: UpProcess): Promise<string | null> {
      if (process.database === 'legacy') return legacy?.url ?? null;
      return process.database === 'postgres' && postgres ? postgres.database(`fig_${process.name}`) : null;
    },
  };
}

async function seedWhenFresh(
  process: UpProcess,
  legacy: LegacyDatabase | null,
  env: NodeJS.ProcessEnv,
  stateDir: string,
): Promise<void> {
  const [script, ...args] = process.seed;
  if (script === undefined || process.database !== 'legacy' || !legacy?.fresh) return;
  say(`seeding the monolith's new database (${[script, ...args].join(' ')}) …`);
  const code = await new Promise<number | null>((done, reject) => {
    const argv = [
      '--disable-warning=ExperimentalWarning',
      join(ROOT, script),
      '--database',
      legacy.url,
      ...args,
    ];
    spawn(globalThis.process.execPath, argv, { env, stdio: ['ignore', 2, 2] })
      .on('error', reject)
      .on('exit', done);
  });
  if (code !== 0) throw new UpError('UP_SEED', `${script} failed (exit code ${code}), see above`);
  markSeeded(stateDir);
}

function service(
  process: UpProcess,
  databaseUrl: string | null,
  env: NodeJS.ProcessEnv,
  stateDir: string,
): Service {
  const { port, hostname } = new URL(process.url);
  const ownState = join(stateDir, process.name);
  mkdirSync(ownState, { recursive: true });
  return {
    name: process.name,
    run: join(ROOT, process.run),
    args: [],
    readyUrl: new URL(process.ready, process.url).href,
    logFile: join(stateDir, 'logs', `${process.name}.log`),
    env: {
      ...env,
      PORT: port || '80',
      HOST: hostname,
      STATE_DIR: ownState,
      ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
      ...process.env,
    },
  };
}

function facade(
  options: UpOptions,
  place: { port: number; adminPort: number; adminUrl: string; env: NodeJS.ProcessEnv; stateDir: string },
): Service {
  const flags = {
    '--plan': resolve(options.planDir),
    '--port': String(place.port),
    '--admin-port': String(place.adminPort),
    '--ledger': `file:${join(place.stateDir, 'ledger.jsonl')}`,
    '--state': place.stateDir,
  };
  return {
    name: 'facade',
    run: join(ROOT, 'facade/main.ts'),
    args: Object.entries(flags).flat(),
    readyUrl: `${place.adminUrl}/readyz`,
    logFile: join(place.stateDir, 'logs', 'facade.log'),
    env: place.env,
  };
}

function announce(
  options: UpOptions,
  publicUrl: string,
  adminUrl: string,
  legacy: LegacyDatabase | null,
): void {
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ publicUrl, adminUrl, legacyDatabase: legacy?.label ?? null })}\n`,
    );
    return;
  }
  process.stdout.write(`
  Everything is up.

  public   ${publicUrl}    what clients call
  control  ${adminUrl}    what operators and the CLI call; token in .fig/admin-token
  logs     .fig/logs/

  In another terminal: npx fig status
  Ctrl-C stops all of it.

`);
}

function say(line: string): void {
  process.stderr.write(`fig up: ${line}\n`);
}

/** Trouble with disk or files reaches a person as a line, not as a stack trace. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).errno === 'number';
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOSPC')
    return `the disk is full (${error.message}). Do: free some space and start again; nothing is lost.`;
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return `not allowed: ${error.message}. Do: run in a folder that you may write to.`;
  return error.message;
}
