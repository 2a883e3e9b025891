// A candidate that answers everything, after five seconds.
import { createServer } from 'node:http';
import { announce } from './announce.ts';

announce(
  createServer((_request, response) => {
    setTimeout(() => response.end('late'), 5_000);
  }),
);
