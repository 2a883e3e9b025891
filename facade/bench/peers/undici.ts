// The least that a proxy on undici's dispatcher does.
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { announce, upstream } from './announce.ts';

const pool = new Pool(upstream(), { connections: 128 });
announce(
  createServer((request, response) => {
    const body = request.method === 'GET' || request.method === 'HEAD' ? null : request;
    const { connection: _hop, ...headers } = request.headers;
    pool.dispatch(
      { method: request.method as 'GET', path: request.url as string, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, received) {
          response.writeHead(status, received);
        },
        onResponseData(controller, chunk) {
          if (response.write(chunk)) return;
          controller.pause();
          response.once('drain', () => controller.resume());
        },
        onResponseEnd() {
          response.end();
        },
        onResponseError() {
          response.destroy();
        },
      },
    );
  }),
);
