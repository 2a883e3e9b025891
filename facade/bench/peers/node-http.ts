// The least that a proxy on node:http does.
import { Agent, createServer, request as send } from 'node:http';
import { announce, upstream } from './announce.ts';

const agent = new Agent({ keepAlive: true });
const { hostname, port } = new URL(upstream());
announce(
  createServer((request, response) => {
    const { method, url, headers } = request;
    const forward = send({ agent, hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.rawHeaders);
      answer.pipe(response);
    });
    forward.on('error', () => response.destroy());
    request.pipe(forward);
  }),
);
