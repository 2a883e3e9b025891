import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { relaySetLink } from '../../adapters/set-link.relay.ts';
import { sealFences, setMark } from '../../core/fence/fence-cookie.ts';
import { sealPin } from '../../core/pin.ts';
import { facadeOf, listenOn, type TestFacade, TOKEN } from '../../test-kit/facade-of.ts';
import { dataSetOf, planOf, routeOf } from '../../test-kit/plan-of.ts';
import { type Answer, ask } from '../../test-kit/raw-client.ts';
import { ScriptedRelay } from '../../test-kit/scripted-relay.ts';
import { until } from '../../test-kit/until.ts';

const secret = Buffer.from('the secret of this facade');
const SID = 'sid=client-1';

/** An upstream that answers at once, unless a test says otherwise. */
class Side {
  url = '';
  cookie: string | undefined;
  respond: RequestListener | null = null;
  /** Drops every connection that asks. */
  isBroken = false;
  readonly #server: Server = createServer((request, response) => {
    this.cookie = request.headers.cookie;
    if (this.isBroken && request.method === 'GET') return request.socket.destroy();
    if (this.respond && request.method === 'POST') return this.respond(request, response);
    if (request.url === '/cached') response.setHeader('cache-control', 'max-age=60');
    response.end('answer');
  });

  async listen(): Promise<Side> {
    this.url = `http://127.0.0.1:${await listenOn(this.#server)}`;
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let legacy: Side;
let candidate: Side;
let relay: ScriptedRelay;
const open: TestFacade[] = [];
beforeAll(async () => {
  [legacy, candidate] = [await new Side().listen(), await new Side().listen()];
});
beforeEach(async () => {
  relay = new ScriptedRelay();
  await relay.listen();
});
afterEach(async () => {
  for (const facade of open.splice(0)) await facade.close();
  relay.close();
});
afterAll(() => {
  legacy.close();
  candidate.close();
});

type Options = {
  readonly maxLagMs?: number;
  readonly maxFences?: number;
  readonly token?: string | null;
  readonly shadow?: boolean;
  readonly fallback?: boolean;
};

/** A facade with the set `s`, which its route owns. */
async function start({
  maxLagMs = 60_000,
  token = 'sesame',
  maxFences,
  shadow = false,
  fallback = false,
}: Options = {}) {
  const part = { data: { kind: 'owned', set: 's' }, fallbackToLegacy: fallback } as const;
  const owned = routeOf(
    'owned',
    ['GET /owned', 'POST /owned', 'GET /cached', 'GET /owned/track unsafe'],
    part,
  );
  const plan = planOf({
    legacy: { url: legacy.url, build: null },
    candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
    routes: [
      shadow ? { ...owned, shadow: { ...owned.shadow, sampleRatio: 1 } } : owned,
      routeOf('free', ['GET /free', 'POST /free']),
    ],
    relay: { url: relay.url },
    // What fails is asked again and again here.
    health: { path: '/livez', intervalMs: 0, ejectAtRatio: 1.01, minimum: 1e9, windowMs: 60_000 },
    dataSets: new Map([['s', dataSetOf('s', { routes: ['owned'], maxLagMs })]]),
  });
  const link = relaySetLink(() => relay.url, token);
  const facade = await facadeOf(plan, { secret, link, ...(maxFences === undefined ? {} : { maxFences }) });
  open.push(facade);
  return facade;
}

const who = ({ headers }: Answer) => `${headers['x-fig-upstream']} ${headers['x-fig-reason']}`;
const read = (facade: TestFacade, cookie = SID, path = '/owned', headers = {}) =>
  ask(facade.url, { path, headers: { cookie, ...headers } });
const write = (facade: TestFacade, cookie = SID, path = '/owned') =>
  ask(facade.url, { path, method: 'POST', headers: { cookie }, body: 'x' });
const readsAt = (facade: TestFacade, side: string, cookie = 'sid=somebody-else') =>
  until(`reads at ${side}`, async () => who(await read(facade, cookie)) === side);
/** The cookie of that name that an answer sets: its pair, and the whole line. */
function cookieOf({ headers }: Answer, name = 'x-fig-fence') {
  const line = headers['set-cookie']?.find((text) => text.startsWith(`${name}=`)) ?? '';
  return { line, pair: line.split(';', 1)[0] as string };
}
async function atCandidate(options: Options = {}) {
  const facade = await start(options);
  await facade.put('owned', 'candidate');
  await readsAt(facade, 'candidate STAGE');
  return facade;
}

describe('the lag of a set', () => {
  test('is not known before the relay has said so: reads go to the owner from the first one on', async () => {
    relay.delayMs = null;
    const facade = await start();
    await facade.put('owned', 'candidate');
    expect(who(await read(facade))).toBe('legacy FENCED');
    relay.delayMs = 0;
    await readsAt(facade, 'candidate STAGE');
    expect([...relay.tokens]).toEqual(['Bearer sesame']);
  });

  test('beyond maxLag sends reads to the owner and back, and is shown', async () => {
    const facade = await atCandidate({ maxLagMs: 2_000 });
    const view = async () => {
      const answer = await ask(facade.adminUrl, {
        path: '/v1/routes/owned',
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      return JSON.parse(answer.body.toString()).fenced as string | null;
    };
    const metrics = async () => (await ask(facade.adminUrl, { path: '/metrics' })).body.toString();
    expect(await view()).toBeNull();
    relay.lagMs = 2_500;
    await readsAt(facade, 'legacy FENCED');
    expect(await view()).toMatch(
      /^reads of s go to its owner: the set lags 2500 ms, and its maxLag is 2000 ms$/,
    );
    expect(await metrics()).toContain('fig_set_lag_seconds{set="s"} 2.5');
    expect(await metrics()).toMatch(/fig_reads_fenced_total\{set="s",cause="behind"\} [1-9]/);
    relay.lagMs = 10;
    await readsAt(facade, 'candidate STAGE');
    relay.lagMs = null;
    await readsAt(facade, 'legacy FENCED');
    expect(await view()).toContain('is not known; the relay cannot say');
    expect(await metrics()).toMatch(/^fig_set_lag_seconds\{set="s"\} nan$/im);
    expect(await metrics()).toMatch(/cause="unknown"\} [1-9]/);
  });

  test.each([
    ['that stands still', () => (relay.delayMs = null)],
    ['that is gone', () => relay.close()],
  ])('of a relay %s is not known after maxLag, and no request ever waits', async (_name, fail) => {
    const facade = await atCandidate({ maxLagMs: 1_000 });
    fail();
    let longestMs = 0;
    await until('reads at legacy', async () => {
      const began = performance.now();
      const answer = await read(facade);
      longestMs = Math.max(longestMs, performance.now() - began);
      return who(answer) === 'legacy FENCED';
    });
    // The question itself is given up after 2 s.
    expect(longestMs).toBeLessThan(1_900);
    await until('a line', () => facade.logged.join('').includes('how far the set lags is not known'));
  });

  test('is not known without a token for the relay, and the log says what is missing', async () => {
    const facade = await start({ token: null });
    await facade.put('owned', 'candidate');
    await until('a line', () => facade.logged.join('').includes('RELAY_TOKEN is not set'));
    expect(who(await read(facade))).toBe('legacy FENCED');
    expect(relay.positions).toBe(0);
  });

  test('holds up pins too, and nothing that legacy answers or that owns no data', async () => {
    const facade = await start();
    relay.lagMs = null;
    await facade.put('owned', 'canary', 50);
    await facade.put('free', 'candidate');
    const expiresAt = Math.floor(Date.now() / 1000) + 3600;
    const pin = { 'x-fig-pin': sealPin({ route: 'owned', to: 'candidate', expiresAt }, secret) };
    expect(who(await read(facade, SID, '/owned', pin))).toBe('legacy FENCED');
    expect(who(await read(facade, SID, '/free'))).toBe('candidate STAGE');
    expect(who(await write(facade))).toBe('legacy WRITER');
    const seen = new Set<string>();
    for (let n = 0; n < 40; n++) seen.add(who(await read(facade, `sid=${n}`)));
    expect([...seen].sort()).toEqual(['legacy COHORT', 'legacy FENCED']);
  });

  test('a copy to the side that is behind is skipped, and one to the owner is not', async () => {
    const facade = await start({ shadow: true });
    const account = async () => {
      const answer = await ask(facade.adminUrl, {
        path: '/v1/routes/owned/observations',
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      return JSON.parse(answer.body.toString());
    };
    relay.lagMs = null;
    await facade.put('owned', 'shadow');
    await until('copies are skipped', async () => {
      expect(who(await read(facade))).toBe('legacy STAGE');
      return (await account()).skipped.behind > 0;
    });
    relay.lagMs = 0;
    await until('copies are sent', async () => {
      await read(facade);
      return (await account()).sent > 0;
    });
    await facade.put('owned', 'candidate');
    await readsAt(facade, 'candidate STAGE');
    const before = await account();
    await read(facade);
    await until('a copy to legacy', async () => (await account()).sent > before.sent - 1);
  });
});

describe('a client that has written', () => {
  test('reads at the owner until its position is covered; others are not held up', async () => {
    const facade = await atCandidate();
    relay.head = '17';
    expect(who(await write(facade))).toBe('legacy WRITER');
    for (let n = 0; n < 3; n++) expect(who(await read(facade))).toBe('legacy FENCED');
    expect(who(await read(facade, 'sid=client-2'))).toBe('candidate STAGE');
    await until('the position is asked for', () => relay.coversAsked.length > 0);
    expect(new Set(relay.coversAsked)).toEqual(new Set(['17']));
    relay.covered = true;
    await readsAt(facade, 'candidate STAGE', SID);
    const asked = relay.coversAsked.length;
    for (let n = 0; n < 20; n++) expect(who(await read(facade))).toBe('candidate STAGE');
    expect(relay.coversAsked.length).toBe(asked);
    const metrics = (await ask(facade.adminUrl, { path: '/metrics' })).body.toString();
    expect(metrics).toMatch(/fig_reads_fenced_total\{set="s",cause="own-write"\} [1-9]/);
  });

  test('gets its fence as a cookie as well, which holds at another replica, and goes when it is over', async () => {
    const [one, other] = [await atCandidate(), await atCandidate()];
    relay.head = '18';
    const { line, pair } = cookieOf(await write(one));
    expect(line).toMatch(/^x-fig-fence=fence1\.\S+; Path=\/; Max-Age=62; HttpOnly; SameSite=Lax$/);
    const held = await read(other, `sid=x; ${pair}`);
    expect([who(held), cookieOf(held).line]).toEqual(['legacy FENCED', '']);
    expect(legacy.cookie).toBe('sid=x');
    relay.covered = true;
    await readsAt(other, 'candidate STAGE', `sid=x; ${pair}`);
    // Not where a shared cache may keep the answer.
    expect(cookieOf(await read(other, `sid=x; ${pair}`, '/cached')).line).toBe('');
    expect(cookieOf(await read(other, `sid=x; ${pair}`)).line).toMatch(/^x-fig-fence=; Path=\/; Max-Age=0;/);
  });

  test('is held by its cookie alone where only its address tells it apart, so that its neighbours are not', async () => {
    const facade = await start();
    await facade.put('owned', 'canary', 100);
    await readsAt(facade, 'candidate COHORT', '');
    relay.head = '19';
    const cohort = cookieOf(await read(facade, ''), 'x-fig-cohort').pair;
    const { pair } = cookieOf(await write(facade, cohort));
    expect(who(await read(facade, pair))).toBe('legacy FENCED');
    expect(who(await read(facade, ''))).toBe('candidate COHORT');
    // One that has never shown a cookie may keep none: its address is held.
    await write(facade, '');
    expect(who(await read(facade, ''))).toBe('legacy FENCED');
  });

  test('needs no fence once nothing waits, and none where legacy answers it anyway', async () => {
    const facade = await atCandidate();
    relay.head = null;
    const answer = await write(facade);
    expect([cookieOf(answer).line, who(await read(facade))]).toEqual(['', 'candidate STAGE']);
    relay.head = '20';
    await facade.put('owned', 'shadow');
    const positions = relay.positions;
    for (let n = 0; n < 5; n++) expect(cookieOf(await write(facade)).line).toBe('');
    expect(relay.positions - positions).toBeLessThan(5);
  });

  test('has the position of after its write: it is asked for when the upstream has answered', async () => {
    const facade = await atCandidate();
    relay.head = null;
    let headWhenAsked: string | null = 'never';
    legacy.respond = (_request, response) => {
      relay.head = headWhenAsked = '21';
      response.end('written');
    };
    try {
      await write(facade);
    } finally {
      legacy.respond = null;
    }
    expect(headWhenAsked).toBe('21');
    expect(who(await read(facade))).toBe('legacy FENCED');
  });

  test.each([
    ['slow', 600],
    ['dead', null],
  ])(
    'waits a quarter of a second at most for a %s relay, once, and is held by time',
    async (_name, delayMs) => {
      const facade = await atCandidate();
      relay.head = '22';
      relay.delayMs = delayMs;
      const timed = async () => {
        const began = performance.now();
        await write(facade);
        return performance.now() - began;
      };
      expect(await timed()).toBeGreaterThan(240);
      // Nobody else waits for a relay that is known to be slow.
      const later = await Promise.all(Array.from({ length: 5 }, timed));
      expect(Math.min(...later)).toBeLessThan(200);
      expect(who(await read(facade))).toBe('legacy FENCED');
      relay.delayMs = 0;
      relay.head = null;
      await readsAt(facade, 'candidate STAGE', SID);
      expect(relay.coversAsked).toEqual([]);
    },
  );

  test('is held after any answer of the upstream, and after one that never came', async () => {
    const facade = await atCandidate();
    relay.head = '23';
    legacy.respond = (_request, response) => void response.writeHead(409).end('no');
    await write(facade, 'sid=refused');
    legacy.respond = (request) => void request.socket.destroy();
    const broken = await write(facade, 'sid=broken');
    legacy.respond = null;
    expect(broken.status).toBe(502);
    expect(cookieOf(broken).line).toContain('x-fig-fence=fence1.');
    for (const cookie of ['sid=refused', 'sid=broken'])
      expect(who(await read(facade, cookie))).toBe('legacy FENCED');
  });

  test('may write by GET where the plan says so', async () => {
    const facade = await atCandidate();
    relay.head = '24';
    expect(who(await read(facade, SID, '/owned/track'))).toBe('legacy WRITER');
    expect(who(await read(facade))).toBe('legacy FENCED');
  });

  test('is held with everybody when there are too many to remember', async () => {
    const facade = await atCandidate({ maxFences: 2 });
    relay.lagMs = 50_000;
    await until('the lag is known', async () => (await read(facade)) && relay.positions > 3);
    relay.head = '25';
    for (let n = 1; n <= 3; n++) await write(facade, `sid=${n}`);
    // Whom the forgotten fence was for nobody knows.
    expect(who(await read(facade, 'sid=1'))).toBe('legacy FENCED');
    relay.lagMs = 0;
    relay.head = null;
    await readsAt(facade, 'candidate STAGE', 'sid=1');
  });

  test('is held though it wrote just before its route was split', async () => {
    const facade = await start();
    relay.head = '26';
    await until('the relay has answered twice', () => relay.positions >= 2);
    expect(cookieOf(await write(facade)).line).toBe('');
    await facade.put('owned', 'candidate');
    expect(who(await read(facade))).toBe('legacy FENCED');
    relay.head = null;
    await readsAt(facade, 'candidate STAGE', SID);
  });
});

describe('a fence cookie', () => {
  const fences = (atMs: number, position: string | null = null) =>
    new Map([[setMark('s'), { atMs, position }]]);
  const sealed = (atMs: number, key = secret) => `x-fig-fence=${sealFences(fences(atMs), key)}`;

  test('that is forged, cut, foreign or over changes nothing, and a true one only towards the owner', async () => {
    const facade = await atCandidate();
    const now = Date.now();
    const genuine = sealed(now + 60_000);
    expect(who(await read(facade, genuine))).toBe('legacy FENCED');
    const other = new Map([[setMark('another set'), { atMs: now + 60_000, position: null }]]);
    for (const cookie of [
      sealed(now + 60_000, Buffer.from('of somebody else')),
      genuine.slice(0, -3),
      `${genuine.split('.').slice(0, 2).join('.')}.`,
      genuine.replace('fence1', 'fence2'),
      `x-fig-fence=fence1.${setMark('s')}-zzzzzzzz-1.AAAAAAAAAAAAAAAAAAAAAA`,
      'x-fig-fence=nonsense',
      `x-fig-fence=${sealFences(other, secret)}`,
      sealed(now - 120_000),
    ])
      expect([cookie, who(await read(facade, cookie))]).toEqual([cookie, 'candidate STAGE']);
    expect(relay.coversAsked).toEqual([]);
  });

  test('frees nobody of what is remembered here', async () => {
    const facade = await atCandidate();
    relay.head = '27';
    await write(facade);
    for (const cookie of [sealed(Date.now() - 120_000), 'x-fig-fence=nonsense'])
      expect(who(await read(facade, `${SID}; ${cookie}`))).toBe('legacy FENCED');
  });
});

describe('once the candidate owns the set', () => {
  afterEach(() => {
    candidate.isBroken = false;
  });
  /** The candidate writes; changes go back to legacy. */
  const owned = async (stage: 'legacy' | 'canary' | 'candidate', options: Options = {}) => {
    const facade = await start(options);
    const { control } = facade;
    const state = control.dataOf('s');
    if (!state) throw new Error('no state');
    const change = { owner: 'candidate', epoch: 1, step: 'CANDIDATE_OWNS' } as const;
    expect(await control.moveData(state, change, { actor: 'test', reason: 'test' })).toMatchObject({
      ok: true,
    });
    if (stage !== 'legacy') await facade.put('owned', stage, stage === 'canary' ? 50 : 0);
    await until('the lag is known', async () => !who(await read(facade, 'sid=x')).endsWith('FENCED'));
    expect(who(await write(facade, 'sid=x'))).toBe('candidate WRITER');
    return facade;
  };

  test.each(['legacy', 'canary'] as const)(
    'at stage %s a client that has written reads at the candidate until it is carried back',
    async (stage) => {
      const facade = await owned(stage);
      const clients = Array.from({ length: 12 }, (_, n) => `sid=client-${n}`);
      const readers = async () => (await Promise.all(clients.map((cookie) => read(facade, cookie)))).map(who);
      // Those that wrote just before the route was split hold up all for a second.
      await until('nobody is held', async () => !(await readers()).join().includes('FENCED'));
      const before = await readers();
      expect(before.some((by) => by.startsWith('legacy'))).toBe(true);
      relay.head = '21';
      for (const cookie of clients) await write(facade, cookie);
      for (const cookie of clients) expect(who(await read(facade, cookie))).toMatch(/^candidate /);
      relay.covered = true;
      await until('reads follow the stage', async () => (await readers()).join() === before.join());
    },
  );

  test('legacy answers in its place only what it has, of this client and of all', async () => {
    const facade = await owned('candidate', { fallback: true });
    candidate.isBroken = true;
    await readsAt(facade, 'legacy FALLBACK', 'sid=client-2');
    relay.head = '22';
    await write(facade);
    const own = await read(facade);
    expect([own.status, JSON.parse(own.body.toString()).code]).toEqual([502, 'UPSTREAM_HEADERS_CANDIDATE']);
    expect(who(await read(facade, 'sid=client-2'))).toBe('legacy FALLBACK');
    expect((await read(facade)).status).toBe(502);
    relay.covered = true;
    await readsAt(facade, 'legacy FALLBACK', SID);
    relay.head = null;
    relay.lagMs = 62_000;
    await until('legacy is behind', async () => (await read(facade, 'sid=client-2')).status === 502);
  });
});
