import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Balancer = { readonly url: string; stop(): Promise<void> };

/** One address for several instances, each of which gets every n-th request. */
export async function balancerOf(instances: readonly string[]): Promise<Balancer> {
  let turn = 0;
  const server = createServer((request, response) => {
    const { url = '/', method, headers } = request;
    const forwarded = httpRequest(instances[turn++ % instances.length] as string, {
      agent: false,
      path: url,
      method,
      headers,
    });
    forwarded.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
