import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { chainFault } from './core/ledger-chain.ts';
import { type AwkwardUpstream, awkwardUpstream } from './test-kit/awkward-upstream.ts';
import { listenOn } from './test-kit/facade-of.ts';
import {
  BREATH_MS,
  type FacadeProcess,
  FacadeProcesses,
  freePort,
  loadOn,
} from './test-kit/facade-process.ts';
import { ask } from './test-kit/raw-client.ts';
import { until } from './test-kit/until.ts';

const TRANSITIONS = '/v1/routes/articles/transitions';
const TWO = ['--workers', '2'];

let legacy: AwkwardUpstream;
let candidate: AwkwardUpstream;
let facades: FacadeProcesses;
beforeAll(async () => {
  [legacy, candidate] = [await awkwardUpstream('legacy'), await awkwardUpstream('candidate')];
  facades = new FacadeProcesses({ legacy: legacy.url, candidate: candidate.url });
});
afterEach(() => facades.endAll());
afterAll(async () => {
  await legacy.close();
  await candidate.close();
  facades.remove();
});

type Line = { msg: string; worker?: number; pid?: number; restartMs?: number };
const linesOf = ({ output }: FacadeProcess, msg = ''): Line[] =>
  output.text
    .split('\n')
    .filter((text) => text.startsWith('{') && text.includes(`"msg":"${msg}`))
    .map((text) => JSON.parse(text));
/** The process that is worker `n` now. */
const pidOf = (facade: FacadeProcess, n: number): number =>
  linesOf(facade, 'worker serves').findLast(({ worker }) => worker === n)?.pid as number;
const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const move = (facade: FacadeProcess, stage: string, expectedVersion: number, percent?: number) =>
  facade.post(TRANSITIONS, { stage, percent, expectedVersion, reason: 'test', force: true });
const sideOf = async (url: string, headers = {}) =>
  String((await ask(url, { path: '/api/articles', headers })).headers['x-fig-upstream']);
/** The sides of many requests, each on a connection of its own, so that all workers are met. */
async function sidesOf(url: string, requests: number): Promise<string[]> {
  const sides: string[] = [];
  const client = async () => {
    for (let n = 0; n < requests / 20; n++) sides.push(await sideOf(url));
  };
  await Promise.all(Array.from({ length: 20 }, client));
  return sides;
}

/** A request whose body is only begun, and how it was answered. */
function halfUpload(url: string) {
  const request = httpRequest(url, { path: '/upload', method: 'POST', agent: false });
  const answered = once(request, 'response');
  answered.catch(() => {});
  request.write('half');
  return { request, answered };
}

describe('several workers', () => {
  test('answer a rollback and a kill when no request of any of them reaches the candidate any more', async () => {
    const facade = await facades.start(facades.home(), TWO);
    const load = loadOn([facade.url, facade.url], '/api/articles');
    for (let round = 0; round < 4; round++) {
      expect(await move(facade, 'candidate', round * 2)).toMatchObject({ status: 200 });
      expect(new Set(await sidesOf(facade.url, 50))).toEqual(new Set(['candidate']));
      expect(await facade.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
        status: 200,
        pending: [],
      });
      const before = candidate.seen.length;
      expect(new Set(await sidesOf(facade.url, 1000))).toEqual(new Set(['legacy']));
      expect(candidate.seen.length).toBe(before);
    }
    await move(facade, 'candidate', 8);
    expect(await facade.post('/v1/kill', { reason: 'test' })).toMatchObject({ status: 200 });
    expect(new Set(await sidesOf(facade.url, 200))).toEqual(new Set(['legacy']));
    expect((await load.stop()).failed).toEqual([]);
  }, 120_000);

  test('share the load, the signing secret, the metrics and one prober; their logs say who', async () => {
    const cwd = facades.home('health: { interval: 500ms }');
    const facade = await facades.start(cwd, TWO, { FIG_SECRET: '' });
    await move(facade, 'canary', 0, 30);
    const first = await ask(facade.url, { path: '/api/articles', headers: { cookie: 'sid=a' } });
    const held = first.headers['set-cookie']?.[0]?.split(';')[0];
    for (let n = 0; n < 40; n++) {
      const again = await ask(facade.url, {
        path: '/api/articles',
        headers: { cookie: `sid=${n}; ${held}` },
      });
      expect(again.headers['x-fig-upstream']).toBe(first.headers['x-fig-upstream']);
      expect(again.headers['set-cookie']).toBeUndefined();
    }
    await until('the decision log', () => {
      const requests = linesOf(facade).filter(({ msg }) => msg === 'request');
      return requests.length === 41 && new Set(requests.map(({ worker }) => worker)).size === 2;
    });
    expect(await requestsCounted(facade)).toBe(41);
    const probes = legacy.probes;
    const { upstreams } = await facade.get('/v1/upstreams');
    expect(upstreams).toMatchObject([
      { party: 'legacy', state: 'ok' },
      { candidate: 'catalog', state: 'ok' },
    ]);
    await until('probes', () => legacy.probes >= probes + 4);
    const lasted = performance.now();
    await until('more probes', () => legacy.probes >= probes + 8);
    // Twice as many would come from two probers, whatever the machine does meanwhile.
    expect((performance.now() - lasted) / 4).toBeGreaterThan(400);
  }, 120_000);

  test('one that is killed is replaced at its position; others keep their connections, and no count is lost', async () => {
    const facade = await facades.start(facades.home(), TWO);
    await move(facade, 'candidate', 0);
    const held = await Promise.all(Array.from({ length: 12 }, () => halfUploadAt(facade)));
    const pids = [pidOf(facade, 1), pidOf(facade, 2)];
    await sidesOf(facade.url, 50);
    const counted = await requestsCounted(facade);
    expect(counted).toBeGreaterThanOrEqual(50);
    process.kill(pids[0] as number, 'SIGKILL');
    await until('the next worker 1', () => pidOf(facade, 1) !== pids[0]);
    expect(await requestsCounted(facade)).toBeGreaterThanOrEqual(counted);
    expect(new Set(await sidesOf(facade.url, 60))).toEqual(new Set(['candidate']));
    const answers = await Promise.all(
      held.map(({ request, answered }) => {
        request.end('+half');
        return answered.then(
          ([answer]) => answer.statusCode,
          () => 'cut',
        );
      }),
    );
    // Those of the dead worker went with it; connections are spread by the system, so both have some.
    expect(answers.filter((answer) => answer === 200).length).toBeGreaterThan(0);
    expect(new Set(answers)).toEqual(new Set([200, 'cut']));
    expect(lives(pids[1] as number)).toBe(true);
  }, 120_000);

  test('one that hangs is killed rather than waited for: the rollback holds for all when it is answered', async () => {
    const facade = await facades.start(facades.home(), TWO);
    await move(facade, 'candidate', 0);
    const [one, other] = [pidOf(facade, 1), pidOf(facade, 2)];
    process.kill(one, 'SIGSTOP');
    expect(await facade.post('/v1/routes/articles/rollback', { reason: 'test' })).toMatchObject({
      status: 200,
    });
    expect(lives(one)).toBe(false);
    expect(lives(other)).toBe(true);
    expect(new Set(await sidesOf(facade.url, 200))).toEqual(new Set(['legacy']));
    await until('the next worker 1', () => pidOf(facade, 1) !== one);
    expect(new Set(await sidesOf(facade.url, 200))).toEqual(new Set(['legacy']));
  }, 120_000);

  test('one that ends again and again is replaced ever later, one process at a time', async () => {
    const facade = await facades.start(facades.home(), TWO);
    for (let killed = 0; killed < 4; killed++) {
      const pid = await until('worker 1', () => (lives(pidOf(facade, 1)) ? pidOf(facade, 1) : 0), 60_000);
      process.kill(pid, 'SIGKILL');
      await until('its end', () => !lives(pid));
    }
    const restarts = await until('the log', () => {
      const found = linesOf(facade).filter(({ msg }) => msg === 'worker ended and is replaced');
      return found.length === 4 ? found : null;
    });
    expect(restarts.map(({ restartMs }) => restartMs)).toEqual([0, 200, 400, 800]);
    expect(new Set(await sidesOf(facade.url, 20))).toEqual(new Set(['legacy']));
  }, 120_000);

  test('outlive kill -9 of their primary only to finish what is in flight; the next one is at the same position', async () => {
    const cwd = facades.home();
    const args = [...TWO, '--port', `${await freePort()}`];
    const facade = await facades.start(cwd, args);
    await move(facade, 'canary', 0, 30);
    const workers = [pidOf(facade, 1), pidOf(facade, 2)];
    const sids = Array.from({ length: 40 }, (_, n) => ({ cookie: `sid=${n}` }));
    const before = await Promise.all(sids.map((headers) => sideOf(facade.url, headers)));
    const held = await Promise.all(Array.from({ length: 8 }, () => halfUploadAt(facade)));
    await facade.end('SIGKILL');
    const refused = await ask(facade.url, { path: '/' }).catch((error) => error.code);
    expect(['ECONNREFUSED', 'ECONNRESET']).toContain(refused);
    const next = await facades.start(cwd, args);
    expect(await next.get('/v1/routes/articles')).toMatchObject({ stage: 'canary', percent: 30, version: 1 });
    expect(await Promise.all(sids.map((headers) => sideOf(next.url, headers)))).toEqual(before);
    for (const { request } of held) request.end('+half');
    for (const { answered } of held) expect((await answered)[0].statusCode).toBe(200);
    await until('the orphans to end', () => !workers.some(lives));
    const lines = readFileSync(join(cwd, '.fig', 'ledger.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines).toHaveLength(1);
    expect(chainFault(JSON.parse(lines[0] as string), undefined)).toBeNull();
  }, 120_000);

  test('finish what is in flight on SIGTERM, all of them, and end with their primary', async () => {
    const cwd = facades.home();
    const facade = await facades.start(cwd, TWO);
    const workers = [pidOf(facade, 1), pidOf(facade, 2)];
    const held = await Promise.all(Array.from({ length: 8 }, () => halfUploadAt(facade)));
    const sockets = Array.from({ length: 4 }, () => new WebSocket(facade.url.replace('http', 'ws')));
    await Promise.all(
      sockets.map((socket) => {
        socket.on('error', () => {});
        return once(socket, 'open');
      }),
    );
    const exited = once(facade.child, 'exit');
    facade.child.kill('SIGTERM');
    await until('new connections to be refused', () =>
      ask(facade.url, { path: '/' }).then(
        () => false,
        (error) => error.code === 'ECONNREFUSED',
      ),
    );
    expect(workers.every(lives)).toBe(true);
    for (const { request } of held) request.end('+half');
    for (const { answered } of held) expect((await answered)[0].statusCode).toBe(200);
    expect(await exited).toEqual([0, null]);
    expect(workers.some(lives)).toBe(false);
    expect(existsSync(join(cwd, '.fig', 'ledger.jsonl.lock'))).toBe(false);
  }, 120_000);

  test('take a new plan on SIGHUP under load, none of them refuses a request, and a plan with faults changes none', async () => {
    const cwd = facades.home();
    // Lines of requests by the thousand would keep this process busy, and every client with it.
    const facade = await facades.start(cwd, TWO, {}, { decisions: false });
    const load = loadOn([facade.url, facade.url], '/api/articles');
    const file = join(cwd, 'plan', 'routes', 'articles.yaml');
    const written = readFileSync(file, 'utf8');
    const seen = () => linesOf(facade).filter(({ msg }) => msg === 'plan reloaded').length;
    for (let round = 0; round < 6; round++) {
      const path = round % 2 ? '/api/more' : '/api/other';
      writeFileSync(file, written.replace('match: [', `match: ["GET ${path}", `));
      facade.child.kill('SIGHUP');
      await until('the reload', () => seen() === round + 1);
      const answers = await Promise.all(Array.from({ length: 40 }, () => ask(facade.url, { path })));
      expect(new Set(answers.map(({ headers }) => headers['x-fig-reason']))).toEqual(new Set(['STAGE']));
    }
    writeFileSync(file, written.replace('canary 30%', 'canary 300%'));
    facade.child.kill('SIGHUP');
    await until('the refusal', () => facade.output.text.includes('plan refused'));
    const { answered, failed } = await load.stop();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect((await facade.get('/v1/routes/articles')).match[0]).toBe('GET /api/more');
  }, 120_000);

  test('refuse a port that another facade has, be it alone or shared among workers', async () => {
    const facade = await facades.start(facades.home(), TWO);
    const { port } = new URL(facade.url);
    for (const more of [[], TWO])
      await expect(facades.start(facades.home(), ['--port', port, ...more])).rejects.toThrow(
        `port ${port} is in use. Set --port to another one`,
      );
  }, 120_000);

  test('hold a rate together: what one lets in is taken from the allowance of all', async () => {
    const RATE = 10;
    const facade = await facades.start(facades.home(`limits: { rate: ${RATE}/s }`), TWO);
    const begun = performance.now();
    let [passed, refused] = [0, 0];
    const client = async () => {
      for (; performance.now() - begun < 5_000; await wait(BREATH_MS)) {
        const { status } = await ask(facade.url, { path: '/api/articles' });
        if (status === 200) passed++;
        else if (status === 429) refused++;
      }
    };
    await Promise.all([client(), client(), client(), client()]);
    const seconds = (performance.now() - begun) / 1000;
    expect(refused).toBeGreaterThan(0);
    // Each gives away its allowance of one second before it hears of the other. On their own they would give 2 × RATE.
    expect(passed).toBeLessThanOrEqual(RATE * (seconds + 2));
  }, 60_000);

  test('put a candidate out together, by what all of them saw, and bring it back together', async () => {
    let failing = true;
    const server = createServer((request, response) => {
      response.statusCode = failing && request.headers['user-agent'] !== 'fig-probe' ? 500 : 200;
      response.end();
    });
    const port = await listenOn(server);
    const own = new FacadeProcesses({ legacy: legacy.url, candidate: `http://127.0.0.1:${port}` });
    try {
      const home = own.home('health: { interval: 2s, minimum: 16 }');
      const facade = await own.start(home, TWO);
      await move(facade, 'candidate', 0);
      const reasons = async (requests: number) => {
        const answers = Array.from({ length: requests }, () => ask(facade.url, { path: '/api/articles' }));
        return new Set((await Promise.all(answers)).map(({ headers }) => headers['x-fig-reason']));
      };
      // Fewer than the minimum for each, unless the system gave all connections to one.
      await reasons(18);
      await until('all workers', async () => {
        const seen = await reasons(12);
        return seen.size === 1 && seen.has('EJECTED');
      });
      expect((await facade.get('/v1/upstreams')).upstreams[1]).toMatchObject({
        state: 'out',
        cause: 'requests',
      });
      failing = false;
      await until('all workers', async () => {
        const seen = await reasons(12);
        return seen.size === 1 && seen.has('STAGE');
      });
    } finally {
      await own.endAll();
      own.remove();
      server.closeAllConnections();
      server.close();
    }
  }, 120_000);

  test('keep a client on its connection through transitions', async () => {
    const facade = await facades.start(facades.home(), TWO);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sides: string[] = [];
    for (let version = 0; version < 6; version++) {
      await move(facade, version % 2 ? 'legacy' : 'candidate', version);
      const answer = await ask(facade.url, { path: '/api/articles', agent });
      sides.push(String(answer.headers['x-fig-upstream']));
    }
    expect(sides).toEqual(['candidate', 'legacy', 'candidate', 'legacy', 'candidate', 'legacy']);
    agent.destroy();
  }, 120_000);
});

async function halfUploadAt(facade: FacadeProcess) {
  const seen = legacy.seen.length;
  const upload = halfUpload(facade.url);
  await until('the request upstream', () => legacy.seen.length > seen);
  return upload;
}

/** What `fig_requests_total` says, all series together. */
async function requestsCounted({ adminUrl }: FacadeProcess): Promise<number> {
  const { body } = await ask(adminUrl, { path: '/metrics' });
  const counts = [...body.toString().matchAll(/^fig_requests_total\{.*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
