import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';

export type Answer = {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly trailers: NodeJS.Dict<string>;
};

/** One request on a connection of its own; nothing is followed, decoded or added beyond what node:http adds. */
export function ask(
  url: string,
  options: RequestOptions & { path: string; body?: string | Buffer },
): Promise<Answer> {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent: false, ...rest }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          reason: answer.statusMessage ?? '',
          rawHeaders: answer.rawHeaders,
          headers: answer.headers,
          body: Buffer.concat(chunks),
          trailers: answer.trailers,
        }),
      );
    });
    // On a connection that never carried an answer a reset may mean that nobody ever accepted it.
    request.on('error', (error) => {
      error.message += `, ${options.method ?? 'GET'} ${url} ${options.path}`;
      reject(Object.assign(error, { fresh: !request.reusedSocket }));
    });
    request.end(body);
  });
}

/** Bytes out, bytes back until the other side closes: for what no HTTP client would send. Latin1 both ways. */
export function rawAsk(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

const ASIDE = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding']);

/** Header lines without hop-by-hop ones, date, `x-fig-*` and the cohort cookie: what must be the same as direct. */
export function endToEnd(rawHeaders: string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    if (ASIDE.has(name) || name.startsWith('x-fig-') || value.startsWith('x-fig-cohort=')) continue;
    lines.push(`${rawHeaders[i]}: ${value}`);
  }
  return lines;
}
