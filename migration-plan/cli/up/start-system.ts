import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan, UpProcess } from '#plan/model/plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { stateFolder } from '#plan/model/state-folder.ts';
import { startPostgres } from '../databases/postgres.ts';
import { UpError } from '../databases/process.ts';
import { buildId } from './build-id.ts';
import { firstCopy } from './first-copy.ts';
import { type LegacyDatabase, openLegacyDatabase } from './legacy-database.ts';
import { facadePort, moveTakenPorts } from './ports.ts';
import { endOrphans, isAlive, readRunning, removeRunning, writeRunning } from './running.ts';
import { say } from './say.ts';
import { secretFile } from './secret-file.ts';
import { seedWhenFresh } from './seed.ts';
import { facade, planned, ROOT } from './services.ts';
import { Supervisor } from './supervisor.ts';
import type { Teardown } from './teardown.ts';

export type SystemOptions = {
  readonly planDir: string;
  readonly stateDir: string;
  readonly port: number;
  readonly adminPort: number;
};

export type StartedSystem = {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly legacy: LegacyDatabase | null;
};

/** Starts databases, the plan's processes in their order, and the facade; each is in `teardown` as soon as it runs. */
export async function startSystem(options: SystemOptions, teardown: Teardown): Promise<StartedSystem> {
  const { planDir, stateDir } = options;
  mkdirSync(join(stateDir, 'logs'), { recursive: true });
  await claim(stateDir);
  const plan = readPlan(planDir, process.env);
  const port = await facadePort(options.port, 'public', '--port');
  const adminPort = await facadePort(options.adminPort, 'control', '--admin-port');
  const publicUrl = process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`;
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const own = ownProcesses(plan, process.env);
  const moved = await moveTakenPorts(own);
  // With the moved addresses in place the plan says where everything really is.
  const placed = readPlan(planDir, { ...process.env, ...moved });

  await teardown.add(async () => removeRunning(stateDir));
  // A relay that remembers copies into a store which is gone (a cleaned /var/tmp) would vouch for an empty one.
  const relay = own.find((process) => process.url === plan.relay?.url);
  const forgetCopies = () => relay && rmSync(join(stateDir, relay.name), { recursive: true, force: true });
  const databases = await startDatabases(own, stateDir, teardown, forgetCopies);
  const supervisor: Supervisor = new Supervisor(say, () =>
    writeRunning(stateDir, {
      pid: process.pid,
      publicUrl,
      adminUrl,
      env: moved,
      children: supervisor.children,
    }),
  );
  await teardown.add(() => supervisor.stop());

  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...moved,
    PUBLIC_URL: publicUrl,
    BUILD_ID: process.env.BUILD_ID ?? buildId(ROOT),
    FIG_PLAN: resolve(planDir),
    SERVICE_TOKEN: process.env.SERVICE_TOKEN ?? secretFile(join(stateDir, 'service-token')),
    RELAY_TOKEN: process.env.RELAY_TOKEN ?? secretFile(join(stateDir, 'relay-token')),
    DRY_RUN_SECRET: process.env.DRY_RUN_SECRET ?? secretFile(join(stateDir, 'dry-run-secret')),
    SESSION_SECRET: process.env.SESSION_SECRET ?? secretFile(join(stateDir, 'session-secret')),
    ...(databases.legacy ? { LEGACY_DATABASE_URL: databases.legacy.url } : {}),
  };
  for (const process of placed.up) {
    if (!own.some((one) => one.name === process.name)) continue;
    const databaseUrl = await databases.urlFor(process);
    await seedWhenFresh(process, databases.legacy, env, teardown.signal);
    await supervisor.start(planned(process, { databaseUrl, env, stateDir }));
    say(`${process.name} at ${process.url}`);
  }
  const isOurs = databases.legacy?.isPrivate || databases.legacy?.fresh;
  if (isOurs) await firstCopy(placed, String(env.RELAY_TOKEN), teardown.signal);
  await supervisor.start(
    facade({ planDir, port, adminPort, adminUrl, env, stateDir, ledgerDir: resolve(stateFolder(planDir)) }),
  );
  return { publicUrl, adminUrl, legacy: databases.legacy };
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
  const lines = problems.map((problem) => `  ${formatProblem(problem)}`);
  throw new UpError('UP_PLAN', `the plan cannot be used:\n${lines.join('\n')}`);
}

/** The processes to start here. Those that run elsewhere are named, and so is a relay without a database to read. */
function ownProcesses(plan: Plan, env: NodeJS.ProcessEnv): UpProcess[] {
  const hasLegacyDatabase =
    Boolean(env.LEGACY_DATABASE_URL) || plan.up.some((one) => one.database === 'legacy' && !one.external);
  return plan.up.filter((process) => {
    if (process.external)
      say(`${process.name}: not started, ${process.urlVariable} says that it runs at ${process.url}`);
    else if (process.url === plan.relay?.url && !hasLegacyDatabase)
      say(`${process.name}: not started, LEGACY_DATABASE_URL does not say which database its rows come from`);
    else return true;
    return false;
  });
}

async function startDatabases(
  processes: readonly UpProcess[],
  stateDir: string,
  teardown: Teardown,
  forget: () => void,
) {
  const wants = (database: string) => processes.some((process) => process.database === database);
  const postgres = wants('postgres')
    ? await startPostgres({ stateDir: join(stateDir, 'postgres'), durable: true })
    : null;
  if (postgres) {
    await teardown.add(postgres.stop);
    if (postgres.isNew) forget();
    say(`Postgres ${postgres.version} for the new services (private instance)`);
  }
  const legacy = wants('legacy') ? await openLegacyDatabase(stateDir, process.env) : null;
  if (legacy) {
    await teardown.add(legacy.stop);
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
