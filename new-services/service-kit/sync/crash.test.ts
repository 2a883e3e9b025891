import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type pg from 'pg';
import { type HoldingProxy, holdingProxy } from '../testing/holding-proxy.ts';
import { type ServiceProcess, startProcess } from '../testing/service-process.ts';
import { connectBeside, until } from '../testing/sync-client.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';

const entry = new URL('../testing/notes-process.ts', import.meta.url);
const token = 'a-test-token';

type Instance = ServiceProcess & { readonly proxy: HoldingProxy };

let database: TestDatabase;
let beside: pg.Client;
/** Started ahead, since a start takes longer than all that it is killed in. */
let spare: Promise<Instance>;
const running = new Set<Instance>();

beforeAll(async () => {
  database = await createTestDatabase('crash');
  beside = await connectBeside(database.url);
  spare = start();
  await (await spare).url;
});
afterAll(async () => {
  await spare;
  await Promise.all([...running].map(kill));
  await beside.end();
  await database.drop();
});

async function start(): Promise<Instance> {
  const proxy = await holdingProxy(database.url);
  const instance = {
    ...startProcess(entry, { DATABASE_URL: proxy.url, SERVICE_TOKEN: token, PORT: '0' }),
    proxy,
  };
  running.add(instance);
  return instance;
}

async function kill(instance: Instance): Promise<void> {
  instance.child.kill('SIGKILL');
  await instance.ended;
  await instance.proxy.close();
  running.delete(instance);
}

type Call = { readonly method: string; readonly path: string; readonly body?: object };

async function send(url: string, { method, path, body }: Call): Promise<number> {
  const answer = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

const query = async (sql: string) => (await beside.query(sql)).rows;

/** What one kill after the other leaves of a call, until one comes too late to meet it. */
async function killedEverywhere(
  call: Call,
  { reset, state }: { reset: string; state: () => Promise<unknown> },
): Promise<unknown[]> {
  const left: unknown[] = [];
  for (let statements = 1; ; statements += 1) {
    const instance = await spare;
    const url = await instance.url;
    spare = start();
    await query(reset);
    const held = instance.proxy.holdAfter(statements);
    const answered = send(url, call).catch(() => 'nothing' as const);
    const status = await Promise.race([held, answered]);
    await kill(instance);
    await until(async () => (await connections()) === 0, 'the end of what the killed one had open');
    if (status !== undefined) {
      expect(status).toBeLessThan(300);
      return [...left, await state()];
    }
    left.push(await state());
  }
}

/** Of services that have begun something: the spare one is idle. */
async function connections(): Promise<number> {
  const [row] = await query(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database()
     AND application_name = 'notes' AND (state <> 'idle' OR xact_start IS NOT NULL)`,
  );
  return row.n;
}

/** Nothing, and from some kill on everything. */
function expectTurn(left: readonly unknown[], before: unknown, after: unknown): void {
  const turn = left.findIndex((state) => JSON.stringify(state) === JSON.stringify(after));
  expect(turn).toBeGreaterThan(2);
  expect(left).toEqual(left.map((_, n) => (n < turn ? before : after)));
  // The last but one was killed between the commit and the answer.
  expect(left.length - turn).toBeGreaterThanOrEqual(2);
}

test('an own write killed anywhere is there with its entry, or not at all', async () => {
  const left = await killedEverywhere(
    { method: 'PUT', path: '/v2/notes/a', body: { text: 'new' } },
    {
      reset: `TRUNCATE note, _sync_change, _sync_owner; INSERT INTO note VALUES ('a', 'old', 0, 1);
              INSERT INTO _sync_owner VALUES ('notes', 'candidate', 3)`,
      state: () => query("SELECT text, (SELECT string_agg(k, ',') FROM _sync_change) AS queued FROM note"),
    },
  );
  expectTurn(left, [{ text: 'old', queued: null }], [{ text: 'new', queued: 'a' }]);
}, 240_000);

test('a change of owner killed anywhere has happened or not, and holds up nobody', async () => {
  const left = await killedEverywhere(
    { method: 'PUT', path: '/.fig/sync/notes/owner', body: { owner: 'nobody', epoch: 4 } },
    {
      reset: `TRUNCATE _sync_owner; INSERT INTO _sync_owner VALUES ('notes', 'candidate', 3)`,
      async state() {
        const [row] = await query(
          `SELECT owner, epoch::int, (SELECT count(*)::int FROM pg_locks
             WHERE locktype = 'advisory' AND classid = 7105003
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks FROM _sync_owner FOR UPDATE NOWAIT`,
        );
        return row;
      },
    },
  );
  const of = (owner: string, epoch: number) => ({ owner, epoch, locks: 0 });
  expectTurn(left, of('candidate', 3), of('nobody', 4));
}, 240_000);

test('a batch of the inbox killed anywhere is applied as a whole, or not at all', async () => {
  const rows = [
    { key: 'a', deleted: false, value: { text: 'new', place: 0 } },
    { key: 'b', deleted: true },
  ];
  const left = await killedEverywhere(
    { method: 'POST', path: '/.fig/sync/notes/batches', body: { ticket: '1', rows } },
    {
      reset: `TRUNCATE note, _sync_row, _sync_owner; SELECT setval('_sync_ticket', 1);
              INSERT INTO note VALUES ('a', 'old', 0, 1), ('b', 'old', 0, 1)`,
      state: () =>
        query(`SELECT (SELECT string_agg(id || ' ' || text, ',' ORDER BY id) FROM note) AS notes,
                      (SELECT string_agg(src_key || version, ',' ORDER BY src_key) FROM _sync_row) AS applied`),
    },
  );
  expectTurn(left, [{ notes: 'a old,b old', applied: null }], [{ notes: 'a new', applied: 'a1,b1' }]);
}, 240_000);

test('a queue killed anywhere while entries are dropped has dropped all of them, or none', async () => {
  const left = await killedEverywhere(
    { method: 'POST', path: '/.fig/sync/notes/changes/ack', body: { seqs: ['1', '2'] } },
    {
      reset: `TRUNCATE _sync_change; INSERT INTO _sync_change (seq, stream, k) VALUES (1, 'notes', 'a'), (2, 'notes', 'b'), (3, 'notes', 'a')`,
      state: () => query("SELECT string_agg(seq::text, ',' ORDER BY seq) AS queued FROM _sync_change"),
    },
  );
  // One statement: what was killed behind it has dropped them.
  expect(left).toEqual(left.map(() => [{ queued: '3' }]));
  expect(left.length).toBeGreaterThanOrEqual(2);
}, 120_000);
