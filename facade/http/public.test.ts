import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { type AwkwardUpstream, awkwardUpstream } from '../test-kit/awkward-upstream.ts';
import { facadeOf, type TestFacade, type TestFacadeOptions } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { type Answer, ask, rawAsk } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';

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

const ROUTES = [
  routeOf('articles', [
    'GET /api/articles',
    'GET /api/articles/:slug',
    'POST /api/articles',
    'DELETE /api/articles/:slug',
    'GET /cookies',
    'GET /cached',
    'GET /cached-but-a-field',
    'GET /private',
    '/ws',
  ]),
  routeOf('files', ['GET /files/*rest']),
];

async function start(part: Parameters<typeof planOf>[0] = {}, options: TestFacadeOptions = {}) {
  const facade = await facadeOf(
    planOf({
      legacy: { url: legacy.url, build: null },
      candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
      routes: ROUTES,
      ...part,
    }),
    options,
  );
  open.push(facade);
  return facade;
}

type Seen = { name: string; url: string; method: string; headers: Record<string, string>; lines: string[] };
const seenIn = (answer: Answer): Seen => {
  const { rawHeaders, ...rest } = JSON.parse(answer.body.toString());
  const lines: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2)
    lines.push(`${rawHeaders[i].toLowerCase()}: ${rawHeaders[i + 1]}`);
  return {
    ...rest,
    lines,
    headers: Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2))),
  };
};
const problem = (answer: Answer) => JSON.parse(answer.body.toString()) as { code: string; status: number };
const who = (answer: Answer) => `${answer.headers['x-fig-upstream']} ${answer.headers['x-fig-reason']}`;
const cohortCookie = (answer: Answer) =>
  answer.headers['set-cookie']?.find((cookie) => cookie.startsWith('x-fig-cohort='));

describe('the path that is matched is the path that is forwarded', () => {
  test.each([
    ['/api/articles', '/api/articles'],
    ['//api//articles', '/api/articles'],
    ['/api/%61rticles', '/api/articles'],
    ['/API/Articles/', '/API/Articles/'],
    ['/x/../api/articles', '/api/articles'],
    ['/x/%2e%2e/api/articles', '/api/articles'],
    ['/api/articles/a%2fb', '/api/articles/a%2Fb'],
    ['/api/articles?q=%7E//../', '/api/articles?q=%7E//../'],
    ['/files/../api/articles', '/api/articles'],
  ])('%s reaches the candidate as %s', async (path, forwarded) => {
    const facade = await start();
    await facade.put('articles', 'candidate');
    const answer = await ask(facade.url, { path });
    expect(seenIn(answer)).toMatchObject({ name: 'candidate', url: forwarded });
  });

  test.each([
    ['/api/articles%2F..%2Fusers', '/api/articles%2F..%2Fusers'],
    ['/api/articles#x', '/api/articles%23x'],
    ['/files/../private-area', '/private-area'],
  ])('%s reaches legacy as %s', async (path, forwarded) => {
    const facade = await start();
    await facade.put('articles', 'candidate');
    await facade.put('files', 'candidate');
    const text = await rawAsk(facade.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(text).toContain(`"url":"${forwarded}"`);
    expect(text).toContain('"name":"legacy"');
  });

  test('an absolute target is read as its path, and its authority is the Host', async () => {
    const facade = await start();
    const text = await rawAsk(
      facade.port,
      'GET http://other.example/api/articles?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(text).toContain('"url":"/api/articles?x=1"');
    expect(text).toContain('"host","other.example"');
  });

  test.each(['/%zz', '/a%00b', 'api/articles'])('%s is refused', async (path) => {
    const facade = await start();
    const text = await rawAsk(facade.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 400/);
  });

  test('a rewrite changes the prefix for the candidate alone, and redirects come back', async () => {
    const rewrite = { from: '/api', to: '/v2' };
    const facade = await start({ routes: [routeOf('articles', ['GET /api/articles'], { rewrite })] });
    expect(seenIn(await ask(facade.url, { path: '/api/articles?a' })).url).toBe('/api/articles?a');
    await facade.put('articles', 'candidate');
    expect(seenIn(await ask(facade.url, { path: '/API/articles?a' })).url).toBe('/v2/articles?a');
  });
});

describe('headers on their way to an upstream', () => {
  const spoofed = {
    'x-forwarded-for': '9.9.9.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-prefix': '/evil',
    forwarded: 'for=9.9.9.9',
    'x-fig-upstream': 'candidate',
    'x-fig-epoch': '99',
    // The same names to CGI and its heirs, and paths that some frameworks serve instead of the one decided.
    x_forwarded_for: '6.6.6.6',
    'x-forwarded_proto': 'https',
    x_fig_epoch: '99',
    'x-original-url': '/admin',
    'x-rewrite-url': '/admin',
  };

  test('say who the client is, and nothing that a stranger claims about it', async () => {
    const facade = await start();
    const { headers } = seenIn(
      await ask(facade.url, { path: '/echo', headers: { ...spoofed, host: 'www.example' } }),
    );
    expect(headers).toMatchObject({
      host: 'www.example',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'www.example',
    });
    for (const name of [
      ...['forwarded', 'x-forwarded-prefix', 'x-fig-upstream', 'x-fig-epoch', 'x_fig_epoch'],
      ...['x_forwarded_for', 'x-forwarded_proto', 'x-original-url', 'x-rewrite-url'],
    ])
      expect(headers).not.toHaveProperty([name]);
  });

  test('continue what a trusted proxy says, but never x-fig-*', async () => {
    const facade = await start({ trustedProxies: ['127.0.0.1/32'] });
    const { headers } = seenIn(await ask(facade.url, { path: '/echo', headers: spoofed }));
    expect(headers).toMatchObject({
      'x-forwarded-for': '9.9.9.9, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
    });
    expect(headers).not.toHaveProperty('x-fig-upstream');
  });

  test('leave out what was for this hop alone, and the cohort cookie', async () => {
    const facade = await start();
    const headers = {
      connection: 'x-private, close',
      'x-private': '1',
      te: 'trailers',
      'proxy-authorization': 'Basic x',
      cookie: 'a=1; x-fig-cohort=1.abc.def; b=2',
    };
    const seen = seenIn(await ask(facade.url, { path: '/echo', headers }));
    for (const name of ['x-private', 'te', 'proxy-authorization'])
      expect(seen.headers).not.toHaveProperty(name);
    expect(seen.headers.cookie).toBe('a=1; b=2');
  });

  test('carry a request id: the given one if it is fit, else a new one', async () => {
    const facade = await start();
    const given = await ask(facade.url, { path: '/echo', headers: { 'x-request-id': 'abc-1' } });
    expect([seenIn(given).headers['x-request-id'], given.headers['x-fig-request-id']]).toEqual([
      'abc-1',
      'abc-1',
    ]);
    const unfit = await ask(facade.url, { path: '/echo', headers: { 'x-request-id': 'a b"' } });
    expect(seenIn(unfit).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('cannot be split by what a client sends', async () => {
    const facade = await start();
    const before = legacy.seen.length;
    const text = await rawAsk(
      facade.port,
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 400/);
    const gzip = await rawAsk(
      facade.port,
      'POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    );
    expect(gzip).toMatch(/^HTTP\/1\.1 501[\s\S]*ROUTE_ENCODING_UNSUPPORTED/);
    expect(legacy.seen.slice(before).map(({ url }) => url)).toEqual([]);
  });
});

describe('headers on their way to a client', () => {
  test('name upstream, reason and request id only when the plan exposes them', async () => {
    const shown = await ask((await start()).url, { path: '/hop' });
    expect(who(shown)).toBe('legacy UNMATCHED');
    const hidden = await ask((await start({ expose: false })).url, { path: '/hop' });
    expect(Object.keys(hidden.headers).filter((name) => name.startsWith('x-fig-'))).toEqual([]);
    expect(hidden.headers).not.toHaveProperty('x-secret');
  });

  test('lead to the public origin where they led to the upstream itself', async () => {
    const facade = await start();
    const moved = await ask(facade.url, { path: '/moved' });
    expect(moved.headers.location).toBe('http://public.example/there?x=1#y');
    const away = await ask(facade.url, { path: '/moved-away' });
    expect(away.headers.location).toBe('https://elsewhere.example/there');
  });

  test('keep cookies for the public host where they were for the upstream', async () => {
    const answer = await ask((await start()).url, { path: '/domain' });
    expect(answer.headers['set-cookie']).toEqual([
      'a=1; Domain=public.example; Path=/',
      'b=2; domain=other.example',
    ]);
    const local = await ask((await start({ publicUrl: 'http://127.0.0.1:8080' })).url, { path: '/domain' });
    expect(local.headers['set-cookie']?.[0]).toBe('a=1; Path=/');
  });
});

describe('a method override', () => {
  const override = (method: string) => ({ 'x-http-method-override': method });
  const routes = [
    routeOf('a', ['GET /api/articles', 'POST /api/articles', 'PUT /api/articles']),
    routeOf('b', ['DELETE /api/articles']),
  ];
  const post = (facade: TestFacade, path: string, method: string, as = 'POST') =>
    ask(facade.url, { path, method: as, headers: override(method) });

  test('is the business of legacy where legacy answers both methods, also without a route', async () => {
    const facade = await start({ routes });
    for (const [path, method] of [
      ['/api/articles', 'DELETE'],
      ['/api/articles', 'PUT'],
      ['/elsewhere', 'DELETE'],
    ] as const) {
      const seen = seenIn(await post(facade, path, method));
      expect([seen.name, seen.headers['x-http-method-override']]).toEqual(['legacy', method]);
      expect(seenIn(await post(facade, path, method, 'GET')).name).toBe('legacy');
    }
  });

  test('is refused where the two methods lead to different upstreams', async () => {
    const facade = await start({ routes });
    await facade.put('a', 'candidate');
    expect(problem(await post(facade, '/api/articles', 'DELETE')).code).toBe('ROUTE_METHOD_OVERRIDE');
    const headers = { X_HTTP_Method_Override: 'DELETE' };
    const asCgi = await ask(facade.url, { path: '/api/articles', method: 'POST', headers });
    expect(problem(asCgi).code).toBe('ROUTE_METHOD_OVERRIDE');
    await facade.put('a', 'legacy');
    await facade.put('b', 'candidate');
    expect(problem(await post(facade, '/api/articles', 'DELETE')).code).toBe('ROUTE_METHOD_OVERRIDE');
  });

  test('is refused at a candidate unless both methods are of one route and both write', async () => {
    const facade = await start({ routes });
    await facade.put('a', 'candidate');
    await facade.put('b', 'candidate');
    for (const [method, as] of [
      ['DELETE', 'POST'],
      ['GET', 'POST'],
      ['PUT', 'GET'],
    ] as const)
      expect(problem(await post(facade, '/api/articles', method, as)).code).toBe('ROUTE_METHOD_OVERRIDE');
    expect(seenIn(await post(facade, '/api/articles', 'PUT')).name).toBe('candidate');
  });
});

describe('the host of a request', () => {
  const from = async (head: string) => {
    const facade = await start({ publicUrl: 'http://public.example:8080' });
    return rawAsk(facade.port, `${head}\r\n\r\n`);
  };
  test.each([
    'GET /echo HTTP/1.1\r\nHost: a\r\nHost: b',
    'GET /echo HTTP/1.1\r\nHost: a\r\nhost: a',
    'GET /echo HTTP/1.1\r\nHost: a b',
    'GET /echo HTTP/1.1\r\nHost: a/b',
    'GET /echo HTTP/1.1\r\nHost: user@a',
    'GET /echo HTTP/1.1\r\nHost: a:80x',
    'GET http://user@a/echo HTTP/1.1\r\nHost: a',
    'GET http:///echo HTTP/1.1\r\nHost: a',
  ])('is refused in %j', async (head) => {
    expect(await from(`${head}\r\nConnection: close`)).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*ROUTE_REQUEST_INVALID/,
    );
  });

  test.each([
    ['GET /echo HTTP/1.0', 'public.example:8080'],
    ['GET /echo HTTP/1.1\r\nConnection: close\r\nHost:', 'public.example:8080'],
    ['GET /echo HTTP/1.1\r\nConnection: close\r\nHost: a.example:1', 'a.example:1'],
    ['GET /echo HTTP/1.1\r\nConnection: close\r\nHost: [::1]:80', '[::1]:80'],
  ])('of %j is %s upstream', async (head, host) => {
    const text = await from(head);
    const { rawHeaders } = JSON.parse(text.slice(text.indexOf('{"name"'))) as { rawHeaders: string[] };
    const sent = (name: string) =>
      rawHeaders[rawHeaders.findIndex((word) => word.toLowerCase() === name) + 1];
    expect([sent('host'), sent('x-forwarded-host')]).toEqual([host, host]);
  });

  test('is nothing that CONNECT may open a tunnel to', async () => {
    expect(await from('CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80')).toMatch(
      /^HTTP\/1\.1 501 [\s\S]*ROUTE_METHOD_UNSUPPORTED/,
    );
  });
});

describe('limits', () => {
  test('refuse a body above maxBody, whether its length is told or not', async () => {
    const limits = { maxHeaderBytes: 16_384, maxBodyBytes: 10, ratePerSecond: null };
    const facade = await start({ limits });
    const told = await ask(facade.url, { path: '/upload', method: 'POST', body: 'x'.repeat(11) });
    expect(problem(told)).toMatchObject({ status: 413, code: 'ROUTE_BODY_TOO_LARGE' });
    const chunked = { 'transfer-encoding': 'chunked' };
    const untold = await ask(facade.url, {
      path: '/upload',
      method: 'POST',
      headers: chunked,
      body: 'x'.repeat(11),
    });
    expect(problem(untold)).toMatchObject({ status: 413, code: 'ROUTE_BODY_TOO_LARGE' });
    const fits = await ask(facade.url, {
      path: '/upload',
      method: 'POST',
      headers: chunked,
      body: 'x'.repeat(10),
    });
    expect(JSON.parse(fits.body.toString())).toMatchObject({ bytes: 10 });
  });

  test('refuse headers above maxHeader', async () => {
    const facade = await start({ limits: { maxHeaderBytes: 2048, maxBodyBytes: null, ratePerSecond: null } });
    const answer = await ask(facade.url, { path: '/echo', headers: { 'x-long': 'x'.repeat(4096) } });
    expect(problem(answer)).toMatchObject({ status: 431, code: 'ROUTE_HEADERS_TOO_LARGE' });
  });
});

describe('canary', () => {
  const sid = (i: number) => ({ cookie: `sid=client-${i}` });
  const clients = Array.from({ length: 400 }, (_, i) => i);
  const sides = async (facade: TestFacade) => {
    const out: string[] = [];
    for (const i of clients) {
      const answer = await ask(facade.url, { path: '/api/articles', headers: sid(i) });
      out.push(String(answer.headers['x-fig-upstream']));
    }
    return out;
  };

  test('moves nobody back when its share rises, and decides the same in a second facade', async () => {
    const facade = await start();
    await facade.put('articles', 'canary', 25);
    const quarter = await sides(facade);
    expect(quarter.filter((side) => side === 'candidate').length).toBeGreaterThan(60);
    const second = await start({}, { secret: Buffer.from('another') });
    await second.put('articles', 'canary', 25);
    expect(await sides(second)).toEqual(quarter);
    await facade.put('articles', 'canary', 50);
    const half = await sides(facade);
    expect(quarter.every((side, i) => side === 'legacy' || half[i] === 'candidate')).toBe(true);
  }, 30_000);

  test('gives a client a cookie that holds its side when it logs in, and gives it once', async () => {
    const facade = await start();
    await facade.put('articles', 'canary', 50);
    let flips = 0;
    for (let i = 0; i < 40; i++) {
      const before = await ask(facade.url, { path: '/api/articles', headers: sid(i) });
      const cookie = cohortCookie(before)?.split(';')[0] as string;
      const later = { cookie: `sid=logged-in-${i}; ${cookie}` };
      const after = await ask(facade.url, { path: '/api/articles', headers: later });
      expect(who(after)).toBe(who(before));
      expect(cohortCookie(after)).toBeUndefined();
      const without = await ask(facade.url, {
        path: '/api/articles',
        headers: { cookie: `sid=logged-in-${i}` },
      });
      if (who(without) !== who(before)) flips++;
    }
    // Without the cookie about half of them change sides: the test would notice a cookie that does nothing.
    expect(flips).toBeGreaterThan(5);
  });

  test('believes no cookie that it did not sign', async () => {
    const facade = await start();
    await facade.put('articles', 'canary', 50);
    const forged = { cookie: 'sid=a; x-fig-cohort=1.0000000000000000.AAAAAAAAAAAAAAAAAAAAAA' };
    const answer = await ask(facade.url, { path: '/api/articles', headers: forged });
    expect(cohortCookie(answer)).toMatch(/; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/);
  });

  test('sets its cookie in no other stage, and never on an answer that a shared cache may keep', async () => {
    const facade = await start();
    expect(cohortCookie(await ask(facade.url, { path: '/cookies' }))).toBeUndefined();
    await facade.put('articles', 'canary', 50);
    const among = await ask(facade.url, { path: '/cookies' });
    expect(among.headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2', cohortCookie(among)]);
    expect(cohortCookie(await ask(facade.url, { path: '/private' }))).toBeDefined();
    for (const path of ['/cached', '/cached-but-a-field'])
      expect(cohortCookie(await ask(facade.url, { path }))).toBeUndefined();
    await facade.put('articles', 'candidate');
    expect(cohortCookie(await ask(facade.url, { path: '/cookies' }))).toBeUndefined();
  });

  test('takes the key from a header only when a trusted peer sends it', async () => {
    const cohort = [{ kind: 'header', name: 'X-User-Id' }, { kind: 'address' }] as const;
    const usersOf = async (trustedProxies: string[]) => {
      const facade = await start({ cohort, trustedProxies });
      await facade.put('articles', 'canary', 50);
      const sides = new Set<string>();
      for (let i = 0; i < 30; i++)
        sides.add(who(await ask(facade.url, { path: '/api/articles', headers: { 'x-user-id': `u${i}` } })));
      return sides.size;
    };
    expect(await usersOf([])).toBe(1);
    expect(await usersOf(['127.0.0.0/8'])).toBe(2);
  });
});

describe('fallback', () => {
  const routes = [
    routeOf('articles', ['GET /api/articles', 'POST /api/articles'], { fallbackToLegacy: true }),
  ];
  const dead = new Map([['catalog', { url: 'http://127.0.0.1:1', build: null }]]);

  test('answers a read from legacy when the candidate fails before its first byte', async () => {
    const facade = await start({ routes, candidates: dead });
    await facade.put('articles', 'candidate');
    const answer = await ask(facade.url, { path: '/api/articles?x=1' });
    expect(who(answer)).toBe('legacy FALLBACK');
    const seen = seenIn(answer);
    expect([seen.url, seen.headers['x-forwarded-for']]).toEqual(['/api/articles?x=1', '127.0.0.1']);
    const write = await ask(facade.url, { path: '/api/articles', method: 'POST' });
    expect(problem(write)).toMatchObject({ status: 502, code: 'UPSTREAM_CONNECT_CANDIDATE' });
  });

  test('does not happen unless the route asks for it', async () => {
    const facade = await start({ candidates: dead });
    await facade.put('articles', 'candidate');
    expect(problem(await ask(facade.url, { path: '/api/articles' })).code).toBe('UPSTREAM_CONNECT_CANDIDATE');
  });
});

describe('a plan without legacy', () => {
  test('answers 404 where no route is, and 503 where a route stands at legacy', async () => {
    const facade = await start({ legacy: null });
    expect(problem(await ask(facade.url, { path: '/x' })).code).toBe('ROUTE_NOT_FOUND');
    expect(problem(await ask(facade.url, { path: '/api/articles' })).code).toBe('UPSTREAM_MISSING_LEGACY');
  });
});

describe('upgraded connections', () => {
  test('are found again when their route leads elsewhere', async () => {
    const facade = await start();
    await facade.put('articles', 'candidate');
    const client = new WebSocket(`ws://127.0.0.1:${facade.port}/ws`);
    await once(client, 'open');
    expect(facade.handler.leftConnections()).toEqual([]);
    await facade.put('articles', 'legacy');
    const left = facade.handler.leftConnections();
    expect(left).toHaveLength(1);
    client.on('error', () => {});
    for (const socket of left) socket.destroy();
    await until('the client to be closed', () => client.readyState === WebSocket.CLOSED);
  });
});
