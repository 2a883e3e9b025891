import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Plan } from '#plan/model/plan.ts';
import { sealPin } from '../core/pin.ts';
import { type AwkwardUpstream, awkwardUpstream } from '../test-kit/awkward-upstream.ts';
import { facadeOf, type TestFacade, TOKEN } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { type Answer, ask, rawAsk } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';

/** A candidate that answers requests and probes as it is told. */
type Moody = { url: string; status: number; probe: number | null; asked: string[]; server: Server };
let legacy: AwkwardUpstream;
let candidate: Moody;
const open: TestFacade[] = [];

async function moody(): Promise<Moody> {
  const self = { status: 200, probe: 200, asked: [] as string[] } as unknown as Moody;
  self.server = createServer((request, response) => {
    if (request.headers['user-agent'] === 'fig-probe') {
      if (self.probe !== null) response.writeHead(self.probe).end();
      return;
    }
    self.asked.push(`${request.method} ${request.url}`);
    if (self.status === 0) request.socket.destroy();
    else if (request.url !== '/slow') response.writeHead(self.status).end('moody');
  });
  await new Promise<void>((resolve) => self.server.listen(0, '127.0.0.1', resolve));
  self.url = `http://127.0.0.1:${(self.server.address() as AddressInfo).port}`;
  return self;
}

beforeAll(async () => {
  legacy = await awkwardUpstream('legacy');
});
beforeEach(async () => {
  candidate = await moody();
});
afterEach(async () => {
  for (const facade of open.splice(0)) await facade.close();
  candidate.server.closeAllConnections();
  await new Promise((resolve) => candidate.server.close(resolve));
});
afterAll(() => legacy.close());

const secret = Buffer.from('cohort-secret');
const HEALTH = { path: '/livez', intervalMs: 0, ejectAtRatio: 0.5, minimum: 4, windowMs: 60_000 };
async function start(health: Partial<Plan['health']> = {}, part: Partial<Plan> = {}) {
  const facade = await facadeOf(
    planOf({
      legacy: { url: legacy.url, build: null },
      candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
      routes: [
        routeOf('soft', ['GET /soft', 'POST /soft', 'POST /soft/search safe', 'GET /slow', '/ws-refused'], {
          fallbackToLegacy: true,
        }),
        routeOf('hard', ['GET /hard']),
      ],
      health: { ...HEALTH, ...health },
      ...part,
    }),
    { secret },
  );
  open.push(facade);
  await facade.put('soft', 'candidate');
  await facade.put('hard', 'candidate');
  return facade;
}
const fail = async (facade: TestFacade, times = 4, path = '/hard') => {
  for (let i = 0; i < times; i++) await ask(facade.url, { path });
};
const who = (answer: Answer) => `${answer.headers['x-fig-upstream']} ${answer.headers['x-fig-reason']}`;
const code = (answer: Answer) => (JSON.parse(answer.body.toString()) as { code: string }).code;
type View = { candidate: string | null; state: string };
const views = async (facade: TestFacade): Promise<View[]> => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await ask(facade.adminUrl, { path: '/v1/upstreams', headers });
  return JSON.parse(answer.body.toString()).upstreams;
};
const stateOf = async (facade: TestFacade, name: string | null) =>
  (await views(facade)).find((view) => view.candidate === name)?.state;

describe('a candidate whose requests fail', () => {
  test.each([500, 503, 0])(
    'is out once enough of them did (answers %i), and is asked no more',
    async (status) => {
      candidate.status = status;
      const facade = await start();
      await fail(facade);
      expect(candidate.asked).toHaveLength(4);
      const read = await ask(facade.url, { path: '/soft' });
      expect(who(read)).toBe('legacy EJECTED');
      expect(candidate.asked).toHaveLength(4);
    },
  );

  test('leaves reads with a fallback to legacy; everything else gets 502 at once, and no write goes to legacy', async () => {
    candidate.status = 500;
    const facade = await start();
    await fail(facade);
    const before = legacy.seen.length;
    for (const [method, path] of [
      ['POST', '/soft'],
      ['GET', '/hard'],
    ] as const) {
      const answer = await ask(facade.url, { path, method, body: method === 'POST' ? 'x' : '' });
      expect([answer.status, code(answer), who(answer)]).toEqual([
        502,
        'UPSTREAM_EJECTED_CANDIDATE',
        'candidate EJECTED',
      ]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    }
    const pin = sealPin({ route: 'soft', to: 'candidate', expiresAt: (Date.now() / 1000 + 60) | 0 }, secret);
    const pinned = await ask(facade.url, { path: '/soft', method: 'POST', headers: { 'x-fig-pin': pin } });
    expect(code(pinned)).toBe('UPSTREAM_EJECTED_CANDIDATE');
    expect(legacy.seen).toHaveLength(before);
    const search = await ask(facade.url, { path: '/soft/search', method: 'POST', body: 'words' });
    expect([who(search), JSON.parse(search.body.toString()).body]).toEqual(['legacy EJECTED', 'words']);
    expect(candidate.asked).toHaveLength(4);
  });

  test('is not in the decision log of what it was not asked', async () => {
    candidate.status = 500;
    const facade = await start();
    await fail(facade);
    await ask(facade.url, { path: '/soft' });
    await ask(facade.url, { path: '/soft', method: 'POST', body: 'x' });
    const lines = facade.logged
      .filter((line) => line.includes('"msg":"request"'))
      .map((line) => JSON.parse(line));
    expect(lines.map(({ route, upstream, reason, status }) => [route, upstream, reason, status])).toEqual([
      ...Array.from({ length: 4 }, () => ['hard', 'candidate', 'STAGE', 500]),
      ['soft', 'legacy', 'EJECTED', 200],
      ['soft', 'none', 'UPSTREAM_EJECTED_CANDIDATE', 502],
    ]);
    expect(lines.at(-1)).toMatchObject({ version: 1, requestId: expect.any(String) });
  });

  test('is not asked to upgrade either', async () => {
    candidate.status = 500;
    const facade = await start();
    await fail(facade);
    const upgrade = (path: string) =>
      rawAsk(
        facade.port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n`,
      );
    expect(await upgrade('/hard')).toMatch(
      /^HTTP\/1\.1 502[\s\S]*Retry-After[\s\S]*UPSTREAM_EJECTED_CANDIDATE/,
    );
    expect(await upgrade('/ws-refused')).toMatch(/^HTTP\/1\.1 403/);
    expect(candidate.asked).toHaveLength(4);
  });

  test('comes back by a trial when it is well again', async () => {
    candidate.status = 500;
    const facade = await start({ intervalMs: 300 });
    await fail(facade);
    expect(await stateOf(facade, 'catalog')).toBe('out');
    candidate.status = 200;
    await until('the candidate to be back', async () =>
      who(await ask(facade.url, { path: '/soft' })).startsWith('candidate'),
    );
    expect(await stateOf(facade, 'catalog')).toBe('ok');
  });

  test('stays out when its trial fails, and one trial at a time is all it gets', async () => {
    candidate.status = 500;
    const facade = await start({ intervalMs: 30, windowMs: 200 });
    await fail(facade);
    for (let trials = 1; trials <= 3; trials++)
      await until('a trial', async () => {
        await Promise.all([0, 1, 2].map(() => ask(facade.url, { path: '/soft' })));
        return candidate.asked.length >= 4 + trials;
      });
    expect(await stateOf(facade, 'catalog')).not.toBe('ok');
  });

  test('is not blamed for clients that leave, nor for what it refuses', async () => {
    const facade = await start();
    candidate.status = 404;
    await fail(facade, 10);
    for (let i = 0; i < 10; i++) {
      const request = ask(facade.url, { path: '/slow', signal: AbortSignal.timeout(20) });
      await expect(request).rejects.toThrow();
    }
    candidate.status = 501;
    await fail(facade, 10);
    expect(await stateOf(facade, 'catalog')).toBe('ok');
  });
});

describe('legacy', () => {
  test('is never out: nobody stands behind it', async () => {
    const facade = await start();
    for (let i = 0; i < 20; i++) expect((await ask(facade.url, { path: '/reset' })).status).toBe(502);
    expect(await stateOf(facade, null)).toBe('ill');
    expect(who(await ask(facade.url, { path: '/elsewhere' }))).toBe('legacy UNMATCHED');
  });
});

describe('probes', () => {
  test('put a candidate out that nobody asks for anything, and bring it back', async () => {
    const facade = await start({ intervalMs: 20 });
    candidate.probe = 503;
    await until('the candidate to be out', async () => (await stateOf(facade, 'catalog')) === 'out');
    expect(who(await ask(facade.url, { path: '/soft' }))).toBe('legacy EJECTED');
    expect(candidate.asked).toEqual([]);
    candidate.probe = 200;
    await until('the candidate to be back', async () => (await stateOf(facade, 'catalog')) === 'ok');
    expect(who(await ask(facade.url, { path: '/soft' }))).toBe('candidate STAGE');
  });

  test('that are not answered fail', async () => {
    candidate.probe = null;
    const facade = await start({ intervalMs: 20 });
    await until('the candidate to be out', async () => (await stateOf(facade, 'catalog')) === 'out');
  });

  test('that meet no such path tell nothing bad', async () => {
    candidate.probe = 404;
    const facade = await start({ intervalMs: 200 });
    let probes = 0;
    candidate.server.on('request', () => {
      probes++;
    });
    await until('some probes', () => probes > 5);
    expect(await stateOf(facade, 'catalog')).toBe('ok');
  });
});

describe('what is seen of health', () => {
  test('stands in /v1/upstreams and /metrics', async () => {
    candidate.status = 500;
    const facade = await start();
    await fail(facade);
    expect(await views(facade)).toEqual([
      expect.objectContaining({ party: 'legacy', candidate: null, state: 'ok' }),
      {
        party: 'candidate',
        candidate: 'catalog',
        state: 'out',
        cause: 'requests',
        requests: 4,
        failures: 4,
        failedProbes: 0,
        ejections: 1,
        inFlight: 0,
        queued: 0,
        refused: 0,
      },
    ]);
    const metrics = (await ask(facade.adminUrl, { path: '/metrics' })).body.toString();
    expect(metrics).toContain('fig_upstream_out{upstream="candidate",candidate="catalog"} 1');
    expect(metrics).toContain('fig_upstream_out{upstream="legacy",candidate=""} 0');
    expect(metrics).toContain('fig_upstream_ejections{upstream="candidate",candidate="catalog"} 1');
  });
});
