import { createServer, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { malformed } from './malformed.ts';
import { rawProblem } from './problem.ts';

/** How long a caller may take to send the head of a request, and the whole of it. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 20_000;

/** The server of the control plane. Its requests are small, so whoever sends one slowly is cut off. */
export function createAdminServer(app: RequestListener): Server {
  const options = {
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: 1_000,
    // Refused with a problem, like everything else; Node would answer nothing but the status.
    requireHostHeader: false,
  };
  const server = createServer(options, app);
  server.on('checkExpectation', app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    socket.end(rawProblem(malformed(error)), 'latin1', () => socket.destroy());
  });
  return server;
}
