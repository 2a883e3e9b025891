import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Route } from '#plan/model/plan.ts';
import { newComparePool } from '../../adapters/compare-pool.ts';
import { createThreadsComparer } from '../../adapters/comparer.threads.ts';
import { facadeOf, type TestFacade, type TestFacadeOptions, TOKEN } from '../../test-kit/facade-of.ts';
import { ObservedRoute } from '../../test-kit/observed.ts';
import { planOf, routeOf } from '../../test-kit/plan-of.ts';
import { ask } from '../../test-kit/raw-client.ts';
import {
  type Script as Answer,
  json,
  type ScriptedUpstream,
  scriptedUpstream,
} from '../../test-kit/scripted-upstream.ts';
import { until } from '../../test-kit/until.ts';
import type { Comparer } from './comparer.ts';

const MATCH = [
  '/api/articles',
  '/api/articles/:id',
  'POST /api/articles/search safe',
  'GET /api/articles/:id/track unsafe',
];

describe('shadow copies', () => {
  let legacy: ScriptedUpstream;
  let candidate: ScriptedUpstream;
  let facade: TestFacade;

  beforeEach(async () => {
    [legacy, candidate] = [await scriptedUpstream(), await scriptedUpstream()];
  });
  afterEach(async () => {
    await facade?.close();
    await Promise.all([legacy.vanish(), candidate.vanish()]);
  });

  const start = async (
    shadow: Partial<Route['shadow']> = {},
    part: Partial<Route> = {},
    options: TestFacadeOptions = {},
  ) => {
    const given = routeOf('articles', MATCH);
    const route: Route = {
      ...given,
      shadow: { ...given.shadow, sampleRatio: 1, noiseRatio: 0, ...shadow },
      ...part,
    };
    facade = await facadeOf(
      planOf({
        legacy: { url: legacy.url, build: null },
        candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
        routes: [route],
      }),
      { dryRunSecret: 'secret-of-dry-runs', ...options },
    );
    await facade.put('articles', 'shadow');
  };
  const observations = () => new ObservedRoute(facade.adminUrl, TOKEN);
  const observed = () => observations().now();
  const settled = (eligible: number) => observations().settled(eligible);
  const get = (path: string, headers: Record<string, string> = {}) => ask(facade.url, { path, headers });

  test('answers the client before the copy returns, and compares when it has', async () => {
    await start();
    let release = () => {};
    candidate.answer = (_request, response) => {
      release = () => json({ ok: true })(_request, response);
    };
    expect((await get('/api/articles/1')).status).toBe(200);
    expect(await observed()).toMatchObject({ eligible: 1, sent: 1, inFlight: 1 });
    await until('the copy to arrive', () => candidate.seen.length === 1);
    release();
    expect(await settled(1)).toMatchObject({ compared: { match: 1, mismatch: 0, ignored: 0 } });
  });

  test('tells what differs, where, how often, with the request that shows it', async () => {
    await start();
    legacy.answer = json({ articles: [{ price: 1 }, { price: 2 }] });
    candidate.answer = json({ articles: [{ price: 1 }, { price: 3 }] });
    await get('/api/articles?page=1', { authorization: 'Bearer x' });
    await get('/api/articles?page=2');
    const seen = await settled(2);
    expect(seen.compared).toEqual({ match: 0, mismatch: 2, ignored: 0 });
    expect(seen.endpoints).toEqual([{ template: 'GET /api/articles', match: 0, mismatch: 2, ignored: 0 }]);
    expect(seen.fields).toHaveLength(1);
    expect(seen.fields[0]).toMatchObject({
      endpoint: 'GET /api/articles',
      path: '$.articles[*].price',
      kind: 'value',
      severity: 'major',
      count: 2,
      samples: [{ at: '$.articles[1].price', legacy: '2', candidate: '3' }, {}],
    });
    expect(seen.fields[0].samples[1].curl).toContain(`'http://public.example/api/articles?page=2'`);
  });

  test('copies to whichever side did not answer', async () => {
    await start();
    await facade.put('articles', 'candidate');
    expect((await get('/api/articles/1')).headers['x-fig-upstream']).toBe('candidate');
    await settled(1);
    expect([legacy.seen.length, candidate.seen.length]).toEqual([1, 1]);
    await facade.put('articles', 'legacy');
    await get('/api/articles/1');
    expect([legacy.seen.length, candidate.seen.length]).toEqual([2, 1]);
  });

  test('copies are unconditional, carry their own credentials and no cookie of the facade', async () => {
    await start(
      {},
      {
        credentials: {
          legacy: null,
          candidate: { set: { 'x-side': 'candidate' }, remove: [] },
          shadow: { set: { authorization: 'Bearer shadow' }, remove: ['x-secret'] },
        },
      },
    );
    await get('/api/articles/1', {
      'if-none-match': '"1"',
      range: 'bytes=0-1',
      authorization: 'Bearer client',
      'x-secret': '1',
    });
    await settled(1);
    const [copy] = candidate.seen;
    expect(copy?.headers).toMatchObject({ authorization: 'Bearer shadow', 'x-side': 'candidate' });
    for (const name of ['if-none-match', 'range', 'x-secret']) expect(copy?.headers[name]).toBeUndefined();
    expect(legacy.seen[0]?.headers).toMatchObject({ 'if-none-match': '"1"', authorization: 'Bearer client' });
    expect(copy?.headers['x-request-id']).toBe(legacy.seen[0]?.headers['x-request-id']);
  });

  test.each<[string, Answer, object]>([
    ['304', (_q, response) => void response.writeHead(304).end(), { conditional: 1 }],
    ['206', (_q, response) => void response.writeHead(206).end('x'), { conditional: 1 }],
    ['412', (_q, response) => void response.writeHead(412).end('x'), { conditional: 1 }],
    ['416', (_q, response) => void response.writeHead(416).end(), { conditional: 1 }],
    ['a large answer', (_q, response) => void response.end('x'.repeat(3000)), { 'too-large': 1 }],
    [
      'an event stream that ends',
      (_q, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: 1\n\n'),
      { streaming: 1 },
    ],
  ])('does not compare %s of the side that answers', async (_what, answer, discarded) => {
    await start({ maxBodyBytes: 2000 });
    legacy.answer = answer;
    await get('/api/articles/1');
    expect(await settled(1)).toMatchObject({ sent: 1, discarded });
  });

  test.each<[string, Answer, object]>([
    [
      'a large answer',
      (_q, response) => void response.end('x'.repeat(3000)),
      { compared: { match: 0, mismatch: 1, ignored: 0 } },
    ],
    [
      'an event stream',
      (_q, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n'),
      { compared: { match: 0, mismatch: 1, ignored: 0 } },
    ],
    ['a reset', (request) => void request.socket.destroy(), { failed: 1 }],
    ['garbage', (request) => void request.socket.end('nonsense\r\n\r\n'), { failed: 1 }],
    ['silence', () => {}, { failed: 1 }],
    [
      'half an answer',
      (_q, response) => void response.writeHead(200, { 'content-length': 9 }).write('x'),
      { failed: 1 },
    ],
    ['an error', json({ error: 'x' }, 500), { compared: { match: 0, mismatch: 1, ignored: 0 } }],
    [
      'a broken gzip',
      (_q, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('no'),
      { compared: { match: 0, mismatch: 1, ignored: 0 } },
    ],
  ])('accounts for %s of the copy', async (_what, answer, expected) => {
    await start({ maxBodyBytes: 2000, timeoutMs: 300 });
    candidate.answer = answer;
    expect((await get('/api/articles/1')).status).toBe(200);
    expect(await settled(1)).toMatchObject({ sent: 1, ...expected });
  });

  test('a large request with many differences holds nobody up', async () => {
    await start({ noiseRatio: 0 });
    const members = (value: string) =>
      json(Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`member${n}`, value])));
    [legacy.answer, candidate.answer] = [members('a'), members('b')];
    const words = 'A sentence as people write them, with token and key and mail@ in it. '.repeat(12_000);
    const body = JSON.stringify({ text: words });
    let slowest = 0;
    let isOver = false;
    const bystander = async () => {
      while (!isOver) {
        const at = performance.now();
        await ask(facade.adminUrl, { path: '/livez' });
        slowest = Math.max(slowest, performance.now() - at);
      }
    };
    const watching = bystander();
    const headers = { 'content-type': 'application/json' };
    const post = () => ask(facade.url, { path: '/api/articles/search', method: 'POST', headers, body });
    for (let n = 0; n < 3; n++) await post();
    await settled(3);
    isOver = true;
    await watching;
    expect(slowest).toBeLessThan(1_000);
  });

  test('a line to repeat a request reads no file of whoever runs it, and keeps brackets', async () => {
    await start();
    [legacy.answer, candidate.answer] = [json({ a: 1 }), json({ a: 2 })];
    await ask(facade.url, { path: '/api/articles/search?f[a]={b}', method: 'POST', body: '@/etc/passwd' });
    const { fields } = await settled(1);
    expect(fields[0].samples[0].curl).toBe(
      `curl -g -X POST -H 'content-type:' --data-raw '@/etc/passwd' 'http://public.example/api/articles/search?f[a]={b}'`,
    );
  });

  test('compares compressed answers by what they hold', async () => {
    await start();
    const body = JSON.stringify({ a: 1 });
    const type = { 'content-type': 'application/json' };
    legacy.answer = (_q, response) =>
      void response.writeHead(200, { ...type, 'content-encoding': 'gzip' }).end(gzipSync(body));
    candidate.answer = (_q, response) => void response.writeHead(200, type).end(body);
    const answer = await get('/api/articles/1', { 'accept-encoding': 'gzip' });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(await settled(1)).toMatchObject({ compared: { match: 1 } });
  });

  test('skips what must not be sent twice, with the reason', async () => {
    await start({ maxBodyBytes: 100 });
    await ask(facade.url, { path: '/api/articles', method: 'POST', body: '{}' });
    await get('/api/articles/1/track');
    await get('/api/articles/1', { accept: 'text/event-stream' });
    await ask(facade.url, { path: '/api/articles/search', method: 'POST', body: 'x'.repeat(200) });
    expect(await settled(4)).toMatchObject({
      sent: 0,
      skipped: { unsafe: 2, streaming: 1, 'too-large': 1 },
    });
    expect([legacy.seen.length, candidate.seen.length]).toEqual([4, 0]);
    await get('/api/articles/1');
    await settled(5);
    const metrics = await (await fetch(`${facade.adminUrl}/metrics`)).text();
    expect(metrics).toContain('fig_shadow_requests_total{route="articles",fate="skipped",reason="unsafe"} 2');
    expect(metrics).toContain('fig_shadow_requests_total{route="articles",fate="sent",reason=""} 1');
    expect(metrics).toContain('fig_shadow_copies_total{route="articles",outcome="match",reason=""} 1');
    expect(metrics).toContain('fig_shadow_in_flight{route="articles"} 0');
  });

  test('copies the body of a safe POST, whatever its framing, and not one that grows too large', async () => {
    await start({ maxBodyBytes: 1000 });
    const post = (body: string) => ask(facade.url, { path: '/api/articles/search', method: 'POST', body });
    await post('{"q":1}');
    const chunked = await fetch(`${facade.url}/api/articles/search`, {
      method: 'POST',
      body: new ReadableStream({
        start(controller) {
          for (const part of ['a', 'b'.repeat(2000)]) controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      }),
      duplex: 'half',
    } as RequestInit);
    expect(chunked.status).toBe(200);
    expect(await settled(2)).toMatchObject({ sent: 1, skipped: { 'too-large': 1 }, compared: { match: 1 } });
    expect(candidate.seen.map(({ body }) => body)).toEqual(['{"q":1}']);
    expect(legacy.seen.map(({ body }) => body.length)).toEqual([7, 2001]);
  });

  test('keeps no more bodies than there is memory for, waiting and under way together', async () => {
    await start({ maxBodyBytes: 8 << 20, concurrency: 2, queue: 400, timeoutMs: 60_000 });
    const held: (() => void)[] = [];
    candidate.answer = (request, response) => void held.push(() => json({ ok: true })(request, response));
    const body = JSON.stringify('x'.repeat((8 << 20) - 4096));
    const post = async () =>
      (await ask(facade.url, { path: '/api/articles/search', method: 'POST', body })).status;
    const statuses = [];
    for (let n = 0; n < 20; n++) statuses.push(await post());
    // No client is the worse for it.
    expect(new Set(statuses)).toEqual(new Set([200]));
    // Sixteen of a little less than 8 MiB fill 128 MiB.
    expect(await observed()).toMatchObject({
      eligible: 20,
      sent: 16,
      skipped: { 'no-memory': 4 },
      inFlight: 16,
    });
    const freed = async () => {
      for (const release of held.splice(0)) release();
      return (await observed()).inFlight === 0;
    };
    await until('the copies to be through', freed);
    // What they held is there for the next.
    expect(await post()).toBe(200);
    await until('the next to be through', freed);
    expect(await settled(21)).toMatchObject({ sent: 17, skipped: { 'no-memory': 4 } });
  }, 120_000);

  test('keeps nothing of an answer that goes on after its copy has failed', async () => {
    await start({ maxBodyBytes: 16 << 20 });
    const rest = Buffer.alloc(15 << 20);
    candidate.answer = (request) => void request.socket.destroy();
    for (let n = 1; n <= 9; n++) {
      let finish = () => {};
      legacy.answer = (_q, response) => {
        response.writeHead(200).write('x');
        finish = () => void response.end(rest);
      };
      const answer = get('/api/articles/1');
      await until('the copy to fail', async () => (await observed()).failed === n);
      finish();
      await answer;
    }
    // Of 128 MiB there is room for both answers to the next.
    legacy.answer = candidate.answer = (_q, response) => void response.end(rest);
    await get('/api/articles/1');
    expect(await settled(10)).toMatchObject({ failed: 9, compared: { match: 1 }, discarded: {} });
  });

  test('samples, and drops what finds no place', async () => {
    await start({ concurrency: 1, queue: 1, timeoutMs: 60_000 });
    const held: (() => void)[] = [];
    candidate.answer = (request, response) => void held.push(() => json({ ok: true })(request, response));
    for (let i = 0; i < 4; i++) expect((await get('/api/articles/1')).status).toBe(200);
    await until('one copy to be under way', () => held.length === 1);
    expect(await observed()).toMatchObject({ eligible: 4, dropped: 2, sent: 2, inFlight: 2 });
    held.shift()?.();
    await until('the next one', () => held.length === 1);
    held.shift()?.();
    expect(await settled(4)).toMatchObject({ compared: { match: 2 } });
  });

  test.each<[string, (author: { actor: string; reason: string }) => Promise<unknown>]>([
    ['a rollback', (author) => facade.control.rollback('articles', author)],
    ['a kill', (author) => facade.control.kill('articles', author)],
    ['the step to a stage that copies to the other side', () => facade.put('articles', 'candidate')],
  ])('sends none of the copies that still wait after %s', async (_what, move) => {
    await start({ concurrency: 2, queue: 50, timeoutMs: 60_000 });
    const held: (() => void)[] = [];
    candidate.answer = (request, response) => void held.push(() => json({ ok: true })(request, response));
    for (let i = 0; i < 20; i++) await get('/api/articles/1');
    await until('two copies to be under way', () => held.length === 2);
    expect(await observed()).toMatchObject({ sent: 20, inFlight: 20 });
    await move({ actor: 'test', reason: 'test' });
    for (const answer of held.splice(0)) answer();
    // What was under way is compared all the same.
    const seen = await settled(20);
    expect(seen).toMatchObject({
      sent: 20,
      compared: { match: 2 },
      discarded: { 'no-shadow': 18 },
      failed: 0,
    });
    expect(candidate.seen).toHaveLength(2);
    const metrics = await (await fetch(`${facade.adminUrl}/metrics`)).text();
    expect(metrics).toContain(
      'fig_shadow_copies_total{route="articles",outcome="discarded",reason="no-shadow"} 18',
    );
  });

  test('a pause takes no copy away', async () => {
    await start({ concurrency: 1, queue: 50 });
    for (let i = 0; i < 10; i++) await get('/api/articles/1');
    await facade.control.pause('articles', { actor: 'test', reason: 'test' });
    for (let i = 0; i < 10; i++) await get('/api/articles/1');
    expect(await settled(20)).toMatchObject({ compared: { match: 20 }, discarded: {} });
  });

  test('a second question that would come after a rollback is not asked, and nothing is judged without it', async () => {
    await start({ noiseRatio: 1 });
    let n = 0;
    legacy.answer = (request, response) => json({ id: `random-${n++}` })(request, response);
    await get('/api/articles/1');
    await until('the copy', () => candidate.seen.length === 1);
    await facade.control.rollback('articles', { actor: 'test', reason: 'test' });
    expect(await settled(1)).toMatchObject({ discarded: { 'no-shadow': 1 }, compared: { mismatch: 0 } });
    expect(legacy.seen).toHaveLength(1);
  });

  test('a comparison that finds no thread, takes too long or breaks is told apart', async () => {
    const script = new URL('../../test-kit/stuck-compare-worker.ts', import.meta.url);
    const pool = newComparePool({ threads: 1, queue: 0, timeoutMs: 1000, script });
    await start({}, {}, { comparer: createThreadsComparer(pool) });
    const large = { rows: Array.from({ length: 2000 }, (_, id) => ({ id })) };
    legacy.answer = json(large);
    candidate.answer = json({ ...large, more: true });
    await Promise.all([get('/api/articles/1'), get('/api/articles/2')]);
    expect(await settled(2)).toMatchObject({ discarded: { 'compare-busy': 1, 'compare-timeout': 1 } });
    legacy.answer = json(large, 500);
    await get('/api/articles/3');
    expect((await settled(3)).discarded).toEqual({
      'compare-busy': 1,
      'compare-timeout': 1,
      'compare-failed': 1,
    });
  });

  test('a fault in the comparison itself is told, and takes neither the client nor the account along', async () => {
    const faults: unknown[] = [];
    let broken = true;
    const whole = createThreadsComparer();
    const comparer: Comparer = {
      compare: (...of) => (broken ? Promise.reject(new Error('a fault of ours')) : whole.compare(...of)),
      close: () => whole.close(),
    };
    await start({}, {}, { comparer, onShadowFault: (error) => faults.push(error) });
    expect((await get('/api/articles/1')).status).toBe(200);
    expect(await settled(1)).toMatchObject({ discarded: { 'compare-failed': 1 } });
    expect(faults).toEqual([new Error('a fault of ours')]);
    broken = false;
    await get('/api/articles/1');
    expect(await settled(2)).toMatchObject({ compared: { match: 1 } });
  });

  test('a client that leaves, and an upstream that does not answer, are told apart', async () => {
    await start();
    legacy.answer = () => {};
    const client = connect(facade.port, '127.0.0.1');
    client.write('GET /api/articles/1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('the copy', () => candidate.seen.length === 1);
    client.destroy();
    expect(await settled(1)).toMatchObject({ discarded: { aborted: 1 } });
    legacy.answer = (request) => void request.socket.destroy();
    expect((await get('/api/articles/1')).status).toBe(502);
    expect(await settled(2)).toMatchObject({ discarded: { aborted: 1, 'no-answer': 1 } });
  });

  test('compares nothing when the side that was copied to answered in the end', async () => {
    await start({}, { fallbackToLegacy: true });
    await facade.put('articles', 'candidate');
    candidate.answer = (request) => void request.socket.destroy();
    expect((await get('/api/articles/1')).headers['x-fig-reason']).toBe('FALLBACK');
    expect(await settled(1)).toMatchObject({ discarded: { fallback: 1 } });
  });

  test('none of 20 planted secrets stands in samples, logs or the ledger', async () => {
    await start({}, { match: [...routeOf('x', MATCH).match, ...routeOf('x', ['/api/reset/:token']).match] });
    const jwt =
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
    const secrets = {
      jwt,
      card: '4111 1111 1111 1111',
      amex: '378282246310005',
      iban: 'DE89370400440532013000',
      email: 'ada.lovelace@example.org',
      password: 'correct-horse-battery',
      passwd: 'hunter2hunter2',
      clientSecret: 'cs-93jd83jd83jd',
      apiKey: 'ak-8d8d8d8d8d8d8d',
      awsKey: 'AKIAIOSFODNN7EXAMPLE',
      github: 'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
      google: 'AIzaSyA-1234567890abcdefghijklmnopqrstu',
      slack: 'xoxb-123456789012-abcdefghijkl',
      stripe: 'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
      privateKey: '-----BEGIN PRIVATE KEY-----MIIEvQIBADANBgkq-----END PRIVATE KEY-----',
    };
    const planted = {
      ...secrets,
      session: 'sess-77777777777777777777',
      bearer: 'bearer-88888888888888888888',
      query: 'query-99999999999999999999',
      header: 'header-66666666666666666666',
      path: 'reset-55555555555555555555',
    };
    // Each differs, so that a sample of each is kept.
    legacy.answer = json(secrets);
    candidate.answer = json(
      Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, `${value} `])),
    );
    const headers = {
      cookie: `connect.sid=${planted.session}`,
      authorization: `Bearer ${planted.bearer}`,
      'x-api-key': planted.header,
    };
    await get(`/api/articles/1?access_token=${planted.query}&q=ada`, headers);
    await get(`/api/reset/${planted.path}?email=${encodeURIComponent(planted.email)}`, headers);
    await ask(facade.url, {
      path: '/api/articles/search',
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ password: planted.password, text: `my card is ${planted.card}` }),
    });
    const seen = await settled(3);
    expect(seen.compared.mismatch).toBe(3);
    expect(seen.fields.length).toBeGreaterThan(10);
    const entries = await facade.ledgerEntries();
    const shown = JSON.stringify([seen, entries, facade.logged]);
    const found = Object.entries(planted).filter(
      ([, value]) => shown.includes(value) || shown.includes(encodeURIComponent(value)),
    );
    expect(found).toEqual([]);
    // What is none stays readable.
    expect(shown).toContain('q=ada');
  });

  test('that come to nothing are dropped before they cost clients anything: of an endless answer little is read', async () => {
    await start({ maxBodyBytes: 4 << 20, concurrency: 4, queue: 50 });
    let bytes = 0;
    candidate.answer = (_request, response) => {
      const piece = Buffer.alloc(65_536);
      const more = () => {
        while (!response.destroyed && response.write(piece)) bytes += piece.length;
      };
      response.on('drain', more);
      more();
    };
    const requests = 200;
    for (let n = 0; n < requests; n += 10)
      await Promise.all(Array.from({ length: 10 }, () => get('/api/articles/1')));
    const seen = await settled(requests);
    expect(seen.compared.mismatch).toBeGreaterThanOrEqual(4);
    expect(seen.compared.mismatch).toBeLessThan(40);
    expect(seen.dropped + seen.discarded.late + seen.compared.mismatch).toBe(requests);
    expect(bytes).toBeLessThan(100 << 20);
    // It comes to its senses.
    candidate.answer = json({ ok: true });
    await until('copies again', async () => {
      await get('/api/articles/1');
      return (await observed()).compared.match > 0;
    });
  });

  describe('of writes', () => {
    const post = (body: string) => ask(facade.url, { path: '/api/articles', method: 'POST', body });
    const rehearsed =
      (value: object): Answer =>
      (_request, response) =>
        void response
          .writeHead(201, { 'content-type': 'application/json', 'x-fig-dry-run': 'done' })
          .end(JSON.stringify(value));

    test('go to the dry run, signed, and are compared with ids and times by their shape', async () => {
      await start({ writes: 'dry-run' });
      legacy.answer = json({ id: 17, at: '2026-01-02T03:04:05Z', title: 'a' }, 201);
      candidate.answer = rehearsed({ id: 2_000_000_001, at: '2026-01-02T03:04:06Z', title: 'a' });
      expect((await post('{"title":"a"}')).status).toBe(201);
      expect(await settled(1)).toMatchObject({ compared: { ignored: 1, mismatch: 0 } });
      expect(candidate.seen[0]?.line).toBe('POST /.fig/dry-run/api/articles');
      expect(candidate.seen[0]?.headers['x-fig-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
      candidate.answer = rehearsed({ id: null, at: '2026-01-02T03:04:06Z', title: 'A' });
      await post('{"title":"a"}');
      const seen = await settled(2);
      expect(seen.fields.map(({ path, kind }: { path: string; kind: string }) => `${path} ${kind}`)).toEqual([
        '$.id type',
        '$.title value',
      ]);
    });

    test('are not compared unless the candidate says that it rehearsed', async () => {
      await start({ writes: 'dry-run' });
      candidate.answer = json({ error: 'not found' }, 404);
      await post('{}');
      expect(await settled(1)).toMatchObject({ discarded: { 'no-dry-run': 1 } });
    });

    // A server in front of the candidate may decode the path before it looks where it leads.
    test.each([
      ['/api/articles/a%2f..%2f..%2f..%2f..%2fapi%2farticles', 'slashes'],
      ['/api/articles/a%5c..%5c..%5c..%5c..%5capi%5carticles', 'backslashes'],
      ['/api/articles/a%252f..%252f..%252f..%252f..%252fapi', 'slashes twice'],
      ['/api/articles/a%2525252f..%2525252f..%2525252f..%2525252fapi', 'slashes four times'],
      ['/api/articles/%c0%ae%c0%ae/%c0%ae%c0%ae/%c0%ae%c0%ae/%c0%ae%c0%ae/api', 'overlong dots'],
      ['/api/articles/a%ef%bc%8f..%ef%bc%8f..%ef%bc%8f..%ef%bc%8fapi', 'full-width slashes'],
      ['/api/articles/..;/..;/..;/..;/api/articles', 'parameters'],
      ['/api/articles/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fapi', 'dots'],
    ])('that could climb out of the rehearsals are not sent: %s (%s)', async (path) => {
      await start({ writes: 'dry-run' }, { match: routeOf('articles', ['POST /api/articles/*rest']).match });
      await ask(facade.url, { path, method: 'POST', body: '{}' });
      expect(await settled(1)).toMatchObject({ sent: 0, skipped: { unsafe: 1 } });
      expect(candidate.seen).toHaveLength(0);
      await ask(facade.url, { path: '/api/articles/a%20b;c/d%2fe..', method: 'POST', body: '{}' });
      expect((await settled(2)).sent).toBe(1);
      expect(candidate.seen[0]?.line).toBe('POST /.fig/dry-run/api/articles/a%20b;c/d%2Fe..');
    });

    test('never go to legacy', async () => {
      await start({ writes: 'dry-run' });
      await facade.put('articles', 'candidate');
      await post('{}');
      expect(await settled(1)).toMatchObject({ skipped: { unsafe: 1 } });
      expect(legacy.seen).toHaveLength(0);
    });
  });
});
