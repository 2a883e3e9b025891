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

/** Everything that a cutover needs, as processes that can be killed and started again one by one. */
export type CutoverWorld = {
  readonly facade: () => RunningProcess;
  readonly relay: () => RunningProcess;
  readonly service: () => RunningProcess;
  readonly legacyUrl: string;
  readonly serviceToken: string;
  readonly cookie: string;
  start(what: 'facade' | 'relay' | 'service', env?: Readonly<Record<string, string>>): Promise<void>;
  admin(method: string, path: string, body?: object): Promise<Answer>;
  askRelay(method: string, path: string, body?: object): Promise<Answer>;
  /** A request of a client that is logged in, through the facade. */
  client(method: string, path: string, body?: object): Promise<Answer>;
  /** Begins a change of owners and waits for its end, over restarts of the facade. */
  cutOver(to: 'legacy' | 'candidate'): Promise<Json>;
  /** Waits until no change goes on. */
  settled(): Promise<Json>;
  stop(): Promise<void>;
};

const SET = 'freelancers';

/** Seeds legacy, copies it, follows its changes, and moves the reads of freelancers to the new service. */
export async function startCutoverWorld(database: LegacyDatabase, rows: number): Promise<CutoverWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'fig-test-'));
  const postgres = await postgresDatabase();
  const running = new Map<string, RunningProcess>();
  const ports = new Map<string, string>();
  const sizes = ['--customers', '0', '--projects', '0', '--timesheets', '0', '--without', 'stray-commas'];
  const seeded = await runToEnd('legacy-monolith/seed.ts', [
    ...['--database', database.url, '--freelancers', String(rows), ...sizes],
  ]);
  if (seeded.code !== 0) throw new Error(`the seeder failed: ${seeded.stderr}`);

  const urlOf = (name: string) => (running.get(name) as RunningProcess).url;
  /** Again on the port that it had: the others know it by that. */
  const run = async (
    name: string,
    script: string,
    env: Readonly<Record<string, string>>,
    args: string[] = [],
  ) => {
    const port = ports.get(name) ?? '0';
    const process = await startProcess(script, { SERVICE_TOKEN, PORT: port, ...env }, args);
    running.set(name, process);
    ports.set(name, new URL(process.url).port);
    if (process.adminUrl) ports.set('admin', new URL(process.adminUrl).port);
  };
  const common = () => ({
    LEGACY_URL: urlOf('legacy'),
    FREELANCERS_URL: urlOf('service'),
    ...(running.has('gateway') ? { GATEWAY_URL: urlOf('gateway') } : {}),
    ...(running.has('relay') ? { RELAY_URL: urlOf('relay') } : {}),
    RELAY_TOKEN,
  });
  const starters = {
    service: (env: Readonly<Record<string, string>>) =>
      run('service', 'new-services/freelancers/main.ts', { DATABASE_URL: postgres.url, ...env }),
    relay: (env: Readonly<Record<string, string>>) =>
      run('relay', 'acl/relay/main.ts', {
        ...common(),
        FIG_PLAN: PLAN,
        LEGACY_DATABASE_URL: database.url,
        STATE_DIR: join(folder, 'relay'),
        ...env,
      }),
    facade: (env: Readonly<Record<string, string>>) =>
      run(
        'facade',
        'facade/main.ts',
        {
          ...common(),
          FIG_ADMIN_TOKEN: ADMIN_TOKEN,
          ADMIN_PORT: ports.get('admin') ?? '0',
          FIG_SECRET: 'secret-of-the-facade-of-a-test',
          FIG_TOKENS_FILE: join(folder, 'tokens'),
          ...env,
        },
        ['--plan', PLAN, '--ledger', `file:${join(folder, 'ledger.jsonl')}`, '--access-log', 'off'],
      ),
  };
  await run('legacy', 'legacy-monolith/main.ts', {
    DATABASE_URL: database.url,
    SESSION_SECRET: 'secret-of-a-test',
  });
  await starters.service({});
  await run('gateway', 'acl/gateway/main.ts', {
    FREELANCERS_URL: urlOf('service'),
    LEGACY_URL: urlOf('legacy'),
  });
  await starters.relay({});
  await starters.facade({});

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
  const admin = (method: string, path: string, body?: object) =>
    ask((running.get('facade') as RunningProcess).adminUrl as string, ADMIN_TOKEN, method, path, body);
  const askRelay = (method: string, path: string, body?: object) =>
    ask(urlOf('relay'), RELAY_TOKEN, method, `/v1/sets/${SET}${path}`, body);
  const login = await rawRequest(urlOf('legacy'), {
    method: 'POST',
    path: '/api/login',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'disp', pass: 'disp' }),
  });
  const cookie = login.headers['set-cookie']?.[0]?.split(';', 1)[0] as string;

  const settled = () =>
    waitUntil(
      async () => {
        const { json } = await admin('GET', `/v1/data/${SET}/cutover`).catch(() => ({
          json: { to: 'unknown' } as Json,
        }));
        return json.to === null && json.run?.outcome !== 'running' && json;
      },
      'the change of owners ends',
      60_000,
    );
  const world: CutoverWorld = {
    facade: () => running.get('facade') as RunningProcess,
    relay: () => running.get('relay') as RunningProcess,
    service: () => running.get('service') as RunningProcess,
    legacyUrl: urlOf('legacy'),
    serviceToken: SERVICE_TOKEN,
    cookie,
    start: (what, env = {}) => starters[what](env),
    admin,
    askRelay,
    async client(method, path, body) {
      const answer = await rawRequest(urlOf('facade'), {
        method,
        path,
        headers: { cookie, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const isJson = /json/.test(String(answer.headers['content-type']));
      return { status: answer.status, json: isJson ? JSON.parse(answer.body) : {} };
    },
    async cutOver(to) {
      const begun = await admin('POST', `/v1/data/${SET}/cutover`, { reason: 'a test', to });
      if (begun.status !== 202) throw new Error(`no cutover: ${begun.status} ${JSON.stringify(begun.json)}`);
      return settled();
    },
    settled,
    async stop() {
      closeConnections();
      for (const name of ['facade', 'relay', 'gateway', 'service', 'legacy']) await running.get(name)?.stop();
      await Promise.all([postgres.drop(), database.drop(), rm(folder, { recursive: true })]);
    },
  };
  await askRelay('POST', '/capture');
  await askRelay('POST', '/backfill');
  await waitUntil(async () => (await askRelay('GET', '/backfill')).json.state === 'done', 'rows are copied');
  const { json } = await admin('GET', `/v1/routes/${SET}`);
  await admin('POST', `/v1/routes/${SET}/transitions`, {
    stage: 'candidate',
    expectedVersion: json.version,
    force: true,
    reason: 'a test',
  });
  return world;
}
