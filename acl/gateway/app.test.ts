import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RequestHandler } from 'express';
import pino from 'pino';
import { isSignedDryRun, signDryRun } from '#plan/model/dry-run.ts';
import { NotTheOwner } from '../gateway-kit/error.ts';
import { health } from '../gateway-kit/health.ts';
import { HttpClient } from '../gateway-kit/http-client.ts';
import { type Serving, serve } from '../gateway-kit/serve.ts';
import { legacyIdentity } from '../identity-bridge/legacy-identity.ts';
import { runToEnd } from '../testing/process.ts';
import { rawRequest } from '../testing/raw-http.ts';
import { json, type StubServer, stubServer } from '../testing/stub-server.ts';
import { freelancerId } from '../translators/freelancers.ts';
import { gatewayApp } from './app.ts';
import { freelancers } from './freelancers/feature.ts';

const SECRET = 'dry-run-secret-of-a-test';
const someone = {
  id: freelancerId(7),
  number: 7,
  name: { first: 'Hans', last: 'Müller' },
  matchcode: 'MUELLER, HANS',
  status: 'active',
  blockReason: null,
  hourlyRate: { amount: '95.00', currency: 'EUR' },
  skills: ['java'],
  email: null,
  phone: null,
  city: null,
  country: null,
  notes: null,
  availableFrom: null,
  archived: false,
  createdAt: '2026-01-02T03:04:05.000Z',
  updatedAt: '2026-01-02T03:04:05.000Z',
  version: 3,
};

/** A request that leads to two writes, of which the first may get no answer. */
const twice =
  (service: HttpClient): RequestHandler =>
  async (_request, response) => {
    await service.send({ method: 'POST', path: '/first' }).catch((error) => {
      if (error instanceof NotTheOwner) throw error;
    });
    await service.send({ method: 'POST', path: '/second' });
    response.json({});
  };

/** What parity with a healthy monolith cannot show: upstreams that fail, races, what is sent on. */
describe('the gateway', () => {
  let service: StubServer;
  let legacy: StubServer;
  let gateway: Serving;
  let answer: Parameters<typeof stubServer>[0];

  beforeEach(async () => {
    answer = (_request, response) => json(response, 200, someone);
    service = await stubServer((request, response) => answer(request, response));
    legacy = await stubServer((_request, response) =>
      json(response, 200, { usr_id: 1, usr_login: 'a', usr_role: 'adm' }),
    );
    const clients = [
      new HttpClient({ url: service.url, bearer: 'sesame', timeoutMs: 300 }),
      new HttpClient({ url: legacy.url, bearer: null, timeoutMs: 300 }),
    ] as const;
    const checks: RequestHandler = health('gateway', 'b1', [
      {
        name: 'service',
        check: async () => void (await clients[0].expect({ method: 'GET', path: '/readyz' })),
      },
    ]);
    const log = pino({ level: 'silent' });
    const app = gatewayApp({
      mounts: [
        (app) =>
          freelancers.mount(app, {
            service: clients[0],
            identity: legacyIdentity(clients[1]),
            legacy: clients[1],
          }),
        (app) => app.put('/twice', twice(clients[0])),
      ],
      health: checks,
      dryRunSecret: SECRET,
      log,
    });
    gateway = await serve(app, {
      host: '127.0.0.1',
      port: 0,
      log,
      onStop: () => {
        for (const client of clients) client.close();
      },
    });
  });
  afterEach(async () => {
    await Promise.all([gateway.stop(), service.close(), legacy.close()]);
  });

  const call = async (method: string, path: string, body?: unknown) => {
    const { status, body: text } = await rawRequest(gateway.url, {
      method,
      path,
      headers: { cookie: 'connect.sid=x', 'content-type': 'application/json', 'x-request-id': 'req-1' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status, body: JSON.parse(text) };
  };

  test('passes the request id and the token on, and nothing of the client', async () => {
    await call('GET', '/api/freelancers/7');
    const [request] = service.requests;
    expect(request?.headers).toMatchObject({ authorization: 'Bearer sesame', 'x-request-id': 'req-1' });
    expect(request?.headers.cookie).toBeUndefined();
    expect(request?.url).toBe(`/v2/freelancers/${freelancerId(7)}`);
  });

  test('repeats an edit on the version that came in between', async () => {
    const patched: unknown[] = [];
    answer = (request, response) => {
      const version = service.requests.length > 2 ? 4 : 3;
      if (request.method === 'GET') return json(response, 200, { ...someone, version });
      patched.push(request.headers['if-match']);
      const isStale = request.headers['if-match'] === '"3"';
      return isStale ? json(response, 412, { code: 'PRECONDITION_FAILED' }) : json(response, 200, someone);
    };
    expect(await call('PUT', '/api/freelancers/7', { city: 'X' })).toMatchObject({
      status: 200,
      body: { frl_id: 7 },
    });
    expect(patched).toEqual(['"3"', '"4"']);
  });

  test('gives up an edit that is overtaken ever again', async () => {
    answer = (request, response) => json(response, request.method === 'GET' ? 200 : 412, someone);
    expect(await call('PUT', '/api/freelancers/7', {})).toEqual({
      status: 500,
      body: { error: 'database error' },
    });
    expect(service.requests).toHaveLength(20);
  });

  test('says in legacy words that the service failed, is too slow, or is gone', async () => {
    answer = (_request, response) => json(response, 500, { code: 'INTERNAL' });
    expect(await call('GET', '/api/freelancers')).toEqual({
      status: 502,
      body: { error: 'service unavailable' },
    });
    answer = () => {};
    expect(await call('GET', '/api/freelancers/7')).toEqual({
      status: 504,
      body: { error: 'service too slow' },
    });
    await service.close();
    expect(await call('DELETE', '/api/freelancers/7')).toEqual({
      status: 502,
      body: { error: 'service unavailable' },
    });
  });

  test('says in legacy words that legacy cannot tell who asks, and asks the service nothing', async () => {
    await legacy.close();
    expect(await call('GET', '/api/freelancers')).toEqual({
      status: 502,
      body: { error: 'service unavailable' },
    });
    expect(service.requests).toHaveLength(0);
  });

  describe('whose service may lose its data to another owner', () => {
    const write = async (headers: Record<string, string> = {}, path = '/api/freelancers/7') => {
      const { status, headers: got } = await rawRequest(gateway.url, {
        method: 'PUT',
        path,
        headers: { cookie: 'connect.sid=x', 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ city: 'X' }),
      });
      return [status, got['x-fig-refused']];
    };
    const refusing =
      (...refusals: (string | null)[]): typeof answer =>
      (request, response) => {
        if (request.method === 'GET') return json(response, 200, someone);
        const code = refusals.shift() ?? null;
        if (code === null) return json(response, 200, someone);
        json(response, code === 'PRECONDITION_FAILED' ? 412 : 409, { code }, 'application/problem+json');
      };

    test('says in writes, and in nothing else, in which epoch the request was decided', async () => {
      await Promise.all([write({ 'x-fig-epoch': '7' }), write({ 'x-fig-epoch': '8' }), write()]);
      const epochs = (method: string) =>
        service.requests
          .filter((request) => request.method === method)
          .map(({ headers }) => headers['x-fig-epoch'])
          .toSorted();
      expect(epochs('PATCH')).toEqual(['7', '8', undefined]);
      expect(epochs('GET')).toEqual([undefined, undefined, undefined]);
      expect(legacy.requests.map(({ headers }) => headers['x-fig-epoch'])).not.toContain('7');
    });

    test.each([
      ['NOT_THE_OWNER', 'not-the-owner'],
      ['EPOCH_STALE', 'epoch-stale'],
    ])('passes %s on, so that the facade decides anew', async (code, refused) => {
      answer = refusing(code);
      expect(await write({ 'x-fig-epoch': '7' })).toEqual([409, refused]);
      // A write that was overtaken had no effect.
      answer = refusing('PRECONDITION_FAILED', code);
      expect(await write()).toEqual([409, refused]);
    });

    test('answers every other 409 in legacy words', async () => {
      // The monolith refuses a taken address with 200 and an error in the body.
      answer = refusing('FREELANCER_EMAIL_TAKEN');
      expect(await write()).toEqual([200, undefined]);
      answer = refusing('NOT_THE_OWNER', null);
      expect([await write(), await write()]).toEqual([
        [409, 'not-the-owner'],
        [200, undefined],
      ]);
    });

    test('calls nothing undone of which a part may have been done', async () => {
      answer = refusing(null, 'NOT_THE_OWNER');
      expect(await write({}, '/twice')).toEqual([500, undefined]);
      answer = refusing('NOT_THE_OWNER', null);
      expect(await write({}, '/twice')).toEqual([409, 'not-the-owner']);
      let writes = 0;
      answer = (_request, response) => {
        writes += 1;
        if (writes > 1) json(response, 409, { code: 'NOT_THE_OWNER' });
      };
      expect(await write({}, '/twice')).toEqual([500, undefined]);
    });
  });

  describe('in a dry run', () => {
    const rehearse = async (method: string, target: string, body?: unknown, signature?: string) => {
      const sent = body === undefined ? '' : JSON.stringify(body);
      const signed = { method, target, body: Buffer.from(sent) };
      const answer = await rawRequest(gateway.url, {
        method,
        path: `/.fig/dry-run${target}`,
        headers: {
          cookie: 'connect.sid=x',
          'content-type': 'application/json',
          'x-fig-signature': signature ?? signDryRun(signed, SECRET, Date.now()),
        },
        ...(sent === '' ? {} : { body: sent }),
      });
      return { status: answer.status, done: answer.headers['x-fig-dry-run'] };
    };
    /** A service that knows dry runs. */
    const bodies: string[] = [];
    const knowing = (): typeof answer => async (request, response) => {
      bodies.push(await text(request));
      if (request.url?.startsWith('/.fig/dry-run/')) response.setHeader('x-fig-dry-run', 'done');
      json(response, 200, someone);
    };

    test('sends its one write as a dry run, signed, and reads as ever', async () => {
      answer = knowing();
      expect(await rehearse('PUT', '/api/freelancers/7', { city: 'X' })).toEqual({
        status: 200,
        done: 'done',
      });
      const path = `/v2/freelancers/${freelancerId(7)}`;
      expect(service.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
        `GET ${path}`,
        `PATCH /.fig/dry-run${path}`,
      ]);
      const sent = { method: 'PATCH', target: path, body: Buffer.from(bodies.at(-1) ?? '') };
      const signature = String(service.requests[1]?.headers['x-fig-signature']);
      expect(isSignedDryRun(signature, sent, SECRET, Date.now())).toBe(true);
      expect(isSignedDryRun(signature, { ...sent, method: 'POST' }, SECRET, Date.now())).toBe(false);
    });

    test('says nothing of a write that the service did not rehearse', async () => {
      answer = (request, response) =>
        request.method === 'GET'
          ? json(response, 200, someone)
          : json(response, 404, { code: 'ROUTE_NOT_FOUND' });
      expect(await rehearse('PUT', '/api/freelancers/7', { city: 'X' })).toEqual({
        status: 501,
        done: undefined,
      });
      expect(service.requests.filter(({ method }) => method !== 'GET')).toHaveLength(1);
    });

    test('is not begun unsigned', async () => {
      expect(await rehearse('DELETE', '/api/freelancers/7', undefined, 't=1,v1=x')).toEqual({
        status: 403,
        done: undefined,
      });
      expect(service.requests).toHaveLength(0);
    });

    test('leaves other requests of the same moment alone', async () => {
      answer = knowing();
      await Promise.all([
        rehearse('PUT', '/api/freelancers/7', { city: 'X' }),
        call('PUT', '/api/freelancers/7', { city: 'Y' }),
      ]);
      const writes = service.requests.filter(({ method }) => method === 'PATCH');
      const rehearsed = writes.filter(({ url }) => url?.startsWith('/.fig/dry-run/'));
      expect([writes.length, rehearsed.length]).toEqual([2, 1]);
    });
  });

  test('asks twice for a page beyond the end, once for all others', async () => {
    answer = (request, response) => {
      const skip = Number(new URL(request.url ?? '', 'http://x').searchParams.get('skip'));
      json(response, 200, { items: skip < 41 ? [someone] : [], total: 41 });
    };
    await call('GET', '/api/freelancers?page=2');
    expect(service.requests).toHaveLength(1);
    await call('GET', '/api/freelancers?page=99');
    const skips = service.requests.map(({ url }) => /skip=(\d+)/.exec(url ?? '')?.[1]);
    expect(skips).toEqual(['20', '1960', '40']);
  });

  test('is alive without its service, and ready only with it', async () => {
    expect(await call('GET', '/readyz')).toMatchObject({ status: 200 });
    await service.close();
    expect(await call('GET', '/livez')).toMatchObject({ status: 200 });
    expect(await call('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { code: 'ACL_NOT_READY', detail: expect.stringContaining('ECONNREFUSED') },
    });
    expect((await call('GET', '/version')).body).toMatchObject({ service: 'gateway', build: 'b1' });
  });

  test('finishes what is in flight before it stops', async () => {
    let release = () => {};
    const reached = new Promise<void>((arrived) => {
      answer = (_request, response) => {
        release = () => json(response, 200, someone);
        arrived();
      };
    });
    const pending = call('GET', '/api/freelancers/7');
    await reached;
    const stopped = gateway.stop();
    release();
    expect(await pending).toMatchObject({ status: 200, body: { frl_id: 7 } });
    await stopped;
    await expect(call('GET', '/livez')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|hang up/);
  });
});

test('a gateway without its variables says which, in a line each, and exits 1', async () => {
  const { code, stderr } = await runToEnd('acl/gateway/main.ts', [], { LEGACY_URL: 'nowhere' });
  expect(stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/^FREELANCERS_URL: expected an http\(s\) URL, got nothing\. /),
    expect.stringMatching(/^TIMESHEETS_URL: expected an http\(s\) URL, got nothing\. /),
    expect.stringMatching(/^LEGACY_URL: expected an http\(s\) URL, got `nowhere`\. /),
    expect.stringMatching(/^SERVICE_TOKEN: expected a token/),
  ]);
  expect(code).toBe(1);
});
