import http from 'node:http';
import type { AddressInfo } from 'node:net';

export type StubServer = {
  readonly url: string;
  readonly requests: http.IncomingMessage[];
  close(): Promise<void>;
};

/** An HTTP server whose answers a test writes itself. */
export async function stubServer(
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void,
): Promise<StubServer> {
  const requests: http.IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** Answers JSON. */
export function json(
  response: http.ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json',
): void {
  response.writeHead(status, { 'content-type': type });
  response.end(JSON.stringify(body));
}
