import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Forwarder } from '../../http/forwarder.ts';
import { facadeOf } from '../../test-kit/facade-of.ts';
import { planOf } from '../../test-kit/plan-of.ts';
import type { PunctualPeer } from '../../test-kit/punctual-peer.ts';
import { ask } from '../../test-kit/raw-client.ts';
import { socketUpstream } from '../../test-kit/socket-upstream.ts';
import { standStill } from '../../test-kit/stand-still.ts';

const WINDOW_MS = 300;

/** A process that stood still itself: those who were on time meanwhile are not blamed for it. */
export function ownStallTests(name: string, create: () => Forwarder): void {
  describe(`over ${name}, a facade that stood still`, () => {
    const closing: (() => unknown)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });
    function peer(data: PunctualPeer): Worker {
      const worker = new Worker(new URL('../../test-kit/punctual-peer.ts', import.meta.url), {
        workerData: data,
      });
      closing.push(() => worker.terminate());
      return worker;
    }
    async function facadeBefore(url: string, windowMs = WINDOW_MS) {
      const facade = await facadeOf(
        planOf({
          legacy: { url, build: null },
          timeouts: { connectMs: windowMs, headersMs: windowMs, idleMs: windowMs },
          health: { path: '/', intervalMs: 0, ejectAtRatio: 1, minimum: 1000, windowMs: 60_000 },
        }),
        { forwarder: create() },
      );
      closing.push(facade.close);
      return facade;
    }

    test.each([
      ['the head', ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', '01234', '56789']],
      ['the rest', ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234', '56789']],
    ])('for longer than its timeouts reads %s of the answer that came meanwhile', async (what, pieces) => {
      const upstream = peer({ pieces, pauseMs: 50, port: null });
      const [port] = await once(upstream, 'message');
      const facade = await facadeBefore(`http://127.0.0.1:${port}`);
      const answer = ask(facade.url, { path: '/' });
      const [told] = await once(upstream, 'message');
      expect(told).toBe('asked');
      if (what === 'the rest') await new Promise((resolve) => setTimeout(resolve, 70));
      await standStill(3 * WINDOW_MS);
      const { status, body } = await answer;
      expect([status, body.toString()]).toEqual([200, '0123456789']);
    });

    test('for longer than its timeouts reads the body that its client sent meanwhile', async () => {
      const upstream = await socketUpstream((wire) => {
        if (wire.text.endsWith('56789'))
          wire.socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
      });
      const facade = await facadeBefore(upstream.url);
      closing.push(upstream.close);
      const head = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 15\r\n\r\n';
      const client = peer({ pieces: [`${head}abcde`, '01234', '56789'], pauseMs: 200, port: facade.port });
      await once(client, 'message');
      while (!upstream.wires[0]?.text.endsWith('abcde'))
        await new Promise((resolve) => setTimeout(resolve, 5));
      // It has been looked at since.
      await new Promise((resolve) => setTimeout(resolve, WINDOW_MS / 3));
      await standStill(3 * WINDOW_MS);
      const [{ heard }] = await once(client, 'message');
      expect(heard).toMatch(/^HTTP\/1\.1 204 /);
    });

    // Whoever stood still with it goes on when it does, and needs a moment for that.
    test('for longer than its timeouts waits for an upstream that stood still as well', async () => {
      const upstream = await socketUpstream(async ({ socket }) => {
        for (const piece of ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', '01234', '56789']) {
          await standStill(3 * WINDOW_MS);
          for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setTimeout(resolve, 5));
          socket.write(piece);
        }
      });
      closing.push(upstream.close);
      const facade = await facadeBefore(upstream.url);
      const { status, body } = await ask(facade.url, { path: '/' });
      expect([status, body.toString()]).toEqual([200, '0123456789']);
    });

    test('for longer than its timeouts waits for a client that stood still as well', async () => {
      const bytes = 16 * 1024 * 1024;
      const upstream = await socketUpstream(({ socket }) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
        socket.write(Buffer.alloc(bytes, 'x'));
      });
      closing.push(upstream.close);
      // The kernel asks for more only when a good part of its own, some MB, has been taken.
      const windowMs = 1_000;
      const facade = await facadeBefore(upstream.url, windowMs);
      const client = connect(facade.port, '127.0.0.1');
      closing.push(() => client.destroy());
      let read = 0;
      let stoodStill = 0;
      client.on('data', async (chunk) => {
        read += chunk.length;
        client.pause();
        if (read > stoodStill + bytes / 4) {
          stoodStill = read;
          await standStill(1.5 * windowMs);
        }
        setTimeout(() => client.resume(), 5);
      });
      client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      await once(client, 'close');
      expect(read).toBeGreaterThan(bytes);
    });
  });
}
