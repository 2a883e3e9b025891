import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Plan } from '#plan/model/plan.ts';
import { watchConnections } from './connections.ts';
import { problemOf, rawProblem } from './problem.ts';
import type { PublicHandler } from './public.ts';

const KEEP_ALIVE_MS = 65_000;

export type PublicServer = {
  readonly server: Server;
  /** Stops accepting, ends connections without a request, waits for what is in flight; upgraded connections and event streams get `streamMs`. */
  drain(limits: { streamMs: number; requestMs: number }): Promise<void>;
};

/** node:http in front of the data plane: limits, upgrades, malformed requests, and an orderly end. */
export function createPublicServer(plan: Plan, handler: PublicHandler): PublicServer {
  const options: ServerOptions = {
    maxHeaderSize: plan.limits.maxHeaderBytes,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // A large upload takes as long as it takes; a client that stands still meets timeouts.idle.
    requestTimeout: 0,
    // h2c and other offers to upgrade are optional: such a request is served as plain HTTP.
    shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
  };
  const onRequest: RequestListener = (request, response) => handler.handle(request, response);
  const server = plan.tls
    ? createTlsServer(
        { ...options, cert: readFileSync(plan.tls.certFile), key: readFileSync(plan.tls.keyFile) },
        onRequest,
      )
    : createServer(options, onRequest);
  // SECURITY: Node hides what stands behind the thousandth header, also a Content-Length, and its body would go to an
  // upstream unframed. maxHeaderSize alone is the limit.
  server.maxHeadersCount = 0;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    handler.upgrade(request, socket, head);
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    const problem = problemOf('ROUTE_METHOD_UNSUPPORTED', 'CONNECT asks for a tunnel; there is none here.');
    socket.end(rawProblem(problem), 'latin1', () => socket.destroy());
  });
  const connections = watchConnections(server);
  server.on('clientError', refuseMalformed);
  return {
    server,
    drain: ({ streamMs, requestMs }) =>
      new Promise((resolve) => {
        const streamsEnd = setTimeout(() => {
          for (const socket of handler.openStreams()) socket.destroy();
        }, streamMs);
        const allEnds = setTimeout(() => {
          connections.destroyAll();
        }, requestMs);
        server.close(() => {
          clearTimeout(streamsEnd);
          clearTimeout(allEnds);
          resolve();
        });
        connections.drain();
      }),
  };
}

function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? problemOf('ROUTE_HEADERS_TOO_LARGE', 'The request headers are too large.')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? problemOf('ROUTE_BODY_TIMEOUT', 'The request did not arrive in time.')
        : problemOf('ROUTE_REQUEST_INVALID', 'The request is not well-formed HTTP.');
  // SECURITY: behind a malformed request nothing on this connection can be trusted to start where it seems to.
  socket.end(rawProblem(problem), 'latin1', () => socket.destroy());
}
