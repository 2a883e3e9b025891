import { connect } from 'node:net';

export type RawRequest = {
  readonly method: string;
  /** Goes out as it is. */
  readonly target: string;
  /** In this order and spelling, behind `Host`. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: Buffer;
  /** The body goes out in chunks instead of with its length. */
  readonly chunked?: boolean;
  /** HTTP/1.0 sends no `Host`. */
  readonly version?: '1.0' | '1.1';
};

/** An answer as it stood on the wire; `headers` keep order and spelling, one character for each byte. */
export type RawAnswer = {
  readonly statusLine: string;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
};

export function headerOf({ headers }: RawAnswer, wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

const DEADLINE_MS = 120_000;
const CHUNK = 16_384;

/** One request on a connection of its own, byte for byte. An answer that comes before the body has gone out counts. */
export function rawExchange(origin: string, host: string, request: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const what = `${request.method} ${request.target} at ${origin}`;
    let received = Buffer.alloc(0);
    const finish = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const timer = setTimeout(
      () => finish(() => reject(new Error(`${what}: no whole answer in ${DEADLINE_MS} ms, got ${received}`))),
      DEADLINE_MS,
    );
    const take = (ended: boolean) => {
      const answer = parseAnswer(received, request.method, ended);
      if (answer) finish(() => resolve(answer));
      else if (ended) finish(() => reject(new Error(`${what}: cut off after ${received.length} bytes`)));
    };
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      take(false);
    });
    socket.on('end', () => take(true));
    // an answer may have come before the connection broke
    socket.on('close', () => take(true));
    socket.on('error', (error) => finish(() => reject(new Error(`${what}: ${error.message}`))));
    socket.on('connect', () => {
      socket.write(head(host, request), 'latin1');
      if (request.body) socket.write(request.chunked ? inChunks(request.body) : request.body);
    });
  });
}

function head(host: string, { method, target, headers = [], body, chunked, version = '1.1' }: RawRequest) {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  if (body) lines.push(chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`);
  if (version === '1.1') lines.unshift(`Host: ${host}`);
  return `${method} ${target} HTTP/${version}\r\n${lines.join('\r\n')}\r\n\r\n`;
}

function inChunks(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += CHUNK) {
    const part = body.subarray(at, at + CHUNK);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** Null while something is missing; `ended` tells that nothing more will come. */
function parseAnswer(bytes: Buffer, method: string, ended: boolean): RawAnswer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(statusLine.split(' ')[1]);
  const rest = bytes.subarray(end + 4);
  if (status >= 100 && status < 200) return parseAnswer(rest, method, ended);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const answer = (body: Buffer): RawAnswer => ({ statusLine, status, headers, body });
  const of = (wanted: string) => headerOf(answer(rest), wanted);
  if (method === 'HEAD' || status === 204 || status === 304) return answer(Buffer.alloc(0));
  if (of('transfer-encoding') === 'chunked') {
    const body = joinChunks(rest);
    return body && answer(body);
  }
  const length = of('content-length');
  if (length !== undefined) return rest.length < Number(length) ? null : answer(rest);
  return ended ? answer(rest) : null;
}

function joinChunks(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const eol = bytes.indexOf('\r\n', at);
    if (eol === -1) return null;
    const size = Number.parseInt(bytes.subarray(at, eol).toString('latin1'), 16);
    const end = eol + 2 + size;
    if (bytes.length < end + 2) return null;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(eol + 2, end));
    at = end + 2;
  }
}
