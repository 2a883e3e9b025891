import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Forwarder } from '../../http/forwarder.ts';
import { facadeOf, type TestFacade } from '../../test-kit/facade-of.ts';
import { planOf } from '../../test-kit/plan-of.ts';
import { ask } from '../../test-kit/raw-client.ts';
import { socketUpstream, type Wire } from '../../test-kit/socket-upstream.ts';
import { until } from '../../test-kit/until.ts';

const HEAD = 'POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n';
const CHUNK = '2\r\nab\r\n';
const NO_CHUNK = 'no size\r\n';
/** Each body begins at an upstream at another moment, or never. */
const TIMES = 40;

const answer = ({ socket }: Wire) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
const isWhole = ({ text }: Wire) => text.includes('\r\n0\r\n\r\n') || text.startsWith('GET ');

/** Requests whose body is none or breaks off, and whether the decision log names an upstream that knows of them. */
export function brokenBodyTests(name: string, create: () => Forwarder): void {
  describe(`over ${name}, a request whose body breaks`, () => {
    const closing: (() => unknown)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });
    async function between(scheme = 'http', concurrency = 512) {
      const upstream = await socketUpstream((wire) => isWhole(wire) && answer(wire));
      const facade = await facadeOf(
        planOf({
          legacy: { url: upstream.url.replace('http', scheme), build: null },
          health: { path: '/', intervalMs: 0, ejectAtRatio: 1, minimum: 1000, windowMs: 60_000 },
          bulkhead: { concurrency, queue: 10 },
        }),
        { forwarder: create() },
      );
      closing.push(upstream.close, facade.close);
      return { upstream, facade };
    }
    const decided = ({ logged }: TestFacade) =>
      logged.filter((line) => line.includes('"msg":"request"')).map((line) => JSON.parse(line));
    function say(facade: TestFacade, bytes: string): Socket {
      const socket = connect(facade.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
      closing.push(() => socket.destroy());
      return socket.on('error', () => {}).resume();
    }

    test.each<[string, (socket: Socket) => unknown, number]>([
      ['turns out to be none', (socket) => socket.write(NO_CHUNK), 400],
      ['is not ended by a client that ends', (socket) => socket.end(), 400],
      ['is not ended by a client that is gone', (socket) => socket.resetAndDestroy(), 499],
    ])('and %s names the upstream that has its beginning, and says so', async (_how, breakIt, status) => {
      const { upstream, facade } = await between();
      const socket = say(facade, `${HEAD}\r\n${CHUNK}`);
      await until('the beginning', () => upstream.wires[0]?.text.endsWith(CHUNK));
      breakIt(socket);
      await until('its line', () => decided(facade).length === 1);
      expect(decided(facade)).toMatchObject([
        { upstream: 'legacy', reason: 'UNMATCHED', status, sent: 'part' },
      ]);
    });

    test.each<[string, string, (socket: Socket) => unknown, object]>([
      [
        'turns out to be none',
        `${HEAD}\r\n${CHUNK}`,
        (socket) => socket.write(NO_CHUNK),
        { reason: 'ROUTE_REQUEST_INVALID', status: 400 },
      ],
      [
        'is broken off',
        `${HEAD}\r\n${CHUNK}`,
        (socket) => socket.resetAndDestroy(),
        { reason: 'UNMATCHED', status: 499 },
      ],
    ])('and %s before its upstream is reached names none', async (_how, begin, breakIt, line) => {
      // A door that says nothing of its certificate: the connection stands, and no request can be sent.
      const { upstream, facade } = await between('https');
      const socket = say(facade, begin);
      await until('the connection', () => upstream.wires.length === 1);
      breakIt(socket);
      await until('its line', () => decided(facade).length === 1);
      expect(decided(facade)).toEqual([expect.objectContaining({ ...line, upstream: 'none' })]);
      expect(decided(facade)[0]).not.toHaveProperty('sent');
    });

    test('while it waits for a place names none, and why', async () => {
      const { upstream, facade } = await between('http', 1);
      say(facade, `${HEAD}\r\n${CHUNK}`);
      await until('the one before', () => upstream.wires[0]?.text.endsWith(CHUNK));
      say(facade, `${HEAD}\r\n${CHUNK}${NO_CHUNK}`);
      await until('its line', () => decided(facade).length === 1);
      expect(decided(facade)).toMatchObject([
        { upstream: 'none', reason: 'ROUTE_REQUEST_INVALID', status: 400 },
      ]);
      expect(upstream.wires).toHaveLength(1);
    });

    test('at any moment names the upstream if that has got something of it, and none if not', async () => {
      const { upstream, facade } = await between();
      const line = (i: number) => `X-Request-Id: broken-${i}\r\n\r\n`;
      for (let i = 0; i < TIMES; i++) {
        // Every other time over a connection that stands.
        if (i % 2 === 0) await ask(facade.url, { path: '/' });
        const broken = i % 4 < 2;
        const socket = say(facade, HEAD + line(i) + (broken ? CHUNK + NO_CHUNK : ''));
        const turns = Math.floor(i / 4);
        if (!broken) {
          await new Promise((resolve) => socket.once('connect', resolve));
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
          socket.resetAndDestroy();
        }
        await until('its end', () => socket.closed);
      }
      const ids = (text: string) => text.match(/(?<=x-request-id: )broken-\d+/gi) ?? [];
      const lines = () => decided(facade).filter(({ method }) => method === 'POST');
      await until('the upstream to be let go', () =>
        upstream.wires.filter(({ text }) => text.includes('POST')).every(({ ended }) => ended),
      );
      const seen = new Set(upstream.wires.flatMap(({ text }) => ids(text)));
      for (const { requestId, upstream: named } of lines())
        expect([requestId, named]).toEqual([requestId, seen.has(requestId) ? 'legacy' : 'none']);
      expect(lines().length).toBeGreaterThanOrEqual(TIMES / 2);
    });

    test('not, but was left whole by a client, names its upstream', async () => {
      const { upstream, facade } = await between();
      const socket = say(facade, 'PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab');
      await until('the request', () => upstream.wires[0]?.text.endsWith('\r\n\r\nab'));
      socket.resetAndDestroy();
      await until('its line', () => decided(facade).length === 1);
      expect(decided(facade)).toMatchObject([{ upstream: 'legacy', reason: 'UNMATCHED', status: 499 }]);
      expect(decided(facade)[0]).not.toHaveProperty('sent');
    });
  });
}
