import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import type { Plan } from '#plan/model/plan.ts';
import type { Forwarder } from '../../http/forwarder.ts';
import { facadeOf, listenOn, type TestFacade } from '../../test-kit/facade-of.ts';
import { planOf } from '../../test-kit/plan-of.ts';
import { ask, rawAsk } from '../../test-kit/raw-client.ts';
import { socketUpstream } from '../../test-kit/socket-upstream.ts';
import { until } from '../../test-kit/until.ts';

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

/** A writer that could write nothing for so many looks stands still. */
const STILL_LOOKS = 50;

/** WebSockets, from the handshake to the close frame. */
export function upgradeTests(name: string, create: () => Forwarder): void {
  describe(`over ${name}, a WebSocket`, () => {
    const closing: (() => unknown)[] = [];
    let server: Server;
    let sockets: WebSocketServer;
    let facade: TestFacade;
    /** The upstream's end of the connections that stand. */
    let ends: WebSocket[];
    beforeEach(async () => {
      ends = [];
      server = createServer((request, response) => {
        if (request.url === '/idle') response.writeHead(200, { 'content-length': 5 }).flushHeaders();
        else response.end('plain');
      });
      sockets = new WebSocketServer({
        server,
        perMessageDeflate: true,
        maxPayload: 64 * 1024 * 1024,
        handleProtocols: (protocols) => [...protocols].find((protocol) => protocol === 'chat.v2') ?? false,
      });
      sockets.on('connection', (end) => {
        ends.push(end.on('error', () => {}));
        end.on('message', (data, binary) => end.send(data, { binary }));
      });
      facade = await through(`http://127.0.0.1:${await listenOn(server)}`);
    });
    afterEach(async () => {
      for (const end of ends) end.terminate();
      for (const close of closing.splice(0).reverse()) await close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    async function through(url: string, timeouts: Partial<Plan['timeouts']> = {}) {
      const plan = planOf({
        legacy: { url, build: null },
        timeouts: { connectMs: 1000, headersMs: 5000, idleMs: 5000, ...timeouts },
      });
      const made = await facadeOf(plan, { forwarder: create() });
      closing.push(made.close);
      return made;
    }
    const open = async (options: { protocols?: string[]; compressed?: boolean; to?: TestFacade } = {}) => {
      const client = new WebSocket(
        `ws://127.0.0.1:${(options.to ?? facade).port}/ws`,
        options.protocols ?? [],
        {
          perMessageDeflate: options.compressed ?? false,
          maxPayload: 64 * 1024 * 1024,
        },
      );
      client.on('error', () => {});
      closing.push(() => client.terminate());
      const before = ends.length;
      await once(client, 'open');
      const end = await until('the end upstream', () => ends[before]);
      return { client, end };
    };

    test.each([
      [1000, 'done'],
      [1001, 'going away'],
      [1011, 'broken'],
      [4123, 'own reason with ü'],
    ])('passes the close code %i and its reason on, whoever closes', async (code, reason) => {
      for (const side of ['client', 'upstream']) {
        const { client, end } = await open();
        const [closes, hears] = side === 'client' ? [client, end] : [end, client];
        const heard = once(hears, 'close');
        closes.close(code, reason);
        const [gotCode, gotReason] = await heard;
        expect([gotCode, String(gotReason)]).toEqual([code, reason]);
      }
    });

    test('that is cut off on one side is cut off on the other, without a close code', async () => {
      for (const side of ['client', 'upstream']) {
        const { client, end } = await open();
        const [cut, hears] = side === 'client' ? [client, end] : [end, client];
        const heard = once(hears, 'close');
        cut.terminate();
        expect((await heard)[0]).toBe(1006);
      }
    });

    test('that the facade ends is ended on both sides, also in the middle of a message', async () => {
      for (const bytes of [0, 1024 * 1024]) {
        const { client, end } = await open();
        const heard = Promise.all([once(client, 'close'), once(end, 'close')]);
        if (bytes > 0) client.send(Buffer.alloc(bytes));
        for (const socket of facade.handler.openStreams()) socket.destroy();
        expect((await heard).map(([code]) => code)).toEqual([1006, 1006]);
      }
      const connections = () =>
        new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
      await until('the connections upstream to go', async () => (await connections()) === 0);
    });

    test.each(['client', 'upstream'])(
      'of which the %s has ended is let go, also when the other side never ends',
      async (leaver) => {
        const quiet = await socketUpstream(({ text, socket }) => {
          if (text.includes('\r\n\r\n')) socket.write(`${SWITCHED}\r\n`);
        });
        closing.push(quiet.close);
        const front = await through(quiet.url);
        const client = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: true });
        closing.push(() => client.destroy());
        client.write(`GET /ws HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`);
        await once(client, 'data');
        expect(front.handler.openStreams()).toHaveLength(1);
        if (leaver === 'client') client.end();
        else quiet.wires[0]?.socket.end();
        await until('the connection to go', () => front.handler.openStreams().length === 0);
      },
      20_000,
    );

    test.each([false, true])('carries frames of 1 MB and of 20 MB, compressed: %j', async (compressed) => {
      const { client } = await open({ compressed });
      expect(client.extensions).toBe(compressed ? 'permessage-deflate' : '');
      for (const bytes of [1024 * 1024, 20 * 1024 * 1024]) {
        const frame = randomBytes(bytes);
        client.send(frame);
        const [echoed] = await once(client, 'message');
        expect(frame.equals(echoed)).toBe(true);
      }
    });

    test('passes pings and pongs both ways, with what they carry', async () => {
      const { client, end } = await open();
      for (const [asks, answers] of [
        [client, end],
        [end, client],
      ] as const) {
        const pinged = once(answers, 'ping');
        const ponged = once(asks, 'pong');
        asks.ping('are you there?');
        expect(String((await pinged)[0])).toBe('are you there?');
        expect(String((await ponged)[0])).toBe('are you there?');
      }
    });

    test('speaks the subprotocol that the upstream chose', async () => {
      expect((await open({ protocols: ['chat.v1', 'chat.v2'] })).client.protocol).toBe('chat.v2');
    });

    test('lets each side wait for the other one that does not read', async () => {
      const { client, end } = await open();
      for (const [writes, reads] of [
        [client, end],
        [end, client],
      ] as const) {
        reads.removeAllListeners('message');
        reads.pause();
        const piece = Buffer.alloc(256 * 1024);
        let sent = 0;
        let received = 0;
        for (let still = 0; still < STILL_LOOKS; still++) {
          while (writes.bufferedAmount < 4 * piece.length) {
            writes.send(piece);
            sent += piece.length;
            still = 0;
          }
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        // Buffers of four sockets and of both programs, not what the other side will never read.
        expect(sent).toBeLessThan(64 * 1024 * 1024);
        reads.on('message', (data: Buffer) => {
          received += data.length;
        });
        reads.resume();
        await until('everything to arrive', () => received === sent);
      }
    }, 60_000);

    test('is not cut off for being silent', async () => {
      const hasty = await through(`http://127.0.0.1:${await listenOnceMore()}`, { idleMs: 200 });
      const { client } = await open({ to: hasty });
      // By the time three such answers were cut off, a connection that idleness ends would be gone.
      for (let i = 0; i < 3; i++) await expect(ask(hasty.url, { path: '/idle' })).rejects.toThrow();
      client.send('still here');
      expect(String((await once(client, 'message'))[0])).toBe('still here');
    });
    /** The same upstream is asked by a facade with shorter timeouts. */
    const listenOnceMore = async () => (server.address() as { port: number }).port;

    test('loses nothing of what comes in one packet with its handshake, on either side', async () => {
      const early = await socketUpstream((wire) => {
        if (!wire.text.includes('\r\n\r\n')) return;
        const behind = wire.text.slice(wire.text.indexOf('\r\n\r\n') + 4);
        if (!wire.socket.bytesWritten) wire.socket.write(`${SWITCHED}X-Own: 1\r\n\r\nfrom the upstream,`);
        if (behind === 'from the client') wire.socket.end('and the end');
      });
      closing.push(early.close);
      const front = await through(early.url);
      const text = await rawAsk(front.port, `GET /ws HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\nfrom the client`);
      expect(text).toMatch(
        /^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*X-Own: 1[\s\S]*\r\n\r\nfrom the upstream,and the end$/i,
      );
    });

    test('reaches the upstream with every header of its handshake', async () => {
      let seen = '';
      const noting = await socketUpstream((wire) => {
        seen = wire.text;
        if (wire.text.includes('\r\n\r\n'))
          wire.socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
      });
      closing.push(noting.close);
      const front = await through(noting.url);
      await rawAsk(
        front.port,
        `GET /ws?a=1 HTTP/1.1\r\nHost: www.example\r\n${UPGRADE}Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nOrigin: https://www.example\r\nCookie: sid=1\r\n\r\n`,
      );
      for (const line of [
        'GET /ws?a=1 HTTP/1.1',
        'Host: www.example',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Protocol: a, b',
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
        'Origin: https://www.example',
        'Cookie: sid=1',
      ])
        expect(seen.toLowerCase()).toContain(`${line.toLowerCase()}\r\n`);
    });

    test.each([
      [
        'a length',
        'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 200000\r\n\r\n',
        'x'.repeat(200_000),
      ],
      [
        'chunks',
        'HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n',
        '4\r\nlate\r\n0\r\n\r\n',
      ],
      ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n', ''],
    ])('that is refused gets the whole answer (%s)', async (_what, head, body) => {
      const refusing = await socketUpstream((wire) => {
        if (wire.text.includes('\r\n\r\n')) wire.socket.write(head + body);
      });
      closing.push(refusing.close);
      const front = await through(refusing.url);
      const text = await rawAsk(front.port, `GET /ws HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`);
      expect(text.split('\r\n', 1)[0]).toBe(head.split('\r\n', 1)[0]);
      expect(text.endsWith(`\r\n\r\n${body}`)).toBe(true);
    });

    test.each([
      ['never answers', () => {}, '504', 'UPSTREAM_HEADERS_TIMEOUT_LEGACY'],
      ['closes', (socket: { destroy(): void }) => socket.destroy(), '502', 'UPSTREAM_HEADERS_LEGACY'],
      [
        'talks gibberish',
        (socket: { end(text: string): void }) => socket.end('what?\r\n\r\n'),
        '502',
        'UPSTREAM_PROTOCOL_LEGACY',
      ],
    ])('whose upstream %s is answered with a problem', async (_what, act, status, code) => {
      const bad = await socketUpstream((wire) => act(wire.socket));
      closing.push(bad.close);
      const front = await through(bad.url, { headersMs: 200 });
      const text = await rawAsk(front.port, `GET /ws HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`);
      expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*"code":"${code}"`));
    });

    test('whose client leaves during the handshake is given up upstream', async () => {
      const silent = await socketUpstream(() => {});
      closing.push(silent.close);
      const front = await through(silent.url, { headersMs: 500 });
      const socket = connect(front.port, '127.0.0.1', () =>
        socket.write(`GET /ws HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`),
      );
      socket.on('error', () => {});
      await until('the handshake upstream', () => silent.wires.some(({ text }) => text.includes('/ws')));
      socket.destroy();
      await until(
        'the upstream to see it',
        () => silent.wires.find(({ text }) => text.includes('/ws'))?.ended,
      );
    });
  });
}
