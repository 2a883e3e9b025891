import { Agent, createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { facadeOf, listenOn, type TestFacade } from '../test-kit/facade-of.ts';
import { planOf } from '../test-kit/plan-of.ts';
import { ask, rawAsk } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';

describe('a client cannot reach into the connection that others share to the upstream:', () => {
  let upstream: Server;
  let seen: string[];
  let facade: TestFacade;
  const agent = new Agent({ keepAlive: true });
  beforeAll(async () => {
    // Answers before the body: what a server does that has no use for the body of a GET.
    upstream = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      request.resume();
      response.end(`${request.method} ${request.url}`);
    });
    // Like servers that do not speak WebSocket: the request is served as if it had not asked.
    const port = await listenOn(upstream);
    facade = await facadeOf(planOf({ legacy: { url: `http://127.0.0.1:${port}`, build: null } }));
  });
  beforeEach(() => {
    seen = [];
  });
  afterEach(() => agent.destroy());
  afterAll(async () => {
    await facade.close();
    upstream.closeAllConnections();
    upstream.close();
  });

  const victims = async () => {
    for (const path of ['/victim-1', '/victim-2'])
      expect((await ask(facade.url, { path })).body.toString()).toBe(`GET ${path}`);
    expect(seen.filter((line) => line.includes('smuggled'))).toEqual([]);
  };
  const send = (bytes: string) => {
    const socket = connect(facade.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.on('error', () => {});
    return { socket, answered: new Promise((resolve) => socket.once('data', resolve)) };
  };

  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'POST'])(
    'not by a %s whose Connection header names content-length',
    async (method) => {
      const body = 'POST /smuggled HTTP/1.1\r\nHost: s\r\nContent-Length: 0\r\nX-Swallow: ';
      const { socket, answered } = send(
        `${method} /b HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await answered;
      await victims();
      expect(seen[0]).toBe(`${method} /b`);
      socket.destroy();
    },
  );

  test.each(['GET', 'DELETE'])(
    'not by a %s whose length stands behind a thousand headers',
    async (method) => {
      const body = 'POST /smuggled HTTP/1.1\r\nHost: s\r\nContent-Length: 0\r\nX-Swallow: ';
      const filler = Array.from({ length: 1100 }, (_, i) => `a${i}:\r\n`).join('');
      const { socket, answered } = send(
        `${method} /b HTTP/1.1\r\nHost: a\r\n${filler}Content-Length: ${body.length}\r\n\r\n${body}`,
      );
      await answered;
      await victims();
      socket.destroy();
    },
  );

  test.each([
    ['a length', 'Content-Length: 60\r\n', ''],
    ['a body', 'Content-Length: 4\r\n', 'body'],
    ['a chunked body', 'Transfer-Encoding: chunked\r\n', '4\r\nbody\r\n0\r\n\r\n'],
  ])('not by an upgrade with %s, which is refused', async (_what, header, body) => {
    const text = await rawAsk(
      facade.port,
      `GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${header}\r\n${body}`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*ROUTE_REQUEST_INVALID/);
    await victims();
    expect(seen).toHaveLength(2);
  });

  test('not by an upgrade that the upstream answers as a plain request: its connection is used by nobody else', async () => {
    const ports = new Set<number>();
    upstream.on('request', (request) => ports.add(request.socket.remotePort ?? 0));
    await ask(facade.url, { path: '/victim' });
    const before = ports.size;
    const { socket } = send(
      'GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await until('the upgrade upstream', () => seen.includes('GET /plain'));
    expect(ports.size).toBe(before + 1);
    socket.destroy();
  });
});
