import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { LedgerEntry } from './core/ledger.ts';
import { chainFault } from './core/ledger-chain.ts';
import { type AwkwardUpstream, awkwardUpstream } from './test-kit/awkward-upstream.ts';
import { type EventClient, eventClient } from './test-kit/event-client.ts';
import { type FacadeProcess, FacadeProcesses, freePort, loadOn } from './test-kit/facade-process.ts';
import { ask } from './test-kit/raw-client.ts';
import { type TcpGate, tcpGate } from './test-kit/tcp-gate.ts';
import { type TestDatabase, testDatabase } from './test-kit/test-database.ts';
import { until } from './test-kit/until.ts';

const TRANSITIONS = '/v1/routes/articles/transitions';
/** FIG_SOAK=1 takes the database away for a minute. */
const AWAY_MS = process.env.FIG_SOAK === '1' ? 60_000 : 6_000;

let legacy: AwkwardUpstream;
let candidate: AwkwardUpstream;
let database: TestDatabase;
let gate: TcpGate;
let facades: FacadeProcesses;
let schemas = 0;
beforeAll(async () => {
  [legacy, candidate] = [await awkwardUpstream('legacy'), await awkwardUpstream('candidate')];
  database = await testDatabase('replicas');
  gate = await tcpGate(database.url);
  facades = new FacadeProcesses({ legacy: legacy.url, candidate: candidate.url });
});
afterEach(async () => {
  gate.open();
  await facades.endAll();
});
afterAll(async () => {
  await legacy.close();
  await candidate.close();
  await gate.close();
  await database.drop();
  facades.remove();
});

const newSchema = () => `?schema=r${++schemas}`;
const candidateOf = async (url: string) =>
  String((await ask(url, { path: '/api/articles' })).headers['x-fig-upstream']);
const force = (stage: string, expectedVersion: number) => ({
  stage,
  expectedVersion,
  reason: 'test',
  force: true,
});

describe.each([1, 2])('a facade of %d workers whose ledger is in Postgres', (count) => {
  const workers = ['--workers', `${count}`];

  test('serves without its database as it did before, changes nothing, and goes on by itself', async () => {
    const facade = await facades.start(facades.home(), [...workers, '--ledger', `${gate.url}${newSchema()}`]);
    expect(await facade.post(TRANSITIONS, force('candidate', 0))).toMatchObject({ status: 200 });
    const load = loadOn([facade.url], '/api/articles');
    gate.stall();
    await until('the fault', async () => (await facade.get('/v1/ledger')).fault, 20_000);
    gate.shut();
    const away = Date.now();
    for (; Date.now() - away < AWAY_MS; await wait(100)) {
      expect(await facade.get('/readyz')).toMatchObject({ status: 200, ledger: 'unreachable' });
      expect(await facade.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
        status: 503,
        code: 'LEDGER_UNREACHABLE',
        detail: expect.stringContaining('Start it, or correct --ledger'),
      });
      expect(await facade.get('/v1/routes/articles')).toMatchObject({ stage: 'candidate', version: 1 });
    }
    gate.open();
    await until('the ledger', async () => (await facade.get('/readyz')).ledger === 'ok');
    expect(await facade.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
      status: 200,
      version: 2,
    });
    expect(await candidateOf(facade.url)).toBe('legacy');
    const { answered, failed } = await load.stop();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    expect(facade.output.text).toContain('the ledger is back');
    const password = new URL(database.url).password;
    if (password) expect(facade.output.text).not.toContain(password);
  }, 240_000);

  test('started without its database serves what is stored, and takes the ledger over when it is there', async () => {
    const cwd = facades.home();
    const args = [
      ...workers,
      '--port',
      `${await freePort()}`,
      '--state',
      'state',
      '--ledger',
      `${gate.url}${newSchema()}`,
    ];
    const first = await facades.start(cwd, args);
    await first.post(TRANSITIONS, force('candidate', 0));
    await first.end('SIGKILL');
    gate.shut();
    const second = await facades.start(cwd, args);
    expect(await candidateOf(second.url)).toBe('candidate');
    expect(await second.get('/readyz')).toMatchObject({ status: 200, ledger: 'unreachable' });
    expect(await second.post(TRANSITIONS, force('legacy', 1))).toMatchObject({ code: 'LEDGER_UNREACHABLE' });
    gate.open();
    await until('the ledger', async () => (await second.get('/readyz')).ledger === 'ok');
    expect(await second.post(TRANSITIONS, force('legacy', 1))).toMatchObject({ status: 200, version: 2 });
  }, 240_000);

  test('started without database and store is not ready, sends nobody to a wrong owner, and gets ready', async () => {
    const schema = newSchema();
    const first = await facades.start(facades.home(), ['--ledger', `${gate.url}${schema}`]);
    await first.post(TRANSITIONS, force('candidate', 0));
    gate.shut();
    const facade = await facades.start(facades.home(), [...workers, '--ledger', `${gate.url}${schema}`]);
    expect(await facade.get('/readyz')).toMatchObject({ status: 503, code: 'LEDGER_UNREACHABLE' });
    const answer = await ask(facade.url, { path: '/api/articles' });
    expect(answer.headers).toMatchObject({ 'x-fig-upstream': 'legacy', 'x-fig-reason': 'FENCED' });
    gate.open();
    await until('the ledger', async () => (await facade.get('/readyz')).ledger === 'ok');
    expect(await candidateOf(facade.url)).toBe('candidate');
  }, 240_000);

  test('whose table lost what was served keeps serving it and changes nothing, also after a restart', async () => {
    const cwd = facades.home();
    const schema = newSchema();
    const port = ['--port', `${await freePort()}`];
    const args = [...workers, ...port, '--state', 'state', '--ledger', `${database.url}${schema}`];
    const facade = await facades.start(cwd, args);
    await facade.post(TRANSITIONS, force('candidate', 0));
    await database.query(`TRUNCATE ${schema.split('=')[1]}.ledger`);
    await until('the fault', async () => (await facade.get('/readyz')).ledger === 'untrusted');
    for (const at of [facade, null]) {
      if (!at) await facade.end('SIGTERM');
      const now = at ?? (await facades.start(cwd, args));
      expect(await candidateOf(now.url)).toBe('candidate');
      expect(await now.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
        status: 503,
        code: 'LEDGER_CORRUPT',
      });
    }
  }, 240_000);
});

describe('three facades that share a ledger', () => {
  const three = async (...more: string[]) => {
    const ledger = [...more, '--ledger', `${database.url}${newSchema()}`];
    const homes = [facades.home(), facades.home(), facades.home()];
    const ports = [await freePort(), await freePort(), await freePort()];
    const start = (i: number) =>
      facades.start(homes[i] as string, ['--port', `${ports[i]}`, '--state', 'state', ...ledger]);
    const all = await Promise.all([0, 1, 2].map(start));
    const [a, b, c] = all as [FacadeProcess, FacadeProcess, FacadeProcess];
    const ids = ports.map((port) => `${hostname()}:${port}`) as [string, string, string];
    return { a, b, c, all, ids, homes, start };
  };
  const at = async (facade: FacadeProcess, version: number) =>
    until('the position', async () => (await facade.get('/v1/routes/articles')).version === version);
  const wholeLedger = async (facade: FacadeProcess) => {
    const { entries } = await facade.get('/v1/ledger?limit=1000');
    let last: LedgerEntry | undefined;
    for (const entry of entries) {
      expect(chainFault(entry, last)).toBeNull();
      last = entry;
    }
    return entries as LedgerEntry[];
  };

  test('answer a rollback when no request of any of them reaches the candidate any more', async () => {
    const { a, b, c, all } = await three();
    const urls = all.map(({ url }) => url);
    const load = loadOn(urls, '/api/articles');
    for (const [i, facade] of [a, b, c, a].entries()) {
      expect(await facade.post(TRANSITIONS, force('candidate', i * 2))).toMatchObject({ status: 200 });
      for (const other of all) await at(other, i * 2 + 1);
      expect(await candidateOf(c.url)).toBe('candidate');
      expect(await facade.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
        status: 200,
        stage: 'legacy',
        pending: [],
      });
      const sides = await Promise.all(
        Array.from({ length: 1000 }, (_, n) => candidateOf(urls[n % 3] as string)),
      );
      expect(sides.filter((side) => side !== 'legacy')).toEqual([]);
    }
    expect((await load.stop()).failed).toEqual([]);
    expect(await wholeLedger(b)).toHaveLength(8);
  }, 240_000);

  test('also when each of them has several workers, and one of these is new', async () => {
    const { a, b, all } = await three('--workers', '2');
    const urls = all.map(({ url }) => url);
    await a.post(TRANSITIONS, force('candidate', 0));
    for (const other of all) await at(other, 1);
    const killed = /"worker":1,"pid":(\d+),"msg":"worker serves"/.exec(b.output.text)?.[1];
    process.kill(Number(killed), 'SIGKILL');
    expect(await a.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
      status: 200,
      pending: [],
    });
    for (let n = 0; n < 20; n++) {
      // Those that the dead one had accepted are cut; every answer there is comes from legacy.
      const asked = urls.flatMap((url) => [url, url]).map((url) => candidateOf(url).catch(() => 'cut'));
      const sides = new Set(await Promise.all(asked));
      sides.delete('cut');
      expect(sides).toEqual(new Set(['legacy']));
    }
  }, 240_000);

  test('and a kill, too', async () => {
    const { a, b, c, all } = await three();
    await a.post(TRANSITIONS, force('candidate', 0));
    for (const facade of all) await at(facade, 1);
    expect(await b.post('/v1/kill', { reason: 'test' })).toMatchObject({ status: 200, pending: [] });
    for (const facade of [a, b, c]) expect(await candidateOf(facade.url)).toBe('legacy');
  }, 240_000);

  test('let exactly one of two operators win who move from the same version at two of them', async () => {
    const { a, b, c } = await three();
    for (let version = 0; version < 10; version++) {
      const step = {
        stage: 'canary',
        percent: version + 1,
        expectedVersion: version,
        reason: 'test',
        force: true,
      };
      const answers = await Promise.all([a.post(TRANSITIONS, step), b.post(TRANSITIONS, step)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      expect(answers.find(({ status }) => status === 409)).toMatchObject({
        code: 'ROUTE_VERSION_STALE',
        version: version + 1,
      });
    }
    await at(c, 10);
    expect(await wholeLedger(c)).toHaveLength(10);
  }, 240_000);

  test('take a change at one for what it is, however little ago another one made the opposite', async () => {
    const { a, b, c } = await three();
    const verbs = ['pause', 'resume', 'kill', 'resume'];
    let version = 0;
    for (let round = 0; round < 3; round++)
      for (const [i, verb] of verbs.entries()) {
        const facade = [a, b, c][(round + i) % 3] as FacadeProcess;
        const path = verb === 'kill' ? '/v1/kill' : `/v1/routes/articles/${verb}`;
        const answer = await facade.post(path, { reason: 'test' });
        expect(answer.version ?? answer.routes[0].version).toBe(++version);
      }
    for (const facade of [b, c, a]) {
      expect(await a.post(TRANSITIONS, force('candidate', version))).toMatchObject({ status: 200 });
      expect(await facade.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
        stage: 'legacy',
        version: version + 2,
      });
      version += 2;
    }
  }, 240_000);

  test('tell at each of them what was done at any, in one order, and a client of one goes on at another', async () => {
    const { a, b, c } = await three();
    const listen = (facade: FacadeProcess, headers: Record<string, string> = {}) =>
      eventClient(facade.adminUrl, { headers: { authorization: 'Bearer secret', ...headers } });
    const streams = await Promise.all([a, b, c].map((facade) => listen(facade)));
    for (const [i, facade] of [a, b, c, b, a, c].entries())
      await facade.post(`/v1/routes/articles/${i % 2 ? 'resume' : 'pause'}`, { reason: `${i}` });
    const seen = (stream: EventClient) =>
      stream.events.filter(({ event }) => event === 'entry').map(({ id, data }) => `${id} ${data.reason}`);
    for (const stream of streams) {
      await until('all entries', () => seen(stream).length >= 6);
      expect(seen(stream)).toEqual(['1 0', '2 1', '3 2', '4 3', '5 4', '6 5']);
      stream.close();
    }
    const moved = await listen(c, { 'last-event-id': '4' });
    await moved.next('the snapshot', ({ event, id }) => event === 'snapshot' && id === '6');
    expect(seen(moved)).toEqual(['5 4', '6 5']);
    moved.close();
  }, 240_000);

  test('keep position and chain when one is killed in a canary, and no event stands twice', async () => {
    const { a, b, c, start } = await three();
    const to = { stage: 'canary', percent: 30, expectedVersion: 0, reason: 'test' };
    expect(await a.post(TRANSITIONS, to)).toMatchObject({ status: 200, percent: 30 });
    await at(b, 1);
    const load = loadOn([a.url, c.url], '/api/articles');
    const moves = ['pause', 'resume', 'pause', 'resume'].map((verb) =>
      b.post(`/v1/routes/articles/${verb}`, { reason: 'test' }).catch(() => null),
    );
    await b.end('SIGKILL');
    await Promise.all(moves);
    const again = await start(1);
    const entries = await wholeLedger(a);
    await at(again, entries.length);
    expect(await again.get('/v1/routes/articles')).toMatchObject({ stage: 'canary', percent: 30 });
    expect(new Set(entries.map(({ version }) => version)).size).toBe(entries.length);
    expect(
      await again.post(TRANSITIONS, { ...to, percent: 50, expectedVersion: entries.length }),
    ).toMatchObject({
      status: 200,
    });
    expect(await wholeLedger(c)).toHaveLength(entries.length + 1);
    expect((await load.stop()).failed).toEqual([]);
  }, 240_000);

  test('move a route only while all of them have the same form of it', async () => {
    const { a, b, ids, homes } = await three();
    const file = join(homes[1] as string, 'plan', 'routes', 'articles.yaml');
    const written = readFileSync(file, 'utf8');
    const changed = `${written}fallback: none\n`;
    const reload = async (text: string) => {
      writeFileSync(file, text);
      expect(await b.post('/v1/reload', { reason: 'test' })).toMatchObject({ status: 200 });
    };
    const step = (percent: number, expectedVersion: number) => ({
      stage: 'canary',
      percent,
      expectedVersion,
      reason: 'test',
    });
    await reload(`# a comment\n${written}owner: somebody\ntargetDate: 2027-01-01\n`);
    expect(await a.post(TRANSITIONS, step(30, 0))).toMatchObject({ status: 200 });
    await reload(changed);
    expect(await a.post(TRANSITIONS, step(50, 1))).toMatchObject({
      status: 409,
      code: 'PLAN_REPLICAS_DIFFER',
      detail: expect.stringContaining(ids[1]),
      instances: [{ id: ids[1], hash: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
    const { instances } = await a.get('/v1/instances');
    expect(new Set(instances.map(({ hash }: { hash: string }) => hash)).size).toBe(2);
    expect(await a.post(TRANSITIONS, { ...step(50, 1), force: true })).toMatchObject({ status: 200 });
    expect(await a.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
      status: 200,
      pending: [],
    });
    await reload(written);
    expect(await a.post(TRANSITIONS, step(30, 3))).toMatchObject({ status: 200 });
  }, 240_000);

  test('name the one that does not answer to a rollback, show it as silent, and let it be evicted', async () => {
    const { a, b, c, ids, start } = await three();
    await a.post(TRANSITIONS, force('candidate', 0));
    for (const facade of [b, c]) await at(facade, 1);
    b.child.kill('SIGSTOP');
    expect(await a.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
      status: 200,
      pending: [ids[1]],
    });
    expect(await candidateOf(c.url)).toBe('legacy');
    const path = `/v1/instances/${ids[1]}/evict`;
    expect(await a.post(`/v1/instances/${ids[2]}/evict`, { reason: 'test' })).toMatchObject({
      status: 409,
      code: 'FENCE_INSTANCE_LIVE',
    });
    const find = async () => {
      const { instances } = await c.get('/v1/instances');
      return instances.find(({ id }: { id: string }) => id === ids[1]);
    };
    await until('it to be silent', async () => (await find()).silent, 20_000);
    expect(await c.post(path, { reason: 'gone' })).toMatchObject({ status: 200, evicted: true });
    expect(await c.post(path, { reason: 'gone' })).toMatchObject({
      status: 404,
      code: 'FENCE_INSTANCE_UNKNOWN',
    });
    expect(await find()).toBeUndefined();
    expect(await a.post('/v1/kill', { reason: 'test' })).toMatchObject({ status: 200, pending: [] });
    b.child.kill('SIGCONT');
    await until('it to know', async () => (await b.get('/readyz')).code === 'FENCE_INSTANCE_EVICTED');
    expect((await wholeLedger(c)).at(-2)).toMatchObject({ type: 'evict', reason: `${ids[1]}: gone` });
    await b.end('SIGTERM');
    const again = await start(1);
    expect(await again.get('/readyz')).toMatchObject({ status: 200 });
    expect((await find()).silent).toBe(false);
    await again.end('SIGTERM');
    expect(await find()).toBeUndefined();
  }, 240_000);
});
