import http from 'node:http';

export type RawRequest = {
  readonly method: string;
  /** Sent as it is: no normalisation. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};
export type RawAnswer = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
};

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

/**
 * One request whose path and body arrive byte for byte; the answer's body is read as UTF-8. A GET on a kept connection that
 * the other side was just closing is sent once more (Node.js, "request.reusedSocket").
 */
export async function rawRequest(base: string, request: RawRequest): Promise<RawAnswer> {
  for (;;) {
    const answer = await once(base, request);
    if (answer !== 'closed before') return answer;
  }
}

function once(
  base: string,
  { method, path, headers, body }: RawRequest,
): Promise<RawAnswer | 'closed before'> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const sent = http.request(
      {
        hostname,
        port,
        method,
        path,
        agent,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (sent.reusedSocket && error.code === 'ECONNRESET' && method === 'GET') resolve('closed before');
      else reject(error);
    });
    sent.end(body);
  });
}

export function closeConnections(): void {
  agent.destroy();
}
