import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openMemoryLedger } from '../adapters/ledger.memory.ts';
import type { CopyCheck } from '../core/copy-check.ts';
import { sealPin } from '../core/pin.ts';
import { initialPosition, type Position } from '../core/position.ts';
import { type AwkwardUpstream, awkwardUpstream } from '../test-kit/awkward-upstream.ts';
import { facadeOf, type TestFacade, type TestFacadeOptions, TOKEN } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { type Answer, ask } from '../test-kit/raw-client.ts';

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

const secret = Buffer.from('the secret of this facade');
const free = ['GET /free', 'POST /free', 'GET /cached', 'GET /private', 'GET /204'];
const routes = [
  routeOf('free', free),
  routeOf('owned', ['GET /owned', 'POST /owned'], { data: { kind: 'owned', set: 's' } }),
];

async function start(options: TestFacadeOptions = {}) {
  const plan = planOf({
    legacy: { url: legacy.url, build: null },
    candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
    routes,
  });
  const facade = await facadeOf(plan, { secret, ...options });
  open.push(facade);
  return facade;
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
const pinned = (route: string, to: 'legacy' | 'candidate') => ({
  'x-fig-pin': sealPin({ route, to, expiresAt: inAnHour() }, secret),
});
const who = (answer: Answer) => `${answer.headers['x-fig-upstream']} ${answer.headers['x-fig-reason']}`;
const mint = async (facade: TestFacade, body: object) => {
  const answer = await ask(facade.adminUrl, {
    path: '/v1/pins',
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(body),
  });
  return { status: answer.status, ...JSON.parse(answer.body.toString()) };
};

describe('what a pin decides', () => {
  // The table of facade/README.md, "Pins".
  const at = (part: Partial<Position>) => ({ ...initialPosition, version: 1, ...part });
  const canary = { stage: 'canary', hundredths: 0 } as const;
  test.each<[string, Partial<Position> | null, 'legacy' | 'candidate', 'GET' | 'POST', string, string]>([
    ['legacy', {}, 'candidate', 'GET', 'free', 'candidate PINNED'],
    ['legacy', {}, 'candidate', 'POST', 'free', 'candidate PINNED'],
    ['legacy, owned', {}, 'candidate', 'GET', 'owned', 'candidate PINNED'],
    ['legacy, owned', {}, 'candidate', 'POST', 'owned', 'legacy WRITER'],
    ['shadow', { stage: 'shadow' }, 'candidate', 'GET', 'free', 'candidate PINNED'],
    ['canary', canary, 'candidate', 'GET', 'free', 'candidate PINNED'],
    ['canary', { ...canary, hundredths: 10_000 }, 'legacy', 'GET', 'free', 'legacy PINNED'],
    ['candidate', { stage: 'candidate' }, 'legacy', 'GET', 'free', 'legacy PINNED'],
    ['candidate', { stage: 'candidate' }, 'legacy', 'POST', 'free', 'legacy PINNED'],
    [
      'candidate, owned by it',
      { stage: 'candidate', writer: 'candidate' },
      'legacy',
      'POST',
      'owned',
      'candidate WRITER',
    ],
    ['retired', { stage: 'retired' }, 'legacy', 'GET', 'free', 'candidate STAGE'],
    ['killed', { stage: 'candidate', killed: true }, 'candidate', 'GET', 'free', 'legacy KILLED'],
    ['paused', { paused: true }, 'candidate', 'GET', 'free', 'candidate PINNED'],
    ['position not known', null, 'candidate', 'GET', 'free', 'legacy FENCED'],
  ])('%s (%j): pinned to %s, %s %s is answered by %s', async (_name, part, to, method, route, expected) => {
    const positions = part ? Object.fromEntries(routes.map(({ name }) => [name, at(part)])) : null;
    const stored = positions && { seq: 1, hash: 'x', repair: '', ledger: '', positions };
    // A store that knows more than the ledger: its positions are served, whatever they are.
    const store = { load: async () => stored, save: async () => {} };
    const fault = () => (positions ? null : { place: 'nowhere', detail: 'not to be trusted' });
    const facade = await start({ store, ledger: { ...openMemoryLedger(), fault } });
    const answer = await ask(facade.url, { path: `/${route}`, method, headers: pinned(route, to) });
    expect(who(answer)).toBe(expected);
  });
});

describe('a pin on its way', () => {
  test('is read from header or cookie, and neither reaches an upstream', async () => {
    const facade = await start();
    const token = pinned('free', 'candidate')['x-fig-pin'];
    const other = pinned('owned', 'candidate')['x-fig-pin'];
    for (const headers of [
      { 'x-fig-pin': token },
      { 'x-fig-pin': `${other}, ${token}` },
      { cookie: `a=1; x-fig-pin=${token}; b=2` },
      { cookie: `x-fig-pin=${other}~${token}; a=1; b=2` },
      { 'x-fig-pin': 'nonsense', cookie: `a=1; b=2; x-fig-pin=${token}` },
    ]) {
      const answer = await ask(facade.url, { path: '/free', headers });
      expect(who(answer)).toBe('candidate PINNED');
      const seen = candidate.seen.at(-1)?.rawHeaders ?? [];
      expect(seen.join('\n')).not.toContain(token.slice(-43));
      expect(seen.join('\n').toLowerCase()).not.toContain('x-fig-pin');
      if ('cookie' in headers) expect(seen.join('\n')).toMatch(/a=1; b=2/);
    }
  });

  test('changes nothing when it is unsigned, expired, foreign or for another route', async () => {
    const facade = await start();
    const seal = (key: string, route = 'free', expiresAt = inAnHour()) =>
      sealPin({ route, to: 'candidate', expiresAt }, Buffer.from(key));
    for (const token of [
      'candidate',
      `1.free.candidate.${inAnHour()}.`,
      seal('another secret'),
      seal(String(secret), 'owned'),
      seal(String(secret), 'free', 1_700_000_000),
    ])
      expect(who(await ask(facade.url, { path: '/free', headers: { 'x-fig-pin': token } }))).toBe(
        'legacy STAGE',
      );
    expect(who(await ask(facade.url, { path: '/nowhere', headers: pinned('free', 'candidate') }))).toBe(
      'legacy UNMATCHED',
    );
  });

  test('makes answers that no shared cache keeps', async () => {
    const facade = await start();
    const headers = pinned('free', 'candidate');
    const cached = await ask(facade.url, { path: '/cached', headers });
    expect(cached.headers['cache-control']).toBe('private, no-store');
    expect((await ask(facade.url, { path: '/204', headers })).headers['cache-control']).toBe(
      'private, no-store',
    );
    const own = await ask(facade.url, { path: '/private', headers });
    expect(own.headers['cache-control']).toBe('private, max-age=60');
    expect((await ask(facade.url, { path: '/cached' })).headers['cache-control']).toBe('public, max-age=60');
  });
});

describe('POST /v1/pins', () => {
  test('makes a token that counts, an hour long unless said otherwise', async () => {
    const facade = await start();
    const made = await mint(facade, { route: 'free', to: 'candidate' });
    expect(made).toMatchObject({ status: 201, route: 'free', to: 'candidate', name: 'x-fig-pin' });
    const ttl = (Date.parse(made.expiresAt) - Date.now()) / 1000;
    expect(ttl).toBeGreaterThan(3500);
    expect(ttl).toBeLessThanOrEqual(3600);
    expect(who(await ask(facade.url, { path: '/free', headers: { 'x-fig-pin': made.token } }))).toBe(
      'candidate PINNED',
    );
    const long = await mint(facade, { route: 'free', to: 'legacy', ttl: '2d' });
    const short = await mint(facade, { route: 'free', to: 'legacy', ttlSeconds: 60 });
    expect(Date.parse(long.expiresAt) - Date.parse(short.expiresAt)).toBeGreaterThan(47 * 3_600_000);
    expect(facade.logged.join()).not.toContain(made.token.slice(-43));
  });

  test.each([
    [{ route: 'nope', to: 'candidate' }, 404, 'ROUTE_UNKNOWN'],
    [{ route: 'free' }, 400, 'ROUTE_REQUEST_INVALID'],
    [{ route: 'free', to: 'catalog' }, 400, 'ROUTE_REQUEST_INVALID'],
    [{ route: 'free', to: 'legacy', ttl: 'soon' }, 400, 'ROUTE_REQUEST_INVALID'],
    [{ route: 'free', to: 'legacy', ttl: '0' }, 400, 'ROUTE_REQUEST_INVALID'],
    [{ route: 'free', to: 'legacy', ttlSeconds: 1e9 }, 400, 'ROUTE_REQUEST_INVALID'],
    [{ route: 'free', to: 'legacy', ttl: '1h', ttlSeconds: 5 }, 400, 'ROUTE_REQUEST_INVALID'],
    [{ route: 'free', to: 'legacy', actor: 'me' }, 400, 'ROUTE_REQUEST_INVALID'],
  ])('refuses %j', async (body, status, code) => {
    expect(await mint(await start(), body)).toMatchObject({ status, code });
  });

  test('refuses a pin to rows that are not copied, unless forced, and one on a retired route', async () => {
    const copyCheck: CopyCheck = async () => ({ copied: false, detail: 'no rows yet' });
    const facade = await start({ copyCheck });
    const body = { route: 'owned', to: 'candidate' };
    expect(await mint(facade, body)).toMatchObject({ status: 422, code: 'ROUTE_DATA_NOT_COPIED' });
    expect(await mint(facade, { ...body, force: true })).toMatchObject({ status: 201 });
    await facade.put('free', 'retired');
    expect(await mint(facade, { route: 'free', to: 'legacy' })).toMatchObject({ code: 'ROUTE_RETIRED' });
  });
});
