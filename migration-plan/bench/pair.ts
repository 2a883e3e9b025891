import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type RunningProcess, runToEnd, startProcess } from '#acl/testing/process.ts';
import { type Client, client, login } from './client.ts';
import { onLegacy, type Servers } from './databases.ts';
import { stopAtEnd } from './teardown.ts';

const PLAN = resolve(import.meta.dirname, '..');
const SERVICE_TOKEN = 'service-token-of-a-bench';
const RELAY_TOKEN = 'relay-token-of-a-bench';
/** What the seeder makes; the rest are copies of these. */
const SEEDED = 20_000;
/** Rows that writes go around, at most. */
const WRITTEN = 2_000;
const POLL_MS = 200;
/** No seeded day is further from another one. */
const SPAN_DAYS = 1_000;

/** Two stores of timesheets with the monolith, the service and the relay between them, each a process. */
export type Pair = {
  readonly legacyDatabase: string;
  readonly serviceDatabase: string;
  /** Their ids. */
  readonly processes: { readonly relay: number; readonly service: number };
  /** Rows of timesheets, and numbers of those that may be changed. */
  readonly rows: number;
  readonly open: readonly number[];
  /** Asks the relay about the set. */
  relay(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  /** A change of one row through the monolith, as somebody who is logged in. */
  write(n: number): Promise<unknown>;
  stop(): Promise<void>;
};

/** Seeds legacy with so many timesheets and starts everything; nothing has been copied, and writes are noted. */
export async function startPair(servers: Servers, rows: number, name: string): Promise<Pair> {
  const folder = await mkdtemp(join(tmpdir(), 'fig-bench-'));
  const [legacyDatabase, serviceDatabase] = [await servers.legacy(name), await servers.postgres(name)];
  const running: RunningProcess[] = [];
  const clients: Client[] = [];
  const start = async (script: string, env: Readonly<Record<string, string>>) => {
    const started = await startProcess(script, { SERVICE_TOKEN, ...env });
    running.push(started);
    return started;
  };
  const stop = stopAtEnd(async () => {
    for (const one of clients) one.close();
    for (const one of running.reverse()) await one.stop();
    await rm(folder, { recursive: true, force: true });
  });
  try {
    await seed(legacyDatabase, rows);
    const legacy = await start('legacy-monolith/main.ts', {
      DATABASE_URL: legacyDatabase,
      SESSION_SECRET: 'secret-of-a-bench',
    });
    const service = await start('new-services/timesheets/main.ts', { DATABASE_URL: serviceDatabase });
    const relay = await start('acl/relay/main.ts', {
      FIG_PLAN: PLAN,
      LEGACY_DATABASE_URL: legacyDatabase,
      TIMESHEETS_URL: service.url,
      RELAY_TOKEN,
      STATE_DIR: folder,
    });
    const control = client(relay.url, { authorization: `Bearer ${RELAY_TOKEN}` });
    const office = client(legacy.url, { cookie: await login(legacy.url) });
    clients.push(control, office);
    const ask: Pair['relay'] = (method, path, body) =>
      control.send(method, `/v1/sets/timesheets${path}`, body);
    await ask('POST', '/capture');
    const [count] = await onLegacy(legacyDatabase, 'SELECT count(*) AS n FROM timesheets');
    const drafts = await onLegacy(
      legacyDatabase,
      `SELECT tsh_id AS id FROM timesheets WHERE tsh_stat = 'draft' ORDER BY tsh_id LIMIT ${WRITTEN}`,
    );
    const open = drafts.map(({ id }) => Number(id));
    const pidOf = (one: RunningProcess) => one.child.pid as number;
    return {
      legacyDatabase,
      serviceDatabase,
      processes: { relay: pidOf(relay), service: pidOf(service) },
      rows: Number(count?.n),
      open,
      relay: ask,
      write: (n) =>
        office.send('PUT', `/api/timesheets/${open[n % open.length]}`, { tsh_text: `bench ${n}` }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A seeded monolith whose timesheets are copied, with numbers of their own and further back each time, until there are
 * enough of them: nobody has more hours on a day than the monolith allows.
 */
async function seed(url: string, rows: number): Promise<void> {
  const sizes = { freelancers: 2000, customers: 200, projects: 500, timesheets: Math.min(rows, SEEDED) };
  const flags = Object.entries(sizes).flatMap(([table, count]) => [`--${table}`, String(count)]);
  const seeded = await runToEnd('legacy-monolith/seed.ts', ['--database', url, ...flags]);
  if (seeded.code !== 0) throw new Error(`the seeder failed: ${seeded.stderr}`);
  for (let portion = 1; ; portion += 1) {
    const [found] = await onLegacy(url, 'SELECT count(*) AS n, max(tsh_id) AS last FROM timesheets');
    const missing = rows - Number(found?.n);
    if (missing <= 0) return;
    await onLegacy(
      url,
      `INSERT INTO timesheets SELECT tsh_id + ${found?.last}, frl_id, prj_id, tsh_day - INTERVAL ${portion * SPAN_DAYS} DAY, tsh_hours, tsh_stat, rate_ct,
         is_billable, tsh_text, appr_usr_id, appr_at, pay_id, created, changed
       FROM timesheets ORDER BY tsh_id LIMIT ${Math.min(missing, SEEDED)}`,
    );
  }
}

/** The first copy, to its end. */
export async function copyAll(pair: Pair): Promise<void> {
  await pair.relay('POST', '/backfill');
  for (;;) {
    await wait(POLL_MS);
    const { state, error } = await pair.relay('GET', '/backfill');
    if (state === 'done') return;
    if (state !== 'running') throw new Error(`backfill ${state}: ${error}`);
  }
}
