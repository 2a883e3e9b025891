import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { until } from '../test-kit/until.ts';
import { cutSlowReaders } from './slow-readers.ts';

/** More than the kernel takes for a client that reads nothing. */
const BIG = Buffer.alloc(64 * 1024 * 1024);

const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

/** A server that has its answers whole from the first moment; `cut` counts the clients that were cut off. */
async function serverWith(answer: Buffer, windowMs: number) {
  const server: Server = createServer((_request, response) => response.end(answer));
  const seen = { cut: 0 };
  const pace = { windowMs, minBytesPerSecond: 1000 };
  cutSlowReaders(
    server,
    () => pace,
    () => {
      seen.cut++;
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.closeAllConnections());
  closing.push(() => server.close());
  return { seen, port: (server.address() as AddressInfo).port };
}
function asking(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  closing.push(() => socket.destroy());
  socket.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return socket;
}

test('a client that takes nothing of an answer which is whole already is cut off', async () => {
  const { seen, port } = await serverWith(BIG, 100);
  asking(port).pause();
  await until('the cut', () => seen.cut === 1);
});

test('so is one that takes a little, and then no more', async () => {
  const { seen, port } = await serverWith(BIG, 100);
  const socket = asking(port);
  await once(socket, 'data');
  socket.pause();
  await until('the cut', () => seen.cut === 1);
});

test('one that has all it was sent is waited for, however long it asks nothing', async () => {
  const { seen, port } = await serverWith(Buffer.from('small'), 20);
  const silent = asking(port);
  await once(silent, 'data');
  // Another one is judged and cut meanwhile.
  const other = await serverWith(BIG, 100);
  asking(other.port).pause();
  await until('the cut of the other', () => other.seen.cut === 1);
  expect(seen.cut).toBe(0);
  silent.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(silent, 'data');
});
