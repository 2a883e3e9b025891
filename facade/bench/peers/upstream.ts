// What all proxies are measured in front of: 1 kB of JSON, no work.
import { createServer } from 'node:http';
import { announce } from './announce.ts';

const body = Buffer.from(
  JSON.stringify({ items: Array.from({ length: 24 }, (_, id) => ({ id, name: `item ${id} of the list` })) }),
);
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length };

const server = createServer((_request, response) => {
  response.writeHead(200, headers).end(body);
});
server.keepAliveTimeout = 120_000;
announce(server);
