import { createServer, type RequestListener, type Server } from 'node:http';

/** How long a caller may take to send the head of a request, and the whole of it. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 20_000;

/** The server of the control plane. Its requests are small, so whoever sends one slowly is cut off. */
export function createAdminServer(app: RequestListener): Server {
  const options = {
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: 1_000,
  };
  return createServer(options, app);
}
