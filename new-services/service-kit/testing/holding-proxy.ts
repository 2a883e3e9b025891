import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type HoldingProxy = {
  /** The same database, through the proxy. */
  readonly url: string;
  /**
   * Resolves when the server has done the n-th statement from now on, whose answer and all after it the client never
   * gets.
   */
  readonly holdAfter: (statements: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Stands between a process and Postgres, so that the process can be killed between any two statements. */
export async function holdingProxy(databaseUrl: string): Promise<HoldingProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let reached = () => {};
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (chunk) => {
      if (isReady(chunk)) left -= 1;
      if (left > 0) client.write(chunk);
      else reached();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    holdAfter(statements) {
      left = statements;
      return new Promise((resolve) => {
        reached = resolve;
      });
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Ends with ReadyForQuery: the server has answered a statement in full. */
function isReady(chunk: Buffer): boolean {
  return chunk.length >= 6 && chunk.at(-6) === 0x5a && chunk.readUInt32BE(chunk.length - 5) === 5;
}
