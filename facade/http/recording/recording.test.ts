import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type RecordedExchange, recordedExchange, recordingEnd } from '#plan/model/recorded-exchange.ts';
import { facadeOf, type TestFacade, TOKEN } from '../../test-kit/facade-of.ts';
import { planOf, routeOf } from '../../test-kit/plan-of.ts';
import { ask } from '../../test-kit/raw-client.ts';
import { json, type ScriptedUpstream, scriptedUpstream } from '../../test-kit/scripted-upstream.ts';
import { Recordings } from './recordings.ts';

describe('a recording', () => {
  let legacy: ScriptedUpstream;
  let facade: TestFacade;
  beforeEach(async () => {
    legacy = await scriptedUpstream();
    facade = await facadeOf(
      planOf({
        legacy: { url: legacy.url, build: null },
        redact: { headers: ['authorization', 'cookie'], json: ['$..pin'] },
        routes: [
          routeOf('articles', ['GET /api/articles/:id', 'POST /api/articles']),
          routeOf('other', ['GET /other']),
        ],
      }),
    );
  });
  afterEach(async () => {
    await facade.close();
    await legacy.vanish();
  });

  const open = (query: string, route = 'articles') =>
    fetch(`${facade.adminUrl}/v1/routes/${route}/recording?${query}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
  /** Records what `traffic` does. */
  const recorded = async (query: string, traffic: () => Promise<unknown>) => {
    const response = await open(query);
    expect(response.status).toBe(200);
    await traffic();
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const end = recordingEnd.parse(lines.at(-1));
    return { exchanges: lines.slice(0, -1).map((line) => recordedExchange.parse(line)), end };
  };

  test('holds what clients sent and what they got, of its route alone, and ends by itself', async () => {
    legacy.answer = (request, response) =>
      request.method === 'POST'
        ? json({ id: 7 }, 201)(request, response)
        : json({ id: 1, title: 'A' })(request, response);
    const { exchanges, end } = await recorded('limit=3&seconds=30', async () => {
      await ask(facade.url, { path: '/other' });
      await ask(facade.url, {
        path: '/api/articles/1?lang=de',
        headers: { accept: 'application/json', cookie: 'sid=a' },
      });
      await ask(facade.url, { path: '/api/articles/2', headers: { cookie: 'sid=a' } });
      await ask(facade.url, {
        path: '/api/articles',
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: 'sid=b' },
        body: '{"title":"Ähre"}',
      });
    });
    expect(end).toMatchObject({ recorded: 3, dropped: 0 });
    const [one, two, three] = exchanges as [RecordedExchange, RecordedExchange, RecordedExchange];
    expect(one).toMatchObject({
      route: 'articles',
      match: 'GET /api/articles/:id',
      method: 'GET',
      target: '/api/articles/1?lang=de',
      headers: { accept: 'application/json' },
      body: { text: null, bytes: 0 },
      redacted: false,
      upstream: 'legacy',
      status: 200,
      answer: { text: '{"id":1,"title":"A"}' },
    });
    expect(three).toMatchObject({
      method: 'POST',
      body: { text: '{"title":"Ähre"}', bytes: 17 },
      status: 201,
    });
    // Told apart, and not told.
    expect(one.session).toMatch(/^[0-9a-f]{8}$/);
    expect(two.session).toBe(one.session);
    expect(three.session).not.toBe(one.session);
    expect(JSON.stringify(exchanges)).not.toContain('sid=');
    for (const { headers } of exchanges) expect(Object.keys(headers)).not.toContain('x-forwarded-for');
  });

  test('holds no secret of request or answer, and says which requests had one', async () => {
    const secrets = {
      bearer: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
      card: '4111111111111111',
      mail: 'ann.smith@example.org',
      password: 'hunter2hunter2',
      pin: '4711-0815',
      session: 'a-session-cookie-value',
      set: 'another-session-cookie',
    };
    legacy.answer = (request, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json', 'set-cookie': `sid=${secrets.set}; Path=/` })
        .end(
          JSON.stringify({
            ...{ mail: secrets.mail, pin: secrets.pin, name: 'Ann' },
            // Repeated where nothing says that they are secrets.
            said: request.method === 'POST' ? `Hello ${secrets.password}` : secrets.session,
          }),
        );
    const { exchanges } = await recorded('limit=2&seconds=30', async () => {
      await ask(facade.url, {
        path: `/api/articles/1?mail=${encodeURIComponent(secrets.mail)}`,
        headers: { authorization: `Bearer ${secrets.bearer}`, cookie: `sid=${secrets.session}` },
      });
      await ask(facade.url, {
        path: '/api/articles',
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: `sid=${secrets.session}` },
        body: JSON.stringify({
          ...{ password: secrets.password, card: secrets.card, title: 'A' },
          note: `from ${secrets.session}`,
        }),
      });
    });
    const text = JSON.stringify(exchanges);
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    expect(exchanges.map(({ redacted }) => redacted)).toEqual([true, true]);
    expect(JSON.parse(exchanges[0]?.answer.text as string)).toMatchObject({ name: 'Ann' });
  });

  test('holds no credential and no cookie of its request, wherever that repeats it', async () => {
    legacy.answer = (request, response) =>
      json({ asked: request.url, note: request.headers['x-note'] })(request, response);
    const secret = fc.stringMatching(/^[A-Za-z0-9%~._!*'/+-]{8,40}$/);
    const credential = fc.constantFrom<(value: string) => Record<string, string>>(
      (value) => ({ cookie: `theme=dark; sid=${value}` }),
      (value) => ({ cookie: value }),
      (value) => ({ cookie: `${'visits=7; '.repeat(80)}sid="${value}"` }),
      (value) => ({ authorization: `Bearer ${value}` }),
    );
    const everyOctet = (text: string) =>
      [...Buffer.from(text)].map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('');
    const written = fc.constantFrom(encodeURIComponent, everyOctet, (text: string) =>
      text.replace(/%/g, '%25'),
    );
    const place = fc.constantFrom<(value: string) => { path: string; note?: string }>(
      (value) => ({ path: `/api/articles/${value.replace(/\//g, '%2F')}` }),
      (value) => ({ path: `/api/articles/7?from=${value}&page=2` }),
      (value) => ({ path: `/api/articles/7?a&b=x-${value}-y` }),
      (value) => ({ path: '/api/articles/7', note: `of ${value}` }),
    );
    await fc.assert(
      fc.asyncProperty(secret, credential, written, place, async (value, headersOf, write, placeOf) => {
        const { path, note } = placeOf(write(value));
        const headers = { ...headersOf(value), ...(note === undefined ? {} : { 'x-note': note }) };
        const { exchanges } = await recorded('limit=1&seconds=5', () => ask(facade.url, { path, headers }));
        expect(exchanges).toHaveLength(1);
        const [exchange] = exchanges as [RecordedExchange];
        for (const text of [JSON.stringify(exchange), decodeURIComponent(exchange.target)])
          expect(text).not.toContain(value);
        if (note === undefined) expect(exchange.redacted).toBe(true);
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  test('keeps packed answers unpacked, what is no text by its digest, and nothing that is too large', async () => {
    const packed = gzipSync('{"packed":true}');
    legacy.answer = (request, response) => {
      if (request.url === '/api/articles/1')
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(packed);
      else if (request.url === '/api/articles/2')
        response.writeHead(200, { 'content-type': 'application/pdf' }).end(Buffer.from([1, 255, 1]));
      else if (request.url === '/api/articles/4')
        response.writeHead(200, { 'content-type': 'application/pdf' }).end(Buffer.from([0, 65]));
      else response.writeHead(200, { 'content-type': 'text/plain' }).end('x'.repeat(2000));
    };
    const { exchanges } = await recorded('limit=4&seconds=30&maxBodyBytes=1000', async () => {
      for (const id of [1, 2, 3, 4]) await ask(facade.url, { path: `/api/articles/${id}` });
    });
    // In the order in which they ended.
    const inOrder = exchanges.toSorted((a, b) => (a.target < b.target ? -1 : 1));
    expect(inOrder.map(({ answer }) => answer)).toEqual([
      { text: '{"packed":true}', bytes: 15, digest: null, tooLarge: false },
      { text: null, bytes: 3, digest: expect.stringMatching(/^[0-9a-f]{64}$/), tooLarge: false },
      { text: null, bytes: 0, digest: null, tooLarge: true },
      { text: null, bytes: 2, digest: expect.stringMatching(/^[0-9a-f]{64}$/), tooLarge: false },
    ]);
  });

  test('keeps nothing of what broke off or was answered by nobody', async () => {
    legacy.answer = (request, response) => {
      if (request.url?.endsWith('1')) response.writeHead(200, { 'content-length': '100' }).write('half');
      setTimeout(() => response.destroy(), 10);
    };
    const { exchanges, end } = await recorded('limit=10&seconds=1', async () => {
      for (const id of [1, 2]) await ask(facade.url, { path: `/api/articles/${id}` }).catch(() => {});
    });
    expect([exchanges, end.recorded]).toEqual([[], 0]);
  });

  test('is one at a time; a client that leaves ends it, and nothing is kept any more', async () => {
    const leaving = new AbortController();
    const first = await fetch(`${facade.adminUrl}/v1/routes/articles/recording`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: leaving.signal,
    });
    expect(first.status).toBe(200);
    const second = await open('limit=1');
    expect([second.status, ((await second.json()) as { code: string }).code]).toEqual([
      409,
      'ROUTE_RECORDING_BUSY',
    ]);
    leaving.abort();
    let again = await open('limit=1&seconds=1');
    for (let n = 0; again.status === 409 && n < 100; n++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      again = await open('limit=1&seconds=1');
    }
    expect(again.status).toBe(200);
    await again.text();
    expect((await open('limit=1', 'nothing')).status).toBe(404);
  });
});

test('an order that nobody renews is forgotten', () => {
  let nowMs = 0;
  const recordings = new Recordings(() => nowMs);
  const call = { upgrade: false, decision: { state: { route: { name: 'a' } } } } as never;
  const response = { watch: () => {} } as never;
  expect(recordings.begin(call, response, {}, null)).toBeNull();
  recordings.take({ route: 'a', maxBodyBytes: 1 });
  expect(recordings.begin(call, response, {}, null)).not.toBeNull();
  nowMs = 10_001;
  expect(recordings.begin(call, response, {}, null)).toBeNull();
  nowMs = 0;
  expect(recordings.begin(call, response, {}, null)).toBeNull();
});
