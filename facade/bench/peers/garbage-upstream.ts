// A candidate that answers what is no HTTP, and closes.
import { createServer } from 'node:net';
import { announce } from './announce.ts';

const nonsense = Buffer.from(Array.from({ length: 4_000 }, (_, n) => (n * 37) % 256));

announce(
  createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.end(nonsense));
  }),
);
