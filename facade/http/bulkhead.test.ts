import { once } from 'node:events';
import { createServer, request as httpRequest, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import type { Plan } from '#plan/model/plan.ts';
import { facadeOf, type TestFacade, TOKEN } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { type Answer, ask, rawAsk } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';

/** Keeps every answer back until it is told to give it. */
type Slow = {
  url: string;
  held: { path: string; response: ServerResponse }[];
  seen: string[];
  server: Server;
};
let legacy: Slow;
let candidate: Slow;
const open: TestFacade[] = [];

async function slow(): Promise<Slow> {
  const sockets = new WebSocketServer({ noServer: true });
  const held: Slow['held'] = [];
  const seen: string[] = [];
  const server = createServer((request, response) => {
    if (request.headers['user-agent'] === 'fig-probe') return void response.end();
    const path = request.url ?? '';
    seen.push(path);
    if (path === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    } else if (path === '/broken') request.socket.destroy();
    else held.push({ path, response });
  });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, () => {});
    server.once('stop', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, held, seen, server };
}
beforeEach(async () => {
  legacy = await slow();
  candidate = await slow();
});
afterEach(async () => {
  for (const facade of open.splice(0)) await facade.close();
  for (const { server } of [legacy, candidate]) {
    server.emit('stop');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function start(bulkhead: Plan['bulkhead'], part: Partial<Plan> = {}) {
  const facade = await facadeOf(
    planOf({
      legacy: { url: legacy.url, build: null },
      candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
      routes: [routeOf('soft', ['/soft', '/broken'], { fallbackToLegacy: true })],
      bulkhead,
      ...part,
    }),
  );
  open.push(facade);
  return facade;
}
const code = (answer: Answer) => (JSON.parse(answer.body.toString()) as { code: string }).code;
const loadOf = async (facade: TestFacade, candidateName: string | null = null) => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await ask(facade.adminUrl, { path: '/v1/upstreams', headers });
  const views = JSON.parse(answer.body.toString()).upstreams as {
    candidate: string | null;
    inFlight: number;
    queued: number;
    refused: number;
  }[];
  const { inFlight, queued, refused } = views.find(
    (view) => view.candidate === candidateName,
  ) as (typeof views)[0];
  return [inFlight, queued, refused];
};
const load = (facade: TestFacade, expected: number[], name: string | null = null) =>
  until(`the load ${expected}`, async () => String(await loadOf(facade, name)) === String(expected));
/** What the decision log says, one line each. */
const decided = ({ logged }: TestFacade): string[] =>
  logged
    .filter((line) => line.includes('"msg":"request"'))
    .map((line) => JSON.parse(line))
    .map(({ path, upstream, reason, status }) => `${path} ${upstream} ${reason} ${status}`);
const answerAll = (upstream: Slow) => {
  for (const { response } of upstream.held.splice(0)) response.end('done');
};

describe('a bulkhead', () => {
  test('lets so many in, so many wait, and refuses the rest at once with a code and Retry-After', async () => {
    const facade = await start({ concurrency: 2, queue: 1 });
    const answers = [1, 2].map((i) => ask(facade.url, { path: `/${i}` }));
    await load(facade, [2, 0, 0]);
    answers.push(ask(facade.url, { path: '/3', method: 'POST', body: 'kept' }));
    await load(facade, [2, 1, 0]);
    const refused = await ask(facade.url, { path: '/4' });
    expect([refused.status, code(refused), refused.headers['retry-after']]).toEqual([
      503,
      'UPSTREAM_BUSY_LEGACY',
      '1',
    ]);
    expect(legacy.held).toHaveLength(2);
    expect(decided(facade)).toEqual(['/4 none UPSTREAM_BUSY_LEGACY 503']);
    answerAll(legacy);
    await until('the one that waited', () => legacy.held.length === 1);
    answerAll(legacy);
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
    await load(facade, [0, 0, 1]);
    expect(legacy.seen).toEqual(['/1', '/2', '/3']);
  });

  test('serves those who wait in the order they came, also past those who left', async () => {
    const facade = await start({ concurrency: 1, queue: 5 });
    const first = ask(facade.url, { path: '/first' });
    await load(facade, [1, 0, 0]);
    const leaving = httpRequest(facade.url, { path: '/left', agent: false }).on('error', () => {});
    leaving.end();
    await load(facade, [1, 1, 0]);
    const second = ask(facade.url, { path: '/second' });
    await load(facade, [1, 2, 0]);
    const third = ask(facade.url, { path: '/third' });
    await load(facade, [1, 3, 0]);
    leaving.destroy();
    await load(facade, [1, 2, 0]);
    expect(decided(facade)).toEqual(['/left none UNMATCHED 499']);
    for (const answer of [first, second, third]) {
      await until('the next one', () => legacy.held.length === 1);
      answerAll(legacy);
      expect((await answer).status).toBe(200);
    }
    expect(legacy.seen).toEqual(['/first', '/second', '/third']);
    await load(facade, [0, 0, 0]);
  });

  test('takes back the place of a client that leaves with a body on its way', async () => {
    const facade = await start({ concurrency: 1, queue: 1 });
    const first = ask(facade.url, { path: '/first' });
    await load(facade, [1, 0, 0]);
    const socket = connect(facade.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`POST /left HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\nhalf`);
    await load(facade, [1, 1, 0]);
    socket.resetAndDestroy();
    await load(facade, [1, 0, 0]);
    answerAll(legacy);
    await first;
    expect(legacy.seen).toEqual(['/first']);
  });

  test('lets nobody wait longer than for an answer', async () => {
    const timeouts = { connectMs: 1000, headersMs: 150, idleMs: 5000 };
    const facade = await start({ concurrency: 1, queue: 5 }, { timeouts });
    const stuck = ask(facade.url, { path: '/stuck' });
    const answers = await Promise.all([ask(facade.url, { path: '/a' }), stuck]);
    expect(answers.map(code).sort()).toEqual(['UPSTREAM_BUSY_LEGACY', 'UPSTREAM_HEADERS_TIMEOUT_LEGACY']);
  });

  test('is one for each upstream: a slow candidate takes nothing from legacy, nor its overload to it', async () => {
    const facade = await start({ concurrency: 1, queue: 0 });
    await facade.put('soft', 'candidate');
    const held = ask(facade.url, { path: '/soft' });
    await load(facade, [1, 0, 0], 'catalog');
    const refused = await ask(facade.url, { path: '/soft' });
    expect([refused.status, code(refused)]).toEqual([503, 'UPSTREAM_BUSY_CANDIDATE']);
    const other = ask(facade.url, { path: '/other' });
    await until('legacy to be asked', () => legacy.held.length === 1);
    answerAll(legacy);
    answerAll(candidate);
    expect([(await other).status, (await held).status]).toEqual([200, 200]);
  });

  test('refuses also what legacy was to answer for a candidate: the decision log names the one that was asked', async () => {
    const facade = await start({ concurrency: 1, queue: 0 });
    await facade.put('soft', 'candidate');
    const held = ask(facade.url, { path: '/held' });
    await load(facade, [1, 0, 0]);
    expect(code(await ask(facade.url, { path: '/broken' }))).toBe('UPSTREAM_BUSY_LEGACY');
    expect(candidate.seen).toEqual(['/broken']);
    expect(decided(facade)).toEqual(['/broken candidate STAGE 503']);
    answerAll(legacy);
    await held;
  });

  test('gives the place at the candidate back before legacy answers for it', async () => {
    const facade = await start({ concurrency: 1, queue: 0 });
    await facade.put('soft', 'candidate');
    const fallback = ask(facade.url, { path: '/broken' });
    await until('legacy to be asked', () => legacy.seen.includes('/broken') || legacy.held.length > 0);
    expect(await loadOf(facade, 'catalog')).toEqual([0, 0, 0]);
    await facade.close();
    open.splice(0);
    await fallback.catch(() => {});
  });

  test('holds no place for event streams and upgraded connections once they stand', async () => {
    const clients: WebSocket[] = [];
    const facade = await start({ concurrency: 1, queue: 0 });
    for (let i = 0; i < 3; i++) {
      const request = httpRequest(facade.url, { path: '/events', agent: false }).on('error', () => {});
      request.end();
      const [answer] = await once(request, 'response');
      await once(answer, 'data');
      answer.on('error', () => {});
    }
    for (let i = 0; i < 3; i++) {
      const client = new WebSocket(`ws://127.0.0.1:${facade.port}/ws`).on('error', () => {});
      await once(client, 'open');
      clients.push(client);
    }
    expect(await loadOf(facade)).toEqual([0, 0, 0]);
    const held = ask(facade.url, { path: '/held' });
    await load(facade, [1, 0, 0]);
    const text = await rawAsk(
      facade.port,
      'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 503[\s\S]*UPSTREAM_BUSY_LEGACY/);
    answerAll(legacy);
    await held;
    for (const client of clients) client.terminate();
  });

  test('takes new limits with a new plan, and counts on who is in', async () => {
    const plan = (concurrency: number) =>
      planOf({ legacy: { url: legacy.url, build: null }, bulkhead: { concurrency, queue: 5 } });
    const next = plan(2);
    const facade = await facadeOf(plan(1), { loadPlan: () => ({ plan: next, problems: [] }) });
    open.push(facade);
    const answers = [1, 2, 3].map((i) => ask(facade.url, { path: `/${i}` }));
    await load(facade, [1, 2, 0]);
    await facade.control.reload({ actor: 'test', reason: 'test' });
    answers.push(ask(facade.url, { path: '/4' }));
    await load(facade, [2, 2, 0]);
    for (let i = 0; i < 4; i++) {
      await until('an answer to give', () => legacy.held.length > 0);
      answerAll(legacy);
      if (legacy.seen.length === 4 && legacy.held.length === 0) break;
    }
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
    await load(facade, [0, 0, 0]);
  });
});

test('bodies that do not get on make room where others wait for their places', async () => {
  const facade = await start({ concurrency: 20, queue: 20 });
  const sockets = Array.from({ length: 20 }, () => {
    const socket = connect(Number(new URL(facade.url).port), '127.0.0.1').on('error', () => {});
    socket.write('POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\na');
    return socket;
  });
  // A byte now and then is enough while nobody waits: `clients.minRate` is judged over a minute.
  const drips = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('a');
  }, 500);
  try {
    await load(facade, [20, 0, 0]);
    const waiting = ask(facade.url, { path: '/reader' });
    const own = () => legacy.held.find(({ path }) => path === '/reader');
    await until('a place', own, 20_000);
    own()?.response.end('ok');
    expect((await waiting).status).toBe(200);
  } finally {
    clearInterval(drips);
    for (const socket of sockets) socket.destroy();
  }
});
