import { createServer, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSet } from '#plan/model/plan.ts';
import { createHpmForwarder } from '../adapters/forwarder.hpm.ts';
import { createUndiciForwarder } from '../adapters/forwarder.undici.ts';
import type { DataPosition } from '../core/data-position.ts';
import { facadeOf, listenOn, type TestFacade } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { ask, rawAsk } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';
import type { Forwarder } from './forwarder.ts';

const SET: DataSet = {
  ...{ name: 's', file: 'data/s.yaml', translator: 's.ts', maxLagMs: 60_000 },
  ...{ service: { url: 'http://127.0.0.1:9', stream: 's' }, tables: [{ name: 's', key: 'id' }] },
  ...{ routes: ['owned'], requests: [], jobs: [] },
};
type Seen = {
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
};

/** An upstream that reads a whole request before it says anything, unless a test says otherwise. */
class Side {
  url = '';
  seen: Seen[] = [];
  respond: RequestListener = (_request, response) => response.end('written');
  /** Answers to the head alone. */
  isHasty = false;
  readonly #server: Server = createServer(async (request, response) => {
    let body = '';
    if (!this.isHasty) for await (const chunk of request) body += chunk;
    const { url: path = '', headers, trailers } = request;
    this.seen.push({ path, headers, body, trailers });
    this.respond(request, response);
  });

  async listen(): Promise<Side> {
    this.url = `http://127.0.0.1:${await listenOn(this.#server)}`;
    return this;
  }
  connections(): Promise<number> {
    return new Promise((resolve) => this.#server.getConnections((_error, count) => resolve(count)));
  }
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const declined: RequestListener = (_request, response) => {
  response.writeHead(409, { 'content-type': 'application/problem+json', 'x-fig-refused': 'epoch-stale' });
  response.end(JSON.stringify({ code: 'EPOCH_STALE' }));
};

describe('a write that its service declines', () => {
  let legacy: Side;
  let candidate: Side;
  let facade: TestFacade;
  beforeAll(async () => {
    [legacy, candidate] = [await new Side().listen(), await new Side().listen()];
  });
  beforeEach(() => begin());
  /** The forwarder is the facade's own, when left out. */
  async function begin(forwarder?: Forwarder): Promise<void> {
    for (const side of [legacy, candidate])
      Object.assign(side, { seen: [], isHasty: false, respond: new Side().respond });
    const owned = routeOf(
      'owned',
      ['GET /owned', 'POST /owned', 'DELETE /owned', 'GET /owned/track unsafe'],
      {
        data: { kind: 'owned', set: 's' },
      },
    );
    const plan = planOf({
      legacy: { url: legacy.url, build: null },
      candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
      routes: [owned, routeOf('free', ['POST /free'])],
      dataSets: new Map([['s', SET]]),
      trustedProxies: ['127.0.0.1/32'],
    });
    facade = await facadeOf(plan, forwarder ? { forwarder } : {});
    await facade.put('owned', 'candidate');
    await facade.put('free', 'candidate');
    await owner({ owner: 'candidate', epoch: 1 });
  }
  afterEach(() => facade.close());
  afterAll(() => {
    legacy.close();
    candidate.close();
  });

  async function owner(change: Partial<DataPosition>): Promise<void> {
    const { control } = facade;
    const state = control.dataOf('s');
    if (!state) throw new Error('expected the set s');
    const outcome = await control.moveData(state, change, { actor: 'test', reason: 'test' });
    if (!outcome.ok) throw new Error(outcome.detail);
  }
  const write = (body = 'x', headers: Record<string, string> = {}) =>
    ask(facade.url, { path: '/owned?n=1', method: 'POST', headers, body });
  const asked = (side: Side) => until('the service to be asked', () => side.seen.length > 0);
  const lines = () => facade.logged.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');

  test('goes to the new owner as soon as this instance hears of it, as it came', async () => {
    candidate.respond = declined;
    const headers = { 'x-request-id': 'r-1', cookie: 'sid=1', 'x-forwarded-for': '192.0.2.1' };
    const answer = write('{"a":1}', headers);
    await asked(candidate);
    await owner({ owner: 'legacy', epoch: 2 });
    expect(await answer).toMatchObject({ status: 200, headers: { 'x-fig-upstream': 'legacy' } });
    const [first, second] = [candidate.seen[0] as Seen, legacy.seen[0] as Seen];
    expect([candidate.seen.length, legacy.seen.length]).toEqual([1, 1]);
    expect([second.path, second.body]).toEqual(['/owned?n=1', '{"a":1}']);
    // Nothing is continued twice: who forwarded it, the request's id, its trace.
    const { 'x-fig-epoch': epoch, traceparent: _one, ...before } = first.headers;
    const { traceparent: _other, ...now } = second.headers;
    expect(epoch).toBe('1');
    expect(now).toEqual(before);
    await until('its line', () => lines().length === 1);
    expect(lines()).toMatchObject([{ requestId: 'r-1', upstream: 'legacy', reason: 'WRITER', status: 200 }]);
  });

  test.each([
    ['chunked', { 'transfer-encoding': 'chunked' }, 'some body'],
    ['of 900 kB', {}, 'x'.repeat(900_000)],
    ['that is empty', {}, ''],
  ])('is sent again with a body %s', async (_what, headers, body) => {
    candidate.respond = declined;
    const answer = write(body, headers);
    await asked(candidate);
    candidate.respond = (_request, response) => response.writeHead(201).end('made');
    await owner({ epoch: 2 });
    expect((await answer).status).toBe(201);
    expect(candidate.seen.map((seen) => [seen.headers['x-fig-epoch'], seen.body === body])).toEqual([
      ['1', true],
      ['2', true],
    ]);
  });

  test.each([
    ['http-proxy-middleware', createHpmForwarder],
    ['undici', () => createUndiciForwarder(createHpmForwarder())],
  ])('is sent again without a body: a DELETE, a GET that writes, on %s', async (_name, create) => {
    await facade.close();
    await begin(create());
    for (const [method, path, epoch] of [
      ['DELETE', '/owned', 2],
      ['GET', '/owned/track', 3],
    ] as const) {
      candidate.seen = [];
      candidate.respond = declined;
      const answer = ask(facade.url, { path, method });
      await asked(candidate);
      candidate.respond = new Side().respond;
      await owner({ epoch });
      expect([method, (await answer).status, candidate.seen.length]).toEqual([method, 200, 2]);
    }
  });

  test('waits with the others where writes are held by then', async () => {
    candidate.respond = declined;
    const answer = write();
    await asked(candidate);
    await owner({ held: true });
    candidate.respond = new Side().respond;
    // Longer than the news would be waited for.
    await wait(2_200);
    expect(legacy.seen.length + candidate.seen.length).toBe(1);
    await owner({ owner: 'legacy', epoch: 2, held: false });
    expect((await answer).headers['x-fig-upstream']).toBe('legacy');
  });

  test('is refused when nothing is heard for 2 s: nothing was written, and the client may repeat it', async () => {
    candidate.respond = declined;
    const answer = await write();
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'FENCE_WRITE_DECLINED' });
    expect([candidate.seen.length, legacy.seen.length]).toEqual([1, 0]);
    expect(lines()).toMatchObject([{ upstream: 'candidate', reason: 'WRITER', status: 503 }]);
    const metrics = (await ask(facade.adminUrl, { path: '/metrics' })).body.toString();
    expect(metrics).toContain('fig_writes_declined_total{set="s",outcome="refused"} 1');
  });

  test('is decided anew once: declined again it is refused', async () => {
    candidate.respond = declined;
    const answer = write();
    await asked(candidate);
    await owner({ epoch: 2 });
    await until('the service to be asked again', () => candidate.seen.length === 2);
    await owner({ epoch: 3 });
    expect((await answer).status).toBe(503);
    expect(candidate.seen.map(({ headers }) => headers['x-fig-epoch'])).toEqual(['1', '2']);
  });

  test('is refused where its body was too large to keep', async () => {
    candidate.respond = declined;
    const answer = write('x'.repeat(1_100_000));
    await asked(candidate);
    await owner({ owner: 'legacy', epoch: 2 });
    expect((await answer).status).toBe(503);
    expect(legacy.seen).toEqual([]);
  });

  test('is refused where the service said so before the client had sent its body', async () => {
    candidate.isHasty = true;
    candidate.respond = declined;
    const socket = connect(facade.port, '127.0.0.1');
    let got = '';
    socket.on('data', (data) => (got += data));
    socket.write('POST /owned HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
    await asked(candidate);
    await owner({ owner: 'legacy', epoch: 2 });
    await until('the refusal', () => got.includes('FENCE_WRITE_DECLINED'));
    expect(got).toMatch(/^HTTP\/1\.1 503 (?:.*\r\n)*connection: close/i);
    socket.destroy();
    expect(legacy.seen).toEqual([]);
  });

  test('is sent again whole where the service said so before it had read it', async () => {
    candidate.isHasty = true;
    candidate.respond = declined;
    const answer = write('x'.repeat(900_000));
    await asked(candidate);
    await owner({ owner: 'legacy', epoch: 2 });
    expect((await answer).headers['x-fig-upstream']).toBe('legacy');
    expect(legacy.seen.map(({ body }) => body.length)).toEqual([900_000]);
  });

  test('is sent again with its trailers', async () => {
    candidate.respond = declined;
    const answer = rawAsk(
      facade.port,
      'POST /owned HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 7\r\n\r\n',
    );
    await asked(candidate);
    await owner({ owner: 'legacy', epoch: 2 });
    expect(await answer).toMatch(/^HTTP\/1\.1 200/);
    expect(legacy.seen).toMatchObject([{ body: 'abc', trailers: { 'x-sum': '7' } }]);
  });

  test('leaves no connection to the service behind', async () => {
    candidate.respond = declined;
    const answers = Array.from({ length: 20 }, () => write());
    await until('the service to be asked', () => candidate.seen.length === 20);
    await owner({ owner: 'legacy', epoch: 2 });
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    await until('its connections to end', async () => (await candidate.connections()) === 0, 2_000);
  });

  test('is not sent again for a client that left', async () => {
    candidate.respond = declined;
    const socket = connect(facade.port, '127.0.0.1');
    socket.write('POST /owned HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc');
    await asked(candidate);
    socket.resetAndDestroy();
    await wait(50);
    await owner({ owner: 'legacy', epoch: 2 });
    await until('its line', () => lines().length === 1);
    expect([legacy.seen.length, lines()[0].status]).toEqual([0, 499]);
  });

  test('keeps its connection: the next request on it is read', async () => {
    candidate.respond = declined;
    const answers = rawAsk(
      facade.port,
      'POST /owned HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcPOST /owned HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\ndef',
    );
    await asked(candidate);
    await owner({ owner: 'legacy', epoch: 2 });
    expect((await answers).match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(legacy.seen.map(({ body }) => body)).toEqual(['abc', 'def']);
  });

  test('fails as any other where the refusal breaks off', async () => {
    candidate.respond = (_request, response) => {
      response.writeHead(409, { 'x-fig-refused': 'epoch-stale', 'content-length': '100' });
      response.write('part');
      setTimeout(() => response.destroy(), 20);
    };
    const answer = await write();
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'UPSTREAM_HEADERS_CANDIDATE' });
    expect(legacy.seen).toEqual([]);
  });

  test('is only what a service says of owned data: another 409, or one from elsewhere, reaches the client', async () => {
    candidate.respond = (_request, response) => response.writeHead(409).end('conflict');
    expect(await write()).toMatchObject({ status: 409, body: Buffer.from('conflict') });
    candidate.respond = declined;
    const free = await ask(facade.url, { path: '/free', method: 'POST', body: 'x' });
    expect([free.status, free.headers['x-fig-refused']]).toEqual([409, undefined]);
    await owner({ owner: 'legacy', epoch: 2 });
    legacy.respond = declined;
    expect((await write()).status).toBe(409);
  });
});
