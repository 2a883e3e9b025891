// http-proxy-middleware on node:http, without Express.
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { announce, upstream } from './announce.ts';

const proxy = createProxyMiddleware<IncomingMessage, ServerResponse>({
  target: upstream(),
  agent: new Agent({ keepAlive: true }),
});
announce(
  createServer((request, response) => {
    void proxy(request, response, () => response.writeHead(502).end());
  }),
);
