// A candidate that never comes to the end of an answer, and sends as fast as it is read.
import { createServer } from 'node:http';
import { announce } from './announce.ts';

const piece = Buffer.alloc(65_536, 'z');

announce(
  createServer((_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on('drain', more);
    more();
  }),
);
