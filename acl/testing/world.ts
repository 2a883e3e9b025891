import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { postgresDatabase, type TestDatabase } from './databases.ts';
import { type RunningProcess, runToEnd, startProcess } from './process.ts';
import { closeConnections, rawRequest } from './raw-http.ts';
import { waitUntil } from './wait-until.ts';

const PLAN = resolve(import.meta.dirname, '../../migration-plan');
export const SERVICE_TOKEN = 'service-token-of-a-test';
export const DRY_RUN_SECRET = 'dry-run-secret-of-a-test';
const RELAY_TOKEN = 'relay-token-of-a-test';

/** A data set of the example, its service, and what a seeded monolith holds for it. */
type Part = {
  readonly set: string;
  readonly run: string;
  /** The variable that says where its service is. */
  readonly variable: string;
  /** Of the seeder, beside the freelancers. */
  readonly sizes: readonly string[];
};
const FREELANCERS: Part = {
  set: 'freelancers',
  run: 'new-services/freelancers/main.ts',
  variable: 'FREELANCERS_URL',
  sizes: ['--customers', '0', '--projects', '0', '--timesheets', '0'],
};
export const TIMESHEETS: Part = {
  set: 'timesheets',
  run: 'new-services/timesheets/main.ts',
  variable: 'TIMESHEETS_URL',
  sizes: ['--customers', '10', '--projects', '25', '--timesheets', '600'],
};

/** The real monolith, the real service, the gateway and the relay between them, as processes. */
export type World = {
  readonly legacy: string;
  readonly gateway: string;
  /** The new service behind the gateway, and where it keeps its rows. */
  readonly service: string;
  readonly serviceDatabaseUrl: string;
  /** Cookie header of a logged-in user; sessions live at legacy and hold at both. */
  login(user: 'admin' | 'disp' | 'guest'): Promise<string>;
  /** Copies legacy's rows and waits for the end; answers the relay's status. */
  backfill(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
};

/** Starts everything on an empty legacy database; `prepare` runs when it is seeded, before the first copy. */
export async function startWorld(
  database: TestDatabase,
  freelancers: number,
  prepare: (legacyDatabaseUrl: string) => Promise<void>,
  { set, run, variable, sizes }: Part = FREELANCERS,
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'fig-test-'));
  const postgres = await postgresDatabase();
  const running: RunningProcess[] = [];
  const start = async (script: string, env: Readonly<Record<string, string>>) => {
    const started = await startProcess(script, { SERVICE_TOKEN, DRY_RUN_SECRET, ...env });
    running.push(started);
    return started.url;
  };
  const stop = async () => {
    closeConnections();
    await Promise.all(running.map((one) => one.stop()));
    await Promise.all([postgres.drop(), database.drop(), rm(folder, { recursive: true })]);
  };
  try {
    // The translator drops them and says so (`empty-skills-dropped`): both sides could not be the same to the byte.
    const clean = ['--without', 'stray-commas'];
    const seeded = await runToEnd('legacy-monolith/seed.ts', [
      ...['--database', database.url, '--freelancers', String(freelancers), ...sizes, ...clean],
    ]);
    if (seeded.code !== 0) throw new Error(`the seeder failed: ${seeded.stderr}`);
    await prepare(database.url);
    const [legacy, service] = await Promise.all([
      start('legacy-monolith/main.ts', { DATABASE_URL: database.url, SESSION_SECRET: 'secret-of-a-test' }),
      start(run, { DATABASE_URL: postgres.url }),
    ]);
    const [gateway, relay] = await Promise.all([
      start('acl/gateway/main.ts', { [variable]: service, LEGACY_URL: legacy }),
      start('acl/relay/main.ts', {
        FIG_PLAN: PLAN,
        LEGACY_DATABASE_URL: database.url,
        [variable]: service,
        RELAY_TOKEN,
        STATE_DIR: folder,
      }),
    ]);
    const headers = { authorization: `Bearer ${RELAY_TOKEN}` };
    const ask = async (method: string, path: string) =>
      JSON.parse((await rawRequest(relay, { method, path, headers })).body);
    return {
      legacy,
      gateway,
      service,
      serviceDatabaseUrl: postgres.url,
      login: (user) => login(legacy, user),
      async backfill() {
        const started = await ask('POST', `/v1/sets/${set}/backfill`);
        if (started.state !== 'running') throw new Error(`no backfill: ${JSON.stringify(started)}`);
        return waitUntil(async () => {
          const status = await ask('GET', `/v1/sets/${set}/backfill`);
          return status.state !== 'running' && status;
        }, 'the backfill ends');
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function login(legacy: string, user: string): Promise<string> {
  const answer = await rawRequest(legacy, {
    method: 'POST',
    path: '/api/login',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, pass: user }),
  });
  const cookie = answer.headers['set-cookie']?.[0]?.split(';', 1)[0];
  if (cookie === undefined) throw new Error(`no session for ${user}: ${answer.status} ${answer.body}`);
  return cookie;
}
