import { createServer, type Socket } from 'node:net';

export type CannedUpstream = {
  readonly url: string;
  /** What was received, one text per connection. */
  readonly received: string[];
  close(): Promise<void>;
};

type CannedAnswer = { readonly bytes: string; readonly last?: boolean };

/** Answers the head of a request by its path with the very bytes of `answers` (latin1), in one segment. */
export async function cannedUpstream(answers: Record<string, CannedAnswer>): Promise<CannedUpstream> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const index = received.push('') - 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let rest = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received[index] += chunk;
      rest += chunk;
      const end = rest.indexOf('\r\n\r\n');
      if (end === -1) return;
      const path = rest.split(' ')[1] as string;
      rest = '';
      const answer = answers[path] ?? { bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' };
      socket.write(answer.bytes, 'latin1');
      if (answer.last) socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
