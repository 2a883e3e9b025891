import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Forwarder } from '../../http/forwarder.ts';
import { facadeOf, type TestFacade } from '../../test-kit/facade-of.ts';
import { planOf } from '../../test-kit/plan-of.ts';
import { ask } from '../../test-kit/raw-client.ts';
import { type SocketUpstream, socketUpstream, type Wire } from '../../test-kit/socket-upstream.ts';
import { until } from '../../test-kit/until.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const POST = { method: 'POST', body: 'x' };
const hasHead = ({ text }: Wire) => text.includes('\r\n\r\n');

/** Upstreams that fall silent or half silent, at every point of an exchange, and connections of which one half is closed. */
export function silenceTests(name: string, create: () => Forwarder): void {
  describe(`over ${name}, an upstream`, () => {
    const closing: (() => unknown)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });
    async function between(
      onData: (wire: Wire) => void,
      { scheme = 'http', headersMs = 300, idleMs = 300 } = {},
    ): Promise<[SocketUpstream, TestFacade]> {
      const upstream = await socketUpstream(onData);
      const legacy = { url: upstream.url.replace('http', scheme), build: null };
      const timeouts = { connectMs: 300, headersMs, idleMs };
      const health = { path: '/', intervalMs: 0, ejectAtRatio: 1, minimum: 1000, windowMs: 60_000 };
      const facade = await facadeOf(planOf({ legacy, timeouts, health }), { forwarder: create() });
      closing.push(upstream.close, facade.close);
      return [upstream, facade];
    }
    /** Writes `piece` again and again until the facade has had enough. */
    const forEver =
      (piece: string, begin = '') =>
      (wire: Wire) => {
        if (!hasHead(wire) || wire.socket.listenerCount('drain') > 0) return;
        // Marks the connection as answered.
        wire.socket.on('drain', () => {}).write(begin);
        const timer = setInterval(() => wire.socket.write(piece), 20);
        wire.socket.once('close', () => clearInterval(timer));
      };
    const lastDecision = (facade: TestFacade) =>
      facade.logged.filter((line) => line.includes('"msg":"request"')).map((line) => JSON.parse(line).status);

    test.each<[string, (wire: Wire) => void]>([
      ['sends half a head and no more', (wire) => wire.socket.write(`${HEAD}X-Half: `)],
      ['sends a head for ever', forEver('X-More: 1\r\n', HEAD)],
      ['sends hints for ever', forEver('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')],
      ['says Continue and no more', (wire) => wire.socket.write('HTTP/1.1 100 Continue\r\n\r\n')],
    ])('that %s is given up', async (what, onData) => {
      const [upstream, facade] = await between(onData);
      // Undici takes an unasked Continue for no answer to a GET, and says so.
      const asked = what.includes('Continue') ? [POST] : [{}, POST];
      for (const options of asked) {
        const answer = await ask(facade.url, { path: '/', ...options });
        expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([
          504,
          'UPSTREAM_HEADERS_TIMEOUT_LEGACY',
        ]);
      }
      await until('the connections to end', () => upstream.wires.every(({ ended }) => ended));
    });

    test.each([
      ['chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nab`],
      ['chunk size', `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n5`],
      ['trailer', `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: `],
      ['body until the end of the connection', `${HEAD}\r\nab`],
    ])(
      'that stops in the middle of a %s is given up, and its answer does not pass for whole',
      async (_what, text) => {
        const [upstream, facade] = await between(({ socket }) => socket.write(text));
        await expect(ask(facade.url, { path: '/' })).rejects.toThrow(/aborted|hang up/);
        await until('the connection to end', () => upstream.wires[0]?.ended);
        await until('the end of the request', () => lastDecision(facade)[0] === 0);
      },
    );

    test('that accepts a connection and speaks no TLS is given up', async () => {
      const [upstream, facade] = await between(() => {}, { scheme: 'https' });
      const answer = await ask(facade.url, { path: '/' });
      expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([
        504,
        'UPSTREAM_CONNECT_TIMEOUT_LEGACY',
      ]);
      await until('the connection to end', () => upstream.wires[0]?.ended);
    });

    test('that closes its half without a word has failed at once', async () => {
      const [, facade] = await between(({ socket }) => socket.end(), { headersMs: 60_000, idleMs: 60_000 });
      for (const options of [{}, POST]) {
        const answer = await ask(facade.url, { path: '/', ...options });
        expect(JSON.parse(answer.body.toString()).code).toBe('UPSTREAM_HEADERS_LEGACY');
      }
    });

    test('that closes its half in the middle of an answer has broken it off; behind a whole one it has not', async () => {
      const [, facade] = await between(
        (wire) => {
          const whole = wire.text.startsWith('GET /whole');
          wire.socket.end(whole ? `${HEAD}\r\nwhole` : `${HEAD}Content-Length: 9\r\n\r\nhalf`);
        },
        { headersMs: 60_000, idleMs: 60_000 },
      );
      expect((await ask(facade.url, { path: '/whole' })).body.toString()).toBe('whole');
      await expect(ask(facade.url, { path: '/half' })).rejects.toThrow(/aborted|hang up/);
    });

    test('whose answer stands still when its client closes its half: none of it passes for whole', async () => {
      const [, facade] = await between(
        ({ socket }) => socket.write(`${HEAD}Content-Length: 100\r\n\r\nhalf`),
        { headersMs: 60_000, idleMs: 60_000 },
      );
      const client = connect({ port: facade.port, host: '127.0.0.1', allowHalfOpen: true });
      client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(client, 'data');
      client.end();
      await once(client, 'close');
      await until('the end of the request', () => lastDecision(facade)[0] === 499);
    });
  });
}
