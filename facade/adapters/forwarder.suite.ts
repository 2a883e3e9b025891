import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Plan } from '#plan/model/plan.ts';
import type { Forwarder } from '../http/forwarder.ts';
import { type AwkwardUpstream, awkwardUpstream, BIG_PIECES, PIECE } from '../test-kit/awkward-upstream.ts';
import { facadeOf as anyFacadeOf, type TestFacade } from '../test-kit/facade-of.ts';
import { planOf } from '../test-kit/plan-of.ts';
import { ask, endToEnd, rawAsk } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';
import { bareRequestTests } from './forwarder-suite/bare-requests.ts';
import { brokenBodyTests } from './forwarder-suite/broken-bodies.ts';
import { expectationTests } from './forwarder-suite/expectations.ts';
import { halfCloseTests } from './forwarder-suite/half-closes.ts';
import { keepAliveTests } from './forwarder-suite/keep-alive.ts';
import { ownStallTests } from './forwarder-suite/own-stalls.ts';
import { silenceTests } from './forwarder-suite/silences.ts';
import { slowClientTests } from './forwarder-suite/slow-clients.ts';
import { upgradeTests } from './forwarder-suite/upgrades.ts';

/** What every forwarder promises, seen by clients of a facade that stands on it. */
export function forwarderSuite(name: string, create: () => Forwarder): void {
  bareRequestTests(name, create);
  brokenBodyTests(name, create);
  expectationTests(name, create);
  upgradeTests(name, create);
  slowClientTests(name, create);
  halfCloseTests(name, create);
  keepAliveTests(name, create);
  silenceTests(name, create);
  ownStallTests(name, create);
  const facadeOf = (plan: Plan) => anyFacadeOf(plan, { forwarder: create() });
  describe(`the ${name} forwarder`, () => {
    let legacy: AwkwardUpstream;
    let facade: TestFacade;
    beforeAll(async () => {
      legacy = await awkwardUpstream('legacy');
      const timeouts = { connectMs: 1000, headersMs: 400, idleMs: 5000 };
      facade = await facadeOf(planOf({ legacy: { url: legacy.url, build: null }, timeouts }));
    });
    afterAll(async () => {
      await facade.close();
      await legacy.close();
    });
    const code = (body: Buffer) => (JSON.parse(body.toString()) as { code: string }).code;

    test.each([
      ['GET', '/cookies'],
      ['GET', '/204'],
      ['GET', '/304'],
      ['GET', '/304-length'],
      ['HEAD', '/304-length'],
      ['GET', '/continue'],
      ['DELETE', '/continue'],
      ['GET', '/reason'],
      ['GET', '/latin1'],
      ['GET', '/chunked'],
      ['GET', '/trailers'],
      ['GET', '/gzip'],
      ['GET', '/moved-away'],
      ['HEAD', '/gzip'],
      ['HEAD', '/reason'],
      ['HEAD', '/chunked'],
      ['GET', '/cached'],
    ])('gives %s %s the same status, headers and bytes as the upstream itself', async (method, path) => {
      const direct = await ask(legacy.url, { path, method });
      const through = await ask(facade.url, { path, method });
      expect(through.status).toBe(direct.status);
      expect(through.reason).toBe(direct.reason);
      expect(endToEnd(through.rawHeaders)).toEqual(endToEnd(direct.rawHeaders));
      expect(through.body.equals(direct.body)).toBe(true);
      expect(through.trailers).toEqual(direct.trailers);
    });

    test.each([
      'bytes=0-4',
      'bytes=5-',
      'bytes=-5',
      'bytes=0-1,4-5',
      'bytes=-2, 0-0, 90-',
      'bytes=500-',
      'bytes=5-1',
      'lines=0-1',
    ])(
      'gives the range %s as the upstream itself does, in one part, in many, or not at all',
      async (range) => {
        for (const method of ['GET', 'HEAD'])
          for (const ifRange of [undefined, '"v1"', '"v0"']) {
            const headers = { range, ...(ifRange === undefined ? {} : { 'if-range': ifRange }) };
            const direct = await ask(legacy.url, { path: '/ranges', method, headers });
            const through = await ask(facade.url, { path: '/ranges', method, headers });
            expect([through.status, through.reason]).toEqual([direct.status, direct.reason]);
            expect(endToEnd(through.rawHeaders)).toEqual(endToEnd(direct.rawHeaders));
            expect(through.body.toString()).toBe(direct.body.toString());
          }
      },
    );

    test('sends method, query, headers and body as they came', async () => {
      const query = '?a=%7e&b=//x/../y&c=+%20&&d=%zz';
      const answer = await ask(facade.url, {
        path: `/echo${query}`,
        method: 'PATCH',
        headers: {
          'X-Own': 'one',
          cookie: 'a=1; b="2"',
          'content-type': 'text/plain',
          host: 'public.example',
        },
        body: 'hällo',
      });
      const seen = JSON.parse(answer.body.toString());
      expect(seen).toMatchObject({ method: 'PATCH', url: `/echo${query}`, body: 'hällo' });
      const headers = endToEnd(seen.rawHeaders).map((line) => line.toLowerCase());
      expect(headers).toEqual(
        expect.arrayContaining([
          'x-own: one',
          'cookie: a=1; b="2"',
          'content-type: text/plain',
          'host: public.example',
        ]),
      );
    });

    test.each(['POST', 'GET', 'DELETE'])(
      'frames the chunked body of a %s so that nothing follows it unread',
      async (method) => {
        const before = legacy.seen.length;
        const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
        const text = await rawAsk(
          facade.port,
          `${method} /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
        );
        expect(text).toMatch(/^HTTP\/1\.1 200/);
        expect(legacy.seen.slice(before)).toMatchObject([{ method, url: '/echo', body: smuggled }]);
      },
    );

    test('carries a large answer and a large upload without a changed byte', async () => {
      const got = await new Promise<string>((resolve, reject) => {
        const hash = createHash('sha256');
        httpRequest(facade.url, { path: '/big', agent: false }, (answer) => {
          answer.on('data', (chunk) => hash.update(chunk)).on('end', () => resolve(hash.digest('hex')));
        })
          .on('error', reject)
          .end();
      });
      const expected = createHash('sha256');
      for (let i = 0; i < BIG_PIECES; i++) expected.update(PIECE);
      const digest = expected.digest('hex');
      expect(got).toBe(digest);

      const upload = await new Promise<{ bytes: number; hash: string }>((resolve, reject) => {
        const request = httpRequest(
          facade.url,
          { path: '/upload', method: 'POST', agent: false },
          (answer) => {
            let text = '';
            answer.on('data', (chunk) => {
              text += chunk;
            });
            answer.on('end', () => resolve(JSON.parse(text)));
          },
        ).on('error', reject);
        let pieces = 0;
        const more = () => {
          while (pieces < BIG_PIECES) {
            pieces++;
            if (!request.write(PIECE)) return void request.once('drain', more);
          }
          request.end();
        };
        more();
      });
      expect(upload).toMatchObject({ bytes: BIG_PIECES * PIECE.length, hash: digest });
    }, 30_000);

    test.each(['Trailer: x-sum\r\n', ''])(
      'passes request trailers, announced (%j) or not, but none that claims who asks',
      async (announced) => {
        const text = await rawAsk(
          facade.port,
          `POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n${announced}\r\n2\r\nok\r\n0\r\nx-sum: 7\r\nx-fig-epoch: 9\r\nx-forwarded-for: 9.9.9.9\r\n\r\n`,
        );
        expect(text).toContain('"trailers":{"x-sum":"7"}');
      },
    );

    test('answers Expect: 100-continue', async () => {
      const request = httpRequest(facade.url, {
        path: '/echo',
        method: 'POST',
        agent: false,
        headers: { expect: '100-continue', 'content-length': 2 },
      });
      request.flushHeaders();
      await once(request, 'continue');
      request.end('ok');
      const [answer] = await once(request, 'response');
      expect(answer.statusCode).toBe(200);
      answer.resume();
    });

    test('hands over the first server-sent event while the stream is open, and ends it upstream when the client leaves', async () => {
      const aborted = legacy.aborted;
      const request = httpRequest(facade.url, { path: '/events', agent: false });
      request.end();
      const [answer] = await once(request, 'response');
      const [first] = await once(answer, 'data');
      expect(String(first)).toBe('data: first\n\n');
      answer.on('error', () => {});
      request.destroy();
      await until('the upstream to see the client leave', () => legacy.aborted > aborted);
    });

    test('hands over the headers of an answer whose body lets wait for itself', async () => {
      const request = httpRequest(facade.url, { path: '/headers-only', agent: false });
      request.on('error', () => {});
      request.end();
      const [answer] = await once(request, 'response');
      expect(answer.headers['content-length']).toBe('5');
      answer.on('error', () => {});
      request.destroy();
    });

    test('aborts the upstream when the client leaves before the answer', async () => {
      const { aborted } = legacy;
      const before = legacy.seen.length;
      const request = httpRequest(facade.url, { path: '/never', agent: false });
      request.on('error', () => {});
      request.end();
      await until('the request upstream', () => legacy.seen.length > before);
      request.destroy();
      await until('the upstream to see the client leave', () => legacy.aborted > aborted);
    });

    test.each([
      ['/never', 504, 'UPSTREAM_HEADERS_TIMEOUT_LEGACY'],
      ['/reset', 502, 'UPSTREAM_HEADERS_LEGACY'],
      ['/garbage', 502, 'UPSTREAM_PROTOCOL_LEGACY'],
    ])('answers %s with %i %s', async (path, status, expected) => {
      const answer = await ask(facade.url, { path });
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(code(answer.body)).toBe(expected);
    });

    test('cuts the client off when the upstream breaks off in the middle of its answer', async () => {
      await expect(ask(facade.url, { path: '/cut' })).rejects.toThrow(/aborted|hang up/);
    });

    test('answers 502 with the code of the connection when nobody listens', async () => {
      const gone = await awkwardUpstream('gone');
      await gone.close();
      const dead = await facadeOf(planOf({ legacy: { url: gone.url, build: null } }));
      const answer = await ask(dead.url, { path: '/', method: 'POST', body: 'x' });
      expect([answer.status, code(answer.body)]).toEqual([502, 'UPSTREAM_CONNECT_LEGACY']);
      expect(answer.body.toString()).not.toContain(String(gone.port));
      await dead.close();
    });

    test('tells a client that stands still from an upstream that does', async () => {
      const timeouts = { connectMs: 1000, headersMs: 5000, idleMs: 150 };
      const hasty = await facadeOf(planOf({ legacy: { url: legacy.url, build: null }, timeouts }));
      const half = 'POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf';
      expect(await rawAsk(hasty.port, half)).toMatch(/^HTTP\/1\.1 408[\s\S]*ROUTE_BODY_TIMEOUT/);
      // This one never reads: its buffers fill, and the client's too.
      const deaf = createServer((socket) => socket.pause()).listen(0, '127.0.0.1');
      await once(deaf, 'listening');
      const { port } = deaf.address() as AddressInfo;
      const legacyUrl = { url: `http://127.0.0.1:${port}`, build: null };
      const stuck = await facadeOf(planOf({ legacy: legacyUrl, timeouts }));
      const body = Buffer.alloc(32 * 1024 * 1024);
      const answer = await ask(stuck.url, { path: '/', method: 'POST', body }).catch((error) => error);
      // The answer may be lost to a client that is still sending; the log is not.
      if ('status' in answer) expect(code(answer.body)).toBe('UPSTREAM_IDLE_TIMEOUT_LEGACY');
      expect(stuck.logged.join()).toContain('"stage":"IDLE_TIMEOUT"');
      await stuck.close();
      await hasty.close();
      deaf.close();
    }, 15_000);

    test('cuts the client off when the answer stands still', async () => {
      const timeouts = { connectMs: 1000, headersMs: 1000, idleMs: 150 };
      const hasty = await facadeOf(planOf({ legacy: { url: legacy.url, build: null }, timeouts }));
      await expect(ask(hasty.url, { path: '/headers-only' })).rejects.toThrow(/aborted|hang up/);
      await hasty.close();
    });

    test('lets the upstream wait for a client that does not read', async () => {
      let sent = 0;
      const endless = createServer((socket) => {
        const more = () => {
          while (!socket.destroyed && socket.write(PIECE)) sent += PIECE.length;
        };
        socket.on('error', () => {}).on('drain', more);
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n');
          more();
        });
      }).listen(0, '127.0.0.1');
      await once(endless, 'listening');
      const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
      const patient = await facadeOf(planOf({ legacy: { url, build: null } }));
      const client = connect(patient.port, '127.0.0.1');
      client.on('error', () => {}).pause();
      client.write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n');
      const samples: number[] = [];
      await until('the upstream to stand still', () => {
        samples.push(sent);
        return samples.length > 10 && sent > 0 && samples.slice(-10).every((bytes) => bytes === sent);
      });
      expect(sent).toBeLessThan(64 * 1024 * 1024);
      client.destroy();
      await patient.close();
      endless.close();
    });

    test('asks again for a read whose idle connection was closed under it, and not for a write', async () => {
      const requests: string[] = [];
      // Every connection answers once and ends with the next request: it was closed while that was on its way.
      const closing = createServer((socket) => {
        let answered = false;
        socket
          .on('error', () => {})
          .on('data', (bytes) => {
            requests.push(String(bytes).split(' ', 1)[0] as string);
            if (answered) socket.destroy();
            else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
            answered = true;
          });
      }).listen(0, '127.0.0.1');
      await once(closing, 'listening');
      const url = `http://127.0.0.1:${(closing.address() as AddressInfo).port}`;
      const front = await facadeOf(planOf({ legacy: { url, build: null } }));
      for (let i = 0; i < 4; i++) expect((await ask(front.url, { path: '/' })).status).toBe(200);
      expect(requests).toEqual(Array(7).fill('GET'));
      requests.length = 0;
      const writes = [];
      for (let i = 0; i < 4; i++)
        writes.push((await ask(front.url, { path: '/', method: 'POST', body: 'x' })).status);
      expect(writes).toContain(502);
      expect(requests).toHaveLength(4);
      await front.close();
      closing.close();
    });

    test('uses connections to the upstream again', async () => {
      // One that nobody has used: connections of other requests may be busy or about to be closed.
      const fresh = await facadeOf(planOf({ legacy: { url: legacy.url, build: null } }));
      let connections = 0;
      const count = () => connections++;
      legacy.server.on('connection', count);
      for (let i = 0; i < 5; i++) await ask(fresh.url, { path: '/reason' });
      legacy.server.off('connection', count);
      await fresh.close();
      expect(connections).toBe(1);
    });

    test('joins WebSockets both ways, with the path that was asked for', async () => {
      const client = new WebSocket(`ws://127.0.0.1:${facade.port}/ws?room=1`);
      await once(client, 'open');
      client.send('hello');
      const [text] = await once(client, 'message');
      expect(String(text)).toBe('legacy:hello');
      const bytes = Buffer.from([0, 255, 128]);
      client.send(bytes);
      const [echoed] = await once(client, 'message');
      expect(bytes.equals(echoed)).toBe(true);
      expect(legacy.seen.at(-1)?.url).toBe('/ws?room=1');
      client.close();
      await once(client, 'close');
    });

    test('passes on the answer of an upstream that refuses to upgrade', async () => {
      const client = new WebSocket(`ws://127.0.0.1:${facade.port}/ws-refused`);
      const [, answer] = await once(client, 'unexpected-response');
      expect(answer.statusCode).toBe(403);
      expect(answer.headers['x-why']).toBe('rules');
      client.on('error', () => {});
      client.terminate();
    });

    test('refuses an upgrade with a problem when nobody listens', async () => {
      const gone = await awkwardUpstream('gone');
      await gone.close();
      const dead = await facadeOf(planOf({ legacy: { url: gone.url, build: null } }));
      const text = await rawAsk(
        dead.port,
        'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n',
      );
      expect(text).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
      expect(text).toContain('"code":"UPSTREAM_CONNECT_LEGACY"');
      await dead.close();
    });

    test('serves a request that offers another upgrade as plain HTTP', async () => {
      const answer = await rawAsk(
        facade.port,
        'GET /reason HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n\r\n',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 299 Quite Fine/);
    });
  });
}
