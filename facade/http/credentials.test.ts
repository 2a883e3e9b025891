import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Plan } from '#plan/model/plan.ts';
import { type AwkwardUpstream, awkwardUpstream } from '../test-kit/awkward-upstream.ts';
import { facadeOf, type TestFacade, TOKEN } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { type Answer, ask, rawAsk } from '../test-kit/raw-client.ts';
import { networkOf } from './over-rate.ts';

let legacy: AwkwardUpstream;
let candidate: AwkwardUpstream;
const open: TestFacade[] = [];
beforeAll(async () => {
  legacy = await awkwardUpstream('legacy');
  candidate = await awkwardUpstream('candidate');
});
afterEach(async () => {
  for (const facade of open.splice(0)) await facade.close();
});
afterAll(async () => {
  await legacy.close();
  await candidate.close();
});

const SECRET = 'Bearer the-secret-of-this-side';
const credentials = {
  shadow: null,
  legacy: { set: { 'x-side': 'legacy' }, remove: ['x-client'] },
  candidate: { set: { authorization: SECRET, 'x-side': 'candidate' }, remove: ['cookie'] },
};
async function start(part: Partial<Plan> = {}) {
  const facade = await facadeOf(
    planOf({
      legacy: { url: legacy.url, build: null },
      candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
      routes: [
        routeOf('articles', ['GET /articles', 'POST /articles', 'GET /reset', '/ws-refused'], {
          credentials,
          fallbackToLegacy: true,
        }),
        routeOf('authors', ['GET /authors']),
      ],
      ...part,
    }),
  );
  open.push(facade);
  return facade;
}
const seen = (upstream: AwkwardUpstream) => {
  const raw = upstream.seen.at(-1)?.rawHeaders ?? [];
  return Object.fromEntries(raw.flatMap((name, i) => (i % 2 ? [] : [[name.toLowerCase(), raw[i + 1]]])));
};
const code = (answer: Answer) => (JSON.parse(answer.body.toString()) as { code: string }).code;
const given = { authorization: 'Basic x', cookie: 'sid=1', 'x-client': 'mine', 'x-side': 'forged' };

describe('credentials', () => {
  test('are changed for each side of the route, and for nobody else', async () => {
    const facade = await start();
    await ask(facade.url, { path: '/articles', headers: given });
    expect(seen(legacy)).toMatchObject({ authorization: 'Basic x', cookie: 'sid=1', 'x-side': 'legacy' });
    expect(seen(legacy)['x-client']).toBeUndefined();
    await facade.put('articles', 'candidate');
    for (const method of ['GET', 'POST']) {
      await ask(facade.url, { path: '/articles', method, headers: given });
      expect(seen(candidate)).toMatchObject({
        authorization: SECRET,
        'x-client': 'mine',
        'x-side': 'candidate',
      });
      expect(seen(candidate).cookie).toBeUndefined();
    }
    await ask(facade.url, { path: '/authors', headers: given });
    expect(seen(legacy)).toMatchObject(given);
  });

  test('of the candidate do not reach legacy when it answers in its place, nor those of an upgrade', async () => {
    const facade = await start({
      candidates: new Map([['catalog', { url: 'http://127.0.0.1:1', build: null }]]),
    });
    await facade.put('articles', 'candidate');
    const answer = await ask(facade.url, { path: '/articles', headers: given });
    expect(answer.headers['x-fig-reason']).toBe('FALLBACK');
    expect(seen(legacy)).toMatchObject({ authorization: 'Basic x', cookie: 'sid=1', 'x-side': 'legacy' });
    const live = await start();
    await live.put('articles', 'candidate');
    await rawAsk(
      live.port,
      'GET /ws-refused HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n',
    );
    expect(seen(candidate)).toMatchObject({ authorization: SECRET });
    expect(seen(candidate).cookie).toBeUndefined();
  });

  test('stand in no log, view or metric', async () => {
    const facade = await start();
    await facade.put('articles', 'candidate');
    await ask(facade.url, { path: '/articles' });
    await ask(facade.url, { path: '/reset', method: 'POST', body: 'x' });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const shown = [facade.logged.join('\n')];
    for (const path of ['/v1/routes', '/v1/ledger', '/v1/upstreams', '/metrics'])
      shown.push((await ask(facade.adminUrl, { path, headers })).body.toString());
    expect(shown.join('\n')).not.toContain('the-secret');
  });
});

describe('the trace context', () => {
  const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
  const tracestate = 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7';

  test('of a client goes on as it is, with its state', async () => {
    const facade = await start();
    await ask(facade.url, { path: '/x', headers: { traceparent: TRACE, tracestate } });
    expect(seen(legacy)).toMatchObject({ traceparent: TRACE, tracestate });
  });

  test.each([[undefined], ['garbage'], [`${TRACE}-x`], [TRACE.replace('00-', 'ff-')]])(
    'of %s is made anew, and its state dropped',
    async (traceparent) => {
      const facade = await start();
      await ask(facade.url, { path: '/x', headers: { ...(traceparent ? { traceparent } : {}), tracestate } });
      expect(seen(legacy).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(seen(legacy).tracestate).toBeUndefined();
    },
  );

  test('that is named twice is made anew', async () => {
    const facade = await start();
    await rawAsk(
      facade.port,
      `GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\ntraceparent: ${TRACE}\r\ntraceparent: ${TRACE}\r\n\r\n`,
    );
    expect(seen(legacy).traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(seen(legacy).traceparent).not.toContain('0af76519');
  });
});

describe('limits.rate', () => {
  const limits = { maxHeaderBytes: 16_384, maxBodyBytes: null, ratePerSecond: 3 };
  const trustedProxies = ['127.0.0.1/32'];
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const burst = async (facade: TestFacade, path: string, headers = {}) => {
    const answers: Answer[] = [];
    for (let i = 0; i < 5; i++) answers.push(await ask(facade.url, { path, headers }));
    return answers;
  };

  test('answers 429 with a code and Retry-After beyond it, for each client and route of its own', async () => {
    const facade = await start({ limits, trustedProxies });
    const answers = await burst(facade, '/articles', from('192.0.2.1'));
    expect(answers.slice(0, 3).map(({ status }) => status)).toEqual([200, 200, 200]);
    const last = answers[4] as Answer;
    expect([last.status, code(last), last.headers['retry-after']]).toEqual([429, 'ROUTE_RATE_EXCEEDED', '1']);
    expect((await ask(facade.url, { path: '/articles', headers: from('192.0.2.2') })).status).toBe(200);
    expect((await ask(facade.url, { path: '/authors', headers: from('192.0.2.1') })).status).toBe(200);
    expect((await burst(facade, '/elsewhere', from('192.0.2.1'))).map(({ status }) => status)).toEqual(
      Array(5).fill(200),
    );
  });

  test('is not got round with another cookie, a forged address or another address of the same IPv6 network', async () => {
    const facade = await start({ limits });
    let refused = 0;
    for (let i = 0; i < 6; i++) {
      const headers = { cookie: `sid=${i}`, ...from(`192.0.2.${i}`) };
      if ((await ask(facade.url, { path: '/articles', headers })).status === 429) refused++;
    }
    expect(refused).toBeGreaterThanOrEqual(2);
    expect(networkOf('2001:db8::1')).toBe(networkOf('2001:0DB8:0:0:ffff::2'));
    expect(networkOf('2001:db8:0:1::1')).not.toBe(networkOf('2001:db8::1'));
    expect(networkOf('::1')).toBe('0:0:0:0::/64');
    expect(networkOf('192.0.2.1')).toBe('192.0.2.1');
  });

  test('holds for upgrades, and asks nobody upstream', async () => {
    const facade = await start({ limits });
    const before = legacy.seen.length;
    const texts: string[] = [];
    for (let i = 0; i < 5; i++)
      texts.push(
        await rawAsk(
          facade.port,
          'GET /ws-refused HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n',
        ),
      );
    expect(texts[4]).toMatch(/^HTTP\/1\.1 429[\s\S]*Retry-After: 1[\s\S]*ROUTE_RATE_EXCEEDED/);
    expect(legacy.seen.length - before).toBeLessThan(5);
  });
});
