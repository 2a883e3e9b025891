import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Forwarder } from '../../http/forwarder.ts';
import { facadeOf, type TestFacade } from '../../test-kit/facade-of.ts';
import { planOf } from '../../test-kit/plan-of.ts';
import { rawAsk } from '../../test-kit/raw-client.ts';
import { type SocketUpstream, socketUpstream, type Wire } from '../../test-kit/socket-upstream.ts';
import { until } from '../../test-kit/until.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody';
const CHUNKED = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
const isWhole = ({ text }: Wire) => /\r\n\r\n$|body$/.test(text);
const ASKED = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Sides of a connection that end before the other one. */
export function halfCloseTests(name: string, create: () => Forwarder): void {
  describe(`over ${name}, a side that ends`, () => {
    const closing: (() => unknown)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });
    async function between(onData: (wire: Wire) => void): Promise<[SocketUpstream, TestFacade]> {
      const upstream = await socketUpstream(onData);
      const plan = planOf({
        legacy: { url: upstream.url, build: null },
        health: { path: '/livez', intervalMs: 0, ejectAtRatio: 1, minimum: 1000, windowMs: 60_000 },
      });
      const facade = await facadeOf(plan, { forwarder: create() });
      closing.push(upstream.close, facade.close);
      return [upstream, facade];
    }
    type Client = { readonly socket: Socket; heard: string; closed: boolean };
    /** Says everything, ends its side, and reads on. */
    function halfClosed(facade: TestFacade, bytes: string): Client {
      const socket = connect({ port: facade.port, host: '127.0.0.1', allowHalfOpen: true });
      const client: Client = { socket, heard: '', closed: false };
      socket
        .setEncoding('latin1')
        .on('error', () => {})
        .on('data', (chunk) => {
          client.heard += chunk;
        })
        .on('close', () => {
          client.closed = true;
        });
      socket.end(bytes);
      closing.push(() => socket.destroy());
      return client;
    }
    const lastStatus = (facade: TestFacade) => {
      const line = facade.logged.findLast((text) => text.includes('"msg":"request"'));
      return line && JSON.parse(line).status;
    };

    test.each([
      ['a read', GET],
      ['a write', POST],
      ['a write in chunks', CHUNKED],
    ])('behind %s of the client: it gets its answer, at once or after a while', async (_what, bytes) => {
      const [, quick] = await between((wire) => {
        if (isWhole(wire)) wire.socket.write(OK);
      });
      const first = halfClosed(quick, bytes);
      await until('the end of the connection', () => first.closed);
      expect(first.heard).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok$/);
      const [upstream, slow] = await between(() => {});
      const second = halfClosed(slow, bytes);
      await until('to be asked whether it is there', () => second.heard.startsWith(ASKED + ASKED));
      upstream.wires[0]?.socket.write(OK);
      await until('the end of the connection', () => second.closed);
      expect(second.heard.replaceAll(ASKED, '')).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok$/);
      expect(lastStatus(slow)).toBe(200);
    });

    test('behind a request in HTTP/1.0: it gets its answer, and nothing that it does not know', async () => {
      const [upstream, facade] = await between(() => {});
      const old = halfClosed(facade, 'GET / HTTP/1.0\r\n\r\n');
      const other = halfClosed(facade, GET);
      await until('the other one to be asked', () => other.heard.startsWith(ASKED + ASKED));
      for (const { socket } of upstream.wires) socket.write(OK);
      await until('the end of both connections', () => old.closed && other.closed);
      expect(old.heard).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nok$/);
    });

    test('behind several requests: each gets its answer, in turn', async () => {
      const [, facade] = await between((wire) => {
        if (!isWhole(wire)) return;
        wire.socket.write(OK.replace('ok', wire.text.includes('/2') ? '2.' : '1.'));
        wire.text = '';
      });
      const client = halfClosed(facade, GET + GET.replace(' / ', ' /2 '));
      await until('the end of the connection', () => client.closed);
      expect(client.heard.match(/\r\n\r\n\d\./g)).toEqual(['\r\n\r\n1.', '\r\n\r\n2.']);
    });

    test('in front of a long answer: all of it comes', async () => {
      const bytes = 16 * 1024 * 1024;
      const [, facade] = await between((wire) => {
        if (!isWhole(wire)) return;
        wire.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
        wire.socket.write(Buffer.alloc(bytes, 'x'));
      });
      const client = halfClosed(facade, GET);
      await until('the end of the connection', () => client.closed);
      const answer = client.heard.replaceAll(ASKED, '');
      expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(bytes);
    });

    test('in the middle of an answer that goes on: all of it comes', async () => {
      const [upstream, facade] = await between(() => {});
      const client = connect({ port: facade.port, host: '127.0.0.1', allowHalfOpen: true });
      let heard = '';
      client
        .setEncoding('latin1')
        .on('error', () => {})
        .on('data', (chunk) => {
          heard += chunk;
        });
      closing.push(() => client.destroy());
      client.write(GET);
      await until('the request upstream', () => upstream.wires[0] && isWhole(upstream.wires[0]));
      const wire = upstream.wires[0] as Wire;
      wire.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n');
      await until('the head', () => heard.endsWith('\r\n\r\n'));
      client.end();
      // Longer than an answer may stand still.
      for (let n = 0; n < 20; n++) {
        wire.socket.write('..');
        await new Promise((resolve) => setTimeout(resolve, 75));
      }
      await until('all of it', () => heard.endsWith('.'.repeat(40)));
    });

    test.each([
      ['a read', GET],
      ['a write', POST],
    ])('since the client left behind %s: the upstream is let go', async (_what, bytes) => {
      const [upstream, facade] = await between(() => {});
      const client = connect(facade.port, '127.0.0.1', () => client.write(bytes));
      await until('the request upstream', () => upstream.wires[0] && isWhole(upstream.wires[0]));
      // Nothing was said to it, so that its system says no more than that it ends its side.
      client.destroy();
      await until('the upstream to be let go', () => upstream.wires[0]?.ended);
      await until('its line', () => lastStatus(facade) !== undefined);
      expect(lastStatus(facade)).toBe(499);
    });

    test.each(['before the head', 'behind the first event'])(
      'of an event stream, %s, ends it upstream',
      async (when) => {
        const stream = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';
        const [upstream, facade] = await between(() => {});
        const client = connect({ port: facade.port, host: '127.0.0.1', allowHalfOpen: true });
        client.on('error', () => {}).on('data', () => {});
        closing.push(() => client.destroy());
        client.write(GET);
        await until('the request upstream', () => upstream.wires[0] && isWhole(upstream.wires[0]));
        if (when === 'before the head') {
          client.end();
          await until('to be asked whether it is there', () => client.bytesRead > 0);
          upstream.wires[0]?.socket.write(stream);
        } else {
          upstream.wires[0]?.socket.write(`${stream}data: first\n\n`);
          await until('the first event', () => client.bytesRead > 0);
          client.end();
        }
        await until('the upstream to be let go', () => upstream.wires[0]?.ended);
      },
    );

    test.each([
      ['in the head', 'GET / HTTP/1.1\r\nHo'],
      ['in a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf'],
      ['in a chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf'],
    ])('%s of the client has no whole request: it is refused', async (_where, bytes) => {
      const [upstream, facade] = await between(() => {});
      const client = halfClosed(facade, bytes);
      await until('the end of the connection', () => client.closed);
      expect(client.heard).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"ROUTE_REQUEST_INVALID"/);
      await until('the upstream to be let go', () => upstream.wires.every(({ ended }) => ended));
    });

    test.each([
      ['without a length', 'HTTP/1.1 200 OK\r\n\r\n', 'ok'],
      ['of a known length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', 'ok'],
      ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '2\r\nok\r\n0\r\n\r\n'],
    ])(
      'behind an answer %s of the upstream: the client gets all of it, and the connection is not used again',
      async (_what, head, body) => {
        for (const bytes of [GET, POST]) {
          const [upstream, facade] = await between((wire) => {
            if (isWhole(wire)) wire.socket.end(head + body);
          });
          const ask = () => rawAsk(facade.port, bytes.replace('Host: x', 'Host: x\r\nConnection: close'));
          const said = await ask();
          expect(said).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n(?:ok|2\r\nok\r\n0\r\n\r\n)$/);
          await until('the facade to end its side', () => upstream.wires[0]?.ended);
          expect(await ask()).toMatch(/^HTTP\/1\.1 200 /);
          expect(upstream.wires).toHaveLength(2);
        }
      },
    );

    test('of the upstream before its answer is no answer', async () => {
      const [upstream, facade] = await between(({ socket }) => socket.end());
      const text = await rawAsk(facade.port, POST);
      expect(text).toMatch(/^HTTP\/1\.1 502 [\s\S]*"code":"UPSTREAM_HEADERS_LEGACY"/);
      await until('the facade to end its side', () => upstream.wires[0]?.ended);
    });

    test.each([
      ['of a known length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
      ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ])(
      'in the middle of an answer %s of the upstream cuts the client off; the log says so',
      async (_what, bytes) => {
        for (const request of [GET, POST]) {
          const [, facade] = await between((wire) => {
            if (isWhole(wire)) wire.socket.end(bytes);
          });
          const client = halfClosed(facade, request);
          await until('the end of the connection', () => client.closed);
          expect(client.heard).toMatch(/half(?:\r\n)?$/);
          await until('its line', () => lastStatus(facade) !== undefined);
          expect(lastStatus(facade)).toBe(0);
        }
      },
    );
  });
}
