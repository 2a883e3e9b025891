// A candidate that answers what is no HTTP, and closes. At `/` it lives, for whoever waits for its start.
import { createServer } from 'node:net';
import { announce } from './announce.ts';

const nonsense = Buffer.from(Array.from({ length: 4_000 }, (_, n) => (n * 37) % 256));
const well = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

announce(
  createServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', (head) => socket.end(head.subarray(0, 6).toString() === 'GET / ' ? well : nonsense));
  }),
);
