import { createServer, type Socket } from 'node:net';

/** One request as it stood on the wire, read as strictly as RFC 9112 allows to. */
type Recorded = {
  readonly method: string;
  readonly target: string;
  /** Lower-case name and value of each header line, in order. */
  readonly headers: [string, string][];
  readonly body: string;
};

export type RecordingUpstream = {
  readonly url: string;
  readonly requests: Recorded[];
  /** What is not a single well-framed request after another: the beginning of every smuggling. */
  readonly faults: string[];
  close(): Promise<void>;
};

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\x20-\x7e\x80-\xff\t]*)$/;

/** An upstream that records bytes, takes nothing but the letter of HTTP, and answers its name on kept connections. */
export async function recordingUpstream(name: string): Promise<RecordingUpstream> {
  const requests: Recorded[] = [];
  const faults: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      try {
        for (let read = readRequest(text); read; read = readRequest(text)) {
          text = text.slice(read.bytes);
          if (isProbe(read.request)) return void socket.end(answer('probed'));
          requests.push(read.request);
          socket.write(answer(name));
        }
      } catch (fault) {
        faults.push(`${(fault as Error).message} in ${JSON.stringify(text.slice(0, 300))}`);
        socket.destroy();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    faults,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const answer = (name: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;

const isProbe = ({ headers }: Recorded) =>
  headers.some(([name, value]) => name === 'user-agent' && value === 'fig-probe');

/** The first request of a text and its length; null while it is not whole. Throws on what is not by the letter. */
function readRequest(text: string): { request: Recorded; bytes: number } | null {
  if (text === '') return null;
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const line = REQUEST_LINE.exec(first);
  if (!line) throw new Error(`request line ${JSON.stringify(first)}`);
  const headers = lines.map((header): [string, string] => {
    const pair = HEADER_LINE.exec(header);
    if (!pair) throw new Error(`header line ${JSON.stringify(header)}`);
    return [(pair[1] as string).toLowerCase(), (pair[2] as string).trim()];
  });
  const all = (name: string) => headers.filter(([header]) => header === name).map(([, value]) => value);
  const [lengths, codings] = [all('content-length'), all('transfer-encoding')];
  if (all('host').length !== 1) throw new Error('not one Host');
  if (lengths.length + codings.length > 1) throw new Error('framed twice');
  const [method, target] = [line[1] as string, line[2] as string];
  const start = end + 4;
  if (codings.length === 1) {
    if (codings[0] !== 'chunked') throw new Error(`coding ${codings[0]}`);
    const read = readChunks(text, start);
    return read && { request: { method, target, headers, body: read.body }, bytes: read.end };
  }
  if (lengths.length === 1 && !/^\d+$/.test(lengths[0] as string)) throw new Error(`length ${lengths[0]}`);
  const length = Number(lengths[0] ?? 0);
  if (text.length < start + length) return null;
  const body = text.slice(start, start + length);
  return { request: { method, target, headers, body }, bytes: start + length };
}

function readChunks(text: string, from: number): { body: string; end: number } | null {
  let body = '';
  for (let at = from; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = text.slice(at, lineEnd);
    if (!/^[0-9a-fA-F]+$/.test(size)) throw new Error(`chunk size ${JSON.stringify(size)}`);
    const bytes = Number.parseInt(size, 16);
    const start = lineEnd + 2;
    if (bytes === 0) {
      const end = text.indexOf('\r\n', start) === start ? start : text.indexOf('\r\n\r\n', start);
      if (end === -1) return null;
      const trailers = text.slice(start, end);
      if (trailers !== '' && !trailers.split('\r\n').every((line) => HEADER_LINE.test(line)))
        throw new Error(`trailers ${JSON.stringify(trailers)}`);
      return { body, end: end + (end === start ? 2 : 4) };
    }
    if (text.length < start + bytes + 2) return null;
    if (text.slice(start + bytes, start + bytes + 2) !== '\r\n') throw new Error('chunk without its end');
    body += text.slice(start, start + bytes);
    at = start + bytes + 2;
  }
}
