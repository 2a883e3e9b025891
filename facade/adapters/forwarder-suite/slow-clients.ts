import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Plan } from '#plan/model/plan.ts';
import type { Forwarder } from '../../http/forwarder.ts';
import { facadeOf, type TestFacade, TOKEN } from '../../test-kit/facade-of.ts';
import { planOf, routeOf } from '../../test-kit/plan-of.ts';
import { ask } from '../../test-kit/raw-client.ts';
import { type SocketUpstream, socketUpstream, type Wire } from '../../test-kit/socket-upstream.ts';
import { until } from '../../test-kit/until.ts';

const WINDOW_MS = 200;
const TRICKLE_MS = 20;
/** More than the kernel takes for a client that reads nothing. */
const BIG = 64 * 1024 * 1024;

/** Clients that send or read next to nothing, and connections, upstreams and places that they must not keep. */
export function slowClientTests(name: string, create: () => Forwarder): void {
  describe(`over ${name}, a client`, () => {
    const closing: (() => unknown)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });
    async function between(
      onData: (wire: Wire) => void,
      part: Partial<Plan> = {},
    ): Promise<[SocketUpstream, TestFacade]> {
      const upstream = await socketUpstream(onData);
      const plan = planOf({
        candidates: new Map([['catalog', { url: upstream.url, build: null }]]),
        routes: [routeOf('articles', ['/*all'])],
        timeouts: { connectMs: 2000, headersMs: 5000, idleMs: WINDOW_MS },
        clients: { headMs: WINDOW_MS, minBytesPerSecond: 1000, keepAliveMs: 65_000 },
        health: { path: '/livez', intervalMs: 0, ejectAtRatio: 0.3, minimum: 3, windowMs: 60_000 },
        ...part,
      });
      const facade = await facadeOf(plan, { forwarder: create() });
      await facade.put('articles', 'candidate');
      closing.push(upstream.close, facade.close);
      return [upstream, facade];
    }
    /** Sends `begin`, then `bytes` one by one; `heard` is what came back. */
    function trickle(facade: TestFacade, begin: string, bytes: string) {
      const socket = connect(facade.port, '127.0.0.1');
      const client = { heard: '', closed: false };
      let at = 0;
      const timer = setInterval(() => {
        if (bytes) socket.write(bytes[at++ % bytes.length] as string);
      }, TRICKLE_MS);
      socket
        .setEncoding('latin1')
        .on('error', () => {})
        .on('close', () => {
          clearInterval(timer);
          client.closed = true;
        })
        .on('data', (text) => {
          client.heard += text;
        });
      socket.write(begin);
      closing.push(() => socket.destroy());
      return client;
    }
    const metric = async (facade: TestFacade, line: string) =>
      (await ask(facade.adminUrl, { path: '/metrics' })).body.toString().includes(line);
    const lastDecision = (facade: TestFacade) => {
      const line = facade.logged.findLast((text) => text.includes('"msg":"request"'));
      return line === undefined ? null : JSON.parse(line);
    };

    test.each([
      ['byte by byte', 'GET /a', 'x'],
      ['header by header', 'GET /a HTTP/1.1\r\nHost: x\r\n', 'a:b\r\n'],
      ['never', '', ''],
    ])('whose head comes %s is answered 408, and nobody is asked', async (_how, begin, bytes) => {
      const [upstream, facade] = await between(() => {});
      const client = trickle(facade, begin, bytes);
      await until('the end of the connection', () => client.closed);
      expect(client.heard).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"ROUTE_BODY_TIMEOUT"/);
      expect(upstream.wires).toHaveLength(0);
    });

    test.each([
      ['of a known length', 'Content-Length: 1000000', 'x'],
      ['in chunks', 'Transfer-Encoding: chunked', '1\r\nx\r\n'],
    ])(
      'whose body %s comes byte by byte is answered 408, and its upstream let go',
      async (_how, framing, bytes) => {
        const [upstream, facade] = await between(() => {});
        const client = trickle(facade, `POST /a HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`, bytes);
        await until('the answer', () => client.heard.includes('"code":"ROUTE_BODY_TIMEOUT"'));
        expect(client.heard).toMatch(/^HTTP\/1\.1 408 /);
        await until('the upstream to be let go', () => upstream.wires[0]?.ended);
        await until('the end of the connection', () => client.closed);
        expect(lastDecision(facade)).toMatchObject({ upstream: 'candidate', status: 408 });
        expect(await metric(facade, 'fig_slow_clients_total{part="body"} 1')).toBe(true);
      },
    );

    test('that reads nothing of a large answer is cut off; its upstream is let go, and not blamed', async () => {
      // Long enough for an upstream that shares this process and goes on a turn later.
      const timeouts = { connectMs: 2000, headersMs: 5000, idleMs: 5 * WINDOW_MS };
      const [upstream, facade] = await between(
        (wire) => {
          const { socket } = wire;
          wire.text = '';
          if (wire.socket.listenerCount('drain') > 0) return;
          let left = BIG;
          const more = () => {
            while (left > 0 && !socket.destroyed) {
              left -= 65_536;
              if (!socket.write(PIECE)) return;
            }
          };
          socket.on('drain', more).write(`HTTP/1.1 200 OK\r\nContent-Length: ${BIG}\r\n\r\n`);
          more();
        },
        { timeouts },
      );
      for (let i = 1; i <= 3; i++) {
        const deaf: Socket = connect(facade.port, '127.0.0.1').pause();
        deaf.on('error', () => {}).write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
        closing.push(() => deaf.destroy());
        await until('the end of the request', async () =>
          metric(facade, `fig_slow_clients_total{part="answer"} ${i}`),
        );
        await until('the upstream to be let go', () => upstream.wires.at(-1)?.ended);
        expect(lastDecision(facade)).toMatchObject({ upstream: 'candidate', status: 499 });
      }
      const headers = { authorization: `Bearer ${TOKEN}` };
      const { body } = await ask(facade.adminUrl, { path: '/v1/upstreams', headers });
      const candidate = JSON.parse(body.toString()).upstreams.find(
        (one: { party: string }) => one.party === 'candidate',
      );
      expect(candidate).toMatchObject({ state: 'ok', inFlight: 0 });
    });

    test("that leaves in the middle of its answer is nobody else's fault", async () => {
      const [upstream, facade] = await between(({ socket }) =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
      );
      const client = connect(facade.port, '127.0.0.1');
      client.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(client, 'data');
      client.destroy();
      await until('the upstream to be let go', () => upstream.wires[0]?.ended);
      await until('the end of the request', () => lastDecision(facade));
      expect(lastDecision(facade)).toMatchObject({ upstream: 'candidate', status: 499 });
    });

    test('that reads slowly is waited for as long as it reads enough', async () => {
      // An answer beyond what the kernel takes, and a client that takes a piece of it now and then. The kernel asks for
      // more only when a good part of its own, some MB, has been taken.
      const [, facade] = await between(
        ({ socket }) => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BIG / 2}\r\n\r\n`);
          socket.write(Buffer.alloc(BIG / 2, 'x'));
        },
        { timeouts: { connectMs: 2000, headersMs: 5000, idleMs: 5 * WINDOW_MS } },
      );
      const client = connect(facade.port, '127.0.0.1');
      closing.push(() => client.destroy());
      let bytes = 0;
      client.on('data', (chunk) => {
        bytes += chunk.length;
        client.pause();
        setTimeout(() => client.resume(), 5);
      });
      client.write('GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await once(client, 'close');
      expect(bytes).toBeGreaterThan(BIG / 2);
    });
  });
}

const PIECE = Buffer.alloc(65_536, 'x');
