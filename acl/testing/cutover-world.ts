import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { postgresDatabase } from './databases.ts';
import type { LegacyDatabase } from './legacy-database.ts';
import { type RunningProcess, runToEnd, startProcess } from './process.ts';
import { closeConnections, rawRequest } from './raw-http.ts';
import { waitUntil } from './wait-until.ts';

const PLAN = resolve(import.meta.dirname, '../../migration-plan');
const SERVICE_TOKEN = 'service-token-of-a-test';
const RELAY_TOKEN = 'relay-token-of-a-test';
const ADMIN_TOKEN = 'admin-token-of-a-test';

/** A JSON document whose members a test looks at by name. */
// biome-ignore lint/suspicious/noExplicitAny: what stands in it is what the tests are about
export type Json = Record<string, any>;
type Answer = { readonly status: number; readonly json: Json };

/** Processes of such a world. `facade` is the first of its replicas, and `facade-2` and `facade-3` are the others. */
export type Member = 'legacy' | 'gateway' | 'service' | 'relay' | 'facade' | 'facade-2' | 'facade-3';
type Facade = Extract<Member, `facade${string}`>;

export type CutoverWorldOptions = {
  /** Which set of the example is moved, and so which service runs. Default freelancers. */
  readonly set?: keyof typeof SETS;
  /** Folder of the plan. Default: the one of the example. */
  readonly plan?: string;
  /** Replicas of the facade, up to 3. More than one share a ledger in Postgres, one has a file. Default 1. */
  readonly facades?: number;
  /** Processes of each facade that serve. Default 1. */
  readonly workers?: number;
  /** Runs when legacy is seeded, before anything is copied. */
  readonly prepare?: () => Promise<void>;
};

/** Everything that a cutover needs, as processes that can be killed and started again one by one. */
export type CutoverWorld = {
  readonly facade: () => RunningProcess;
  readonly relay: () => RunningProcess;
  readonly service: () => RunningProcess;
  /** Throws for one that was never started. */
  readonly member: (name: Member) => RunningProcess;
  readonly facades: readonly Facade[];
  readonly legacyUrl: string;
  readonly serviceDatabaseUrl: string;
  readonly serviceToken: string;
  readonly adminToken: string;
  readonly relayToken: string;
  readonly cookie: string;
  /** A session of another user: `admin` may remove rows, and `disp`, whose cookie is above, may not. */
  login(user: 'admin' | 'disp'): Promise<string>;
  /** On the port that it had: the others know it by that. */
  start(what: Member, env?: Readonly<Record<string, string>>): Promise<void>;
  /** Asks the first replica, or the one that is named. */
  admin(method: string, path: string, body?: object, at?: Facade): Promise<Answer>;
  askRelay(method: string, path: string, body?: object): Promise<Answer>;
  /** A request of a client that is logged in, through the first replica of the facade, or the one that is named. */
  client(method: string, path: string, body?: object, at?: Facade): Promise<Answer>;
  /** Begins a change of owners and waits for its end, over restarts of the facade. */
  cutOver(to: 'legacy' | 'candidate'): Promise<Json>;
  /** Waits until no change goes on. */
  settled(): Promise<Json>;
  stop(): Promise<void>;
};

const SETS = {
  freelancers: {
    variable: 'FREELANCERS_URL',
    sizes: (rows: number) => ['--freelancers', rows, '--customers', 0, '--projects', 0, '--timesheets', 0],
  },
  timesheets: {
    variable: 'TIMESHEETS_URL',
    sizes: (rows: number) => ['--freelancers', 20, '--customers', 5, '--projects', 10, '--timesheets', rows],
  },
} as const;
const FACADES: readonly Facade[] = ['facade', 'facade-2', 'facade-3'];

/** Seeds legacy, copies the rows of a set, follows their changes, and moves their reads to the new service. */
export async function startCutoverWorld(
  database: Pick<LegacyDatabase, 'url' | 'drop'>,
  rows: number,
  options: CutoverWorldOptions = {},
): Promise<CutoverWorld> {
  const { set = 'freelancers', plan = PLAN } = options;
  const { facades: replicas = 1, workers = 1, prepare = async () => {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'fig-test-'));
  const postgres = await postgresDatabase();
  const ledger = replicas > 1 ? await postgresDatabase() : null;
  const facades = FACADES.slice(0, replicas);
  const running = new Map<Member, RunningProcess>();
  const ports = new Map<string, string>();
  const seeded = await runToEnd('legacy-monolith/seed.ts', [
    ...['--database', database.url, '--without', 'stray-commas', ...SETS[set].sizes(rows).map(String)],
  ]);
  if (seeded.code !== 0) throw new Error(`the seeder failed: ${seeded.stderr}`);
  await prepare();

  const member = (name: Member): RunningProcess => {
    const found = running.get(name);
    if (found === undefined) throw new Error(`${name} was never started`);
    return found;
  };
  const urlOf = (name: Member) => member(name).url;
  const run = async (
    name: Member,
    script: string,
    env: Readonly<Record<string, string>>,
    args: string[] = [],
  ) => {
    const port = ports.get(name) ?? '0';
    const process = await startProcess(script, { SERVICE_TOKEN, PORT: port, ...env }, args);
    running.set(name, process);
    ports.set(name, new URL(process.url).port);
    if (process.adminUrl) ports.set(`admin of ${name}`, new URL(process.adminUrl).port);
  };
  const common = () => ({
    LEGACY_URL: urlOf('legacy'),
    [SETS[set].variable]: urlOf('service'),
    ...(running.has('gateway') ? { GATEWAY_URL: urlOf('gateway') } : {}),
    ...(running.has('relay') ? { RELAY_URL: urlOf('relay') } : {}),
    RELAY_TOKEN,
  });
  const startFacade = (name: Facade, env: Readonly<Record<string, string>>) =>
    run(
      name,
      'facade/main.ts',
      {
        ...common(),
        FIG_ADMIN_TOKEN: ADMIN_TOKEN,
        ADMIN_PORT: ports.get(`admin of ${name}`) ?? '0',
        FIG_SECRET: 'secret-of-the-facade-of-a-test',
        FIG_TOKENS_FILE: join(folder, 'tokens'),
        ...env,
      },
      [
        ...['--plan', plan, '--workers', String(workers), '--access-log', 'off'],
        ...(ledger
          ? ['--ledger', ledger.url, '--state', join(folder, name)]
          : ['--ledger', `file:${join(folder, 'ledger.jsonl')}`]),
      ],
    );
  const start = (what: Member, env: Readonly<Record<string, string>> = {}): Promise<void> => {
    if (what === 'legacy')
      return run('legacy', 'legacy-monolith/main.ts', {
        DATABASE_URL: database.url,
        SESSION_SECRET: 'secret-of-a-test',
        ...env,
      });
    if (what === 'service')
      return run('service', `new-services/${set}/main.ts`, { DATABASE_URL: postgres.url, ...env });
    if (what === 'gateway')
      return run('gateway', 'acl/gateway/main.ts', {
        [SETS[set].variable]: urlOf('service'),
        LEGACY_URL: urlOf('legacy'),
        ...env,
      });
    if (what === 'relay')
      return run('relay', 'acl/relay/main.ts', {
        ...common(),
        FIG_PLAN: plan,
        LEGACY_DATABASE_URL: database.url,
        STATE_DIR: join(folder, 'relay'),
        ...env,
      });
    return startFacade(what, env);
  };
  const stop = async () => {
    closeConnections();
    for (const name of [...facades, 'relay', 'gateway', 'service', 'legacy'] as const)
      await running.get(name)?.stop();
    await Promise.all([postgres.drop(), ledger?.drop(), database.drop(), rm(folder, { recursive: true })]);
  };
  try {
    for (const name of ['legacy', 'service', 'gateway', 'relay', ...facades] as const) await start(name);
  } catch (error) {
    // Nobody else could.
    await stop();
    throw error;
  }

  const ask = async (base: string, token: string, method: string, path: string, body?: object) => {
    const answer = await rawRequest(base, {
      method,
      path,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, json: answer.body === '' ? {} : JSON.parse(answer.body) };
  };
  const admin = (method: string, path: string, body?: object, at: Facade = 'facade') =>
    ask(member(at).adminUrl as string, ADMIN_TOKEN, method, path, body);
  const askRelay = (method: string, path: string, body?: object) =>
    ask(urlOf('relay'), RELAY_TOKEN, method, `/v1/sets/${set}${path}`, body);
  const login = async (user: string): Promise<string> => {
    const answer = await rawRequest(urlOf('legacy'), {
      method: 'POST',
      path: '/api/login',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user, pass: user }),
    });
    return answer.headers['set-cookie']?.[0]?.split(';', 1)[0] as string;
  };
  const cookie = await login('disp');

  const settled = () =>
    waitUntil(
      async () => {
        const { json } = await admin('GET', `/v1/data/${set}/cutover`).catch(() => ({
          json: { to: 'unknown' } as Json,
        }));
        return json.to === null && json.run?.outcome !== 'running' && json;
      },
      'the change of owners ends',
      60_000,
    );
  const world: CutoverWorld = {
    facade: () => member('facade'),
    relay: () => member('relay'),
    service: () => member('service'),
    member,
    facades,
    legacyUrl: urlOf('legacy'),
    serviceDatabaseUrl: postgres.url,
    serviceToken: SERVICE_TOKEN,
    adminToken: ADMIN_TOKEN,
    relayToken: RELAY_TOKEN,
    cookie,
    login,
    start,
    admin,
    askRelay,
    async client(method, path, body, at = 'facade') {
      const answer = await rawRequest(urlOf(at), {
        method,
        path,
        headers: { cookie, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const isJson = /json/.test(String(answer.headers['content-type']));
      return { status: answer.status, json: isJson ? JSON.parse(answer.body) : {} };
    },
    async cutOver(to) {
      const begun = await admin('POST', `/v1/data/${set}/cutover`, { reason: 'a test', to });
      if (begun.status !== 202) throw new Error(`no cutover: ${begun.status} ${JSON.stringify(begun.json)}`);
      return settled();
    },
    settled,
    stop,
  };
  await askRelay('POST', '/capture');
  await askRelay('POST', '/backfill');
  await waitUntil(async () => (await askRelay('GET', '/backfill')).json.state === 'done', 'rows are copied');
  const { json } = await admin('GET', `/v1/routes/${set}`);
  await admin('POST', `/v1/routes/${set}/transitions`, {
    stage: 'candidate',
    expectedVersion: json.version,
    force: true,
    reason: 'a test',
  });
  return world;
}
