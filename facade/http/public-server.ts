import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Plan } from '#plan/model/plan.ts';
import { ClientResponse } from './client-response.ts';
import { watchConnections } from './connections.ts';
import { answerHalfClosed } from './half-closed.ts';
import { malformed } from './malformed.ts';
import { paceOf } from './pace.ts';
import { problemOf, rawProblem } from './problem.ts';
import type { PublicHandler } from './public.ts';
import { cutSlowReaders } from './slow-readers.ts';
import { createTurns } from './turns.ts';

const HANDSHAKE_MS = 10_000;

export type PublicServer = {
  readonly server: Server;
  /**
   * Takes what a plan that comes into force says about clients, and reads its certificate, for the connections from then
   * on. One that is none changes nothing.
   */
  apply(plan: Plan, log: Logger): void;
  /** Stops accepting, and ends each connection with its next answer. */
  drain(limits: DrainLimits): Promise<void>;
};

type DrainLimits = {
  /** How long connections without a request may stay: what a client sends in this time on a kept one is answered. */
  readonly idleMs: number;
  /** The same for upgraded connections and event streams. */
  readonly streamMs: number;
  /** How long anything may take. */
  readonly requestMs: number;
};

/** node:http in front of the data plane: limits, upgrades, malformed requests, and an orderly end. */
export function createPublicServer(started: Plan, handler: PublicHandler): PublicServer {
  let plan = started;
  const options: ServerOptions<typeof IncomingMessage, typeof ClientResponse> = {
    ServerResponse: ClientResponse,
    maxHeaderSize: plan.limits.maxHeaderBytes,
    keepAliveTimeout: plan.clients.keepAliveMs,
    // A large upload takes as long as it takes; who sends too little of one meets clients.minRate.
    requestTimeout: 0,
    // Node takes no time for a head but where it is told so, since it has none for the request.
    headersTimeout: plan.clients.headMs,
    connectionsCheckingInterval: Math.min(5_000, Math.max(20, plan.clients.headMs / 4)),
    // Whoever refuses a request here says so, counts it and logs it; Node would answer an empty 400.
    requireHostHeader: false,
    shouldUpgradeCallback: isWebSocket,
  };
  const turns = createTurns();
  const onRequest = turns.oneByOne<ClientResponse>((request, response) => handler.handle(request, response));
  const server = plan.tls
    ? createTlsServer<typeof IncomingMessage, typeof ClientResponse>(
        { ...options, handshakeTimeout: HANDSHAKE_MS, ...certificateOf(plan.tls) },
        onRequest,
      )
    : createServer(options, onRequest);
  // SECURITY: Node hides what stands behind the thousandth header, also a Content-Length, and its body would go to an
  // upstream unframed. maxHeaderSize alone is the limit.
  server.maxHeadersCount = 0;
  // The client waits to be told to send its body, or for something that nobody knows: whoever answers says so.
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    turns.whenFree(socket, () => handler.upgrade(request, socket, head));
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    const problem = problemOf('ROUTE_METHOD_UNSUPPORTED', 'CONNECT asks for a tunnel; there is none here.');
    turns.whenFree(socket, () => {
      handler.refusedUnread(problem, 'CONNECT', null);
      socket.end(rawProblem(problem), 'latin1', () => socket.destroy());
    });
  });
  const connections = watchConnections(server);
  answerHalfClosed(server, {
    turns,
    isEventStream: handler.isEventStream,
    idleMs: () => plan.timeouts.idleMs,
  });
  cutSlowReaders(server, () => paceOf(plan), handler.readerCut);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    turns.whenFree(socket, (unfinished) => {
      if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
      const problem = malformed(error);
      handler.refusedUnread(problem, error.code ?? error.message, unfinished);
      // SECURITY: behind a malformed request nothing on this connection can be trusted to start where it seems to.
      socket.end(rawProblem(problem), 'latin1', () => socket.destroy());
    });
  });
  return {
    server,
    apply(next, log) {
      plan = next;
      server.keepAliveTimeout = plan.clients.keepAliveMs;
      server.headersTimeout = plan.clients.headMs;
      const { tls } = plan;
      if (!tls || !(server instanceof TlsServer)) return;
      try {
        server.setSecureContext(certificateOf(tls));
      } catch (error) {
        log.error({ err: error }, 'the certificate cannot be used; the one in force stays');
      }
    },
    drain: ({ idleMs, streamMs, requestMs }) =>
      new Promise((resolve) => {
        const idleEnd = setTimeout(() => connections.destroyIdle(), idleMs);
        const streamsEnd = setTimeout(() => {
          for (const socket of handler.openStreams()) socket.destroy();
        }, streamMs);
        const allEnds = setTimeout(() => {
          connections.destroyAll();
        }, requestMs);
        connections.drain();
        // The close of an HTTP server also ends kept connections that are idle now; a request may be on its way to us.
        NetServer.prototype.close.call(server, () => {
          for (const timer of [idleEnd, streamsEnd, allEnds]) clearTimeout(timer);
          resolve();
        });
      }),
  };
}

/**
 * h2c and other offers to upgrade are optional: such a request is served as plain HTTP. So is an offer in HTTP/1.0
 * (RFC 9110 §7.8), or with another method than GET (RFC 6455 §4.1).
 */
const isWebSocket = ({ method, httpVersion, headers }: IncomingMessage): boolean =>
  method === 'GET' && httpVersion === '1.1' && headers.upgrade?.toLowerCase() === 'websocket';

const certificateOf = ({ certFile, keyFile }: NonNullable<Plan['tls']>) => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
});
