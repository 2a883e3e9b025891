import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Forwarder } from '../../http/forwarder.ts';
import { facadeOf, type TestFacade } from '../../test-kit/facade-of.ts';
import { planOf } from '../../test-kit/plan-of.ts';
import { rawAsk } from '../../test-kit/raw-client.ts';
import { type SocketUpstream, socketUpstream, type Wire } from '../../test-kit/socket-upstream.ts';
import { until } from '../../test-kit/until.ts';

const PIECE = Buffer.alloc(64 * 1024, 'x');
const headOf = ({ text }: Wire) => text.slice(0, text.indexOf('\r\n\r\n') + 4);
const bodyOf = ({ text }: Wire) => text.slice(headOf({ text } as Wire).length);
const hasHead = ({ text }: Wire) => text.includes('\r\n\r\n');
const answer = (status: string, body: string) =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Bodies that are asked for, refused or answered before they are through. */
export function expectationTests(name: string, create: () => Forwarder): void {
  describe(`over ${name}, a body`, () => {
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
    const post = (facade: TestFacade, headers: Record<string, string | number> = {}) => {
      const agent = new Agent({ keepAlive: true });
      closing.push(() => agent.destroy());
      const request = httpRequest(facade.url, { path: '/', method: 'POST', agent, headers });
      request.on('error', () => {});
      closing.push(() => request.destroy());
      return request;
    };
    const expecting = (facade: TestFacade, length = 4) => {
      const request = post(facade, { expect: '100-continue', 'content-length': length });
      let continues = 0;
      request.on('continue', () => {
        continues++;
      });
      request.flushHeaders();
      return { request, continues: () => continues };
    };
    const read = async (response: IncomingMessage) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      return text;
    };

    test('is sent when the upstream asks for it, and not before', async () => {
      const [upstream, facade] = await between((wire) => {
        if (bodyOf(wire) === 'body') wire.socket.write(answer('200 OK', 'done'));
      });
      const { request, continues } = expecting(facade);
      await until('the head upstream', () => upstream.wires[0] && hasHead(upstream.wires[0]));
      const [wire] = upstream.wires as [Wire];
      expect(headOf(wire)).toMatch(/\r\nexpect: 100-continue\r\n/i);
      expect([continues(), bodyOf(wire)]).toEqual([0, '']);
      wire.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      await until('100 Continue', () => continues() === 1);
      request.end('body');
      const [response] = await once(request, 'response');
      expect([response.statusCode, await read(response), continues()]).toEqual([200, 'done', 1]);
    });

    test.each([
      ['417 Expectation Failed', 417],
      ['413 Content Too Large', 413],
      ['401 Unauthorized', 401],
      ['303 See Other', 303],
    ])(
      'that the upstream does not want (%s) is never sent, and the client gets that answer',
      async (line, status) => {
        const [upstream, facade] = await between((wire) => {
          if (hasHead(wire)) wire.socket.write(answer(line, 'no'));
        });
        const { request, continues } = expecting(facade, 100_000_000);
        const [response] = await once(request, 'response');
        expect([response.statusCode, await read(response), continues()]).toEqual([status, 'no', 0]);
        expect(response.headers.connection).toBe('close');
        expect(bodyOf(upstream.wires[0] as Wire)).toBe('');
        // What would be left of that request cannot be mistaken for another: its connection is not used again.
        await until('the end of the connection upstream', () => upstream.wires[0]?.ended);
      },
    );

    test('is asked for by the facade where the upstream knows no expectations', async () => {
      const [, facade] = await between((wire) => {
        if (bodyOf(wire) === 'body') wire.socket.write(answer('200 OK', 'done'));
      });
      const { request, continues } = expecting(facade);
      await until('100 Continue', () => continues() === 1);
      request.end('body');
      const [response] = await once(request, 'response');
      expect([response.statusCode, await read(response)]).toEqual([200, 'done']);
    });

    test('of a client that does not wait is taken as it comes', async () => {
      const [, facade] = await between((wire) => {
        if (bodyOf(wire) === 'body') wire.socket.write(answer('200 OK', 'done'));
      });
      const text = await rawAsk(
        facade.port,
        'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody',
      );
      expect(text).toMatch(/^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 200 OK[\s\S]*done$/);
    });

    test.each([
      [
        'POST / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody',
        417,
      ],
      ['POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody', 200],
      ['GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n', 200],
    ])('and its expectation: %j is answered %i', async (bytes, status) => {
      const [, facade] = await between((wire) => {
        if (/^GET/.test(wire.text) || bodyOf(wire) === 'body') wire.socket.write(answer('200 OK', 'done'));
      });
      expect(await rawAsk(facade.port, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
    });

    test('that is answered before it was read to its end: the client hears the answer, however much it still sends', async () => {
      const [upstream, facade] = await between((wire) => {
        if (!hasHead(wire) || wire.text.length > 200_000) return;
        wire.socket.write(answer('413 Content Too Large', 'too much'));
        wire.socket.pause();
      });
      const request = post(facade, { 'content-length': 512 * PIECE.length });
      const more = () => {
        while (!request.destroyed && request.write(PIECE));
      };
      request.on('drain', more);
      more();
      const [response] = await once(request, 'response');
      expect([response.statusCode, await read(response)]).toEqual([413, 'too much']);
      expect(upstream.wires).toHaveLength(1);
    });

    test('that is answered early by an upstream which closes behind its answer: the client hears it', async () => {
      const [, facade] = await between((wire) => {
        if (hasHead(wire) && wire.socket.writable) wire.socket.end(answer('403 Forbidden', 'go away'));
      });
      const request = post(facade, { 'content-length': 512 * PIECE.length });
      const more = () => {
        while (!request.destroyed && request.write(PIECE));
      };
      request.on('drain', more);
      more();
      const [response] = await once(request, 'response');
      expect([response.statusCode, await read(response)]).toEqual([403, 'go away']);
    });

    test.each([
      ['refused by an upstream that closes at once', 502, (wire: Wire) => void wire.socket.destroy()],
      [
        'answered early',
        413,
        (wire: Wire) => void wire.socket.write(answer('413 Content Too Large', '{"code":""}')),
      ],
    ])(
      'that is %s: a client that reads only when it has sent everything hears it all the same',
      async (_how, status, act) => {
        const [, facade] = await between((wire) => {
          if (hasHead(wire) && wire.text.length < 200_000) act(wire);
        });
        // What a connection still holds when it is reset is lost to the client, so that it would hear nothing here.
        const socket = connect(facade.port, '127.0.0.1');
        closing.push(() => socket.destroy());
        let text = '';
        socket
          .setEncoding('latin1')
          .on('error', () => {})
          .on('data', (chunk) => {
            text += chunk;
          });
        socket.pause();
        socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${256 * PIECE.length}\r\n\r\n`);
        for (let i = 0; i < 255; i++) socket.write(PIECE);
        await new Promise((resolve) => socket.write(PIECE, resolve));
        socket.resume();
        await until('the answer', () => text.includes('"code"'));
        expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
      },
    );

    test('and the upstream is told of it before it comes', async () => {
      const [, facade] = await between(({ socket, text }) => {
        if (text.includes('\r\n\r\n') && !socket.bytesWritten)
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
      const request = post(facade);
      request.flushHeaders();
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      expect(response.statusCode).toBe(200);
      request.destroy();
    });

    test('and its answer can be under way at the same time', async () => {
      const [, facade] = await between((wire) => {
        if (!hasHead(wire)) return;
        const { socket } = wire;
        if (!socket.bytesWritten) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        const last = /([a-z]+)\r\n$/.exec(wire.text)?.[1];
        if (last) socket.write(`${last.length.toString(16)}\r\n${last}\r\n`);
        if (wire.text.endsWith('0\r\n\r\n')) socket.write('0\r\n\r\n');
      });
      const request = post(facade);
      request.write('ping');
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      let heard = '';
      response.on('data', (chunk) => {
        heard += chunk;
      });
      await until('the first echo', () => heard === 'ping');
      request.write('pong');
      await until('the second echo', () => heard === 'pingpong');
      request.end();
      await once(response, 'end');
    });
  });
}
