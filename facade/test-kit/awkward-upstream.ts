import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import { listenOn } from './facade-of.ts';
import { answerRanges } from './ranges.ts';

type SeenRequest = {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: string[];
  body: string;
};

export type AwkwardUpstream = {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Requests in the order they came; bodies only up to 1 kB. */
  readonly seen: SeenRequest[];
  /** How many requests were cut off by the other side before they were answered in full. */
  aborted: number;
  /** Probes of facades, which are not among `seen`. */
  probes: number;
  close(): Promise<void>;
};

type Answer = (request: IncomingMessage, response: ServerResponse, port: number) => void;

const GZIP = gzipSync(Buffer.from('compressed '.repeat(1000)));
/** 64 MiB in pieces of 64 KiB. */
export const BIG_PIECES = 1024;
export const PIECE = Buffer.alloc(64 * 1024, 'fig');

/** Answers by path: everything that proxies tend to get wrong. Any other path answers what was seen. */
const ANSWERS: Record<string, Answer> = {
  '/cookies': (_request, response) => {
    response.writeHead(200, [
      'Set-Cookie',
      'a=1; Path=/',
      'X-Mixed-CASE',
      'one',
      'Set-Cookie',
      'b=2',
      'X-Mixed-CASE',
      'two',
    ]);
    response.end('cookies');
  },
  '/204': (_request, response) => response.writeHead(204, { 'x-kept': 'yes' }).end(),
  '/304': (_request, response) => response.writeHead(304, { etag: '"1"' }).end(),
  // The length that the body would have.
  '/304-length': (_request, response) => response.writeHead(304, { etag: '"1"', 'content-length': 5 }).end(),
  '/continue': (request, response) => {
    request.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    response.writeHead(200, { 'content-length': 2 }).end('ok');
  },
  '/reason': (_request, response) => response.writeHead(299, 'Quite Fine', { 'content-length': 2 }).end('ok'),
  '/latin1': (_request, response) => response.writeHead(200, { 'x-name': 'J\u00fcrgen' }).end(),
  '/chunked': (_request, response) => {
    response.write('one,');
    setImmediate(() => response.end('two'));
  },
  '/trailers': (_request, response) => {
    response.writeHead(200, { trailer: 'x-sum' });
    response.write('body');
    response.addTrailers({ 'x-sum': '42' });
    response.end();
  },
  '/gzip': (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain' }).end(GZIP);
  },
  '/hop': (_request, response) => {
    response
      .writeHead(200, { connection: 'x-secret, close', 'x-secret': '1', 'x-fig-upstream': 'forged' })
      .end();
  },
  '/moved': (_request, response, port) => {
    response.writeHead(302, { location: `http://127.0.0.1:${port}/there?x=1#y` }).end();
  },
  '/moved-away': (_request, response) => {
    response.writeHead(302, { location: 'https://elsewhere.example/there' }).end();
  },
  '/domain': (_request, response) => {
    response
      .writeHead(200, { 'set-cookie': ['a=1; Domain=127.0.0.1; Path=/', 'b=2; domain=other.example'] })
      .end();
  },
  '/cached': (_request, response) =>
    response.writeHead(200, { 'cache-control': 'public, max-age=60' }).end('c'),
  '/cached-but-a-field': (_request, response) =>
    response.writeHead(200, { 'cache-control': 'max-age=60, private="x-name"' }).end('c'),
  '/ranges': answerRanges,
  '/private': (_request, response) =>
    response.writeHead(200, { 'cache-control': 'private, max-age=60' }).end('c'),
  '/events': (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\n\n');
    request.socket.once('close', () => response.destroy());
  },
  '/headers-only': (_request, response) => {
    response.writeHead(200, { 'content-length': '5' });
    response.flushHeaders();
  },
  '/big': (_request, response) => {
    let pieces = 0;
    const more = () => {
      while (pieces < BIG_PIECES) {
        pieces++;
        if (!response.write(PIECE)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  },
  '/upload': (request, response) => {
    const hash = createHash('sha256');
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    request.on('end', () => {
      const trailers = request.trailers;
      response.end(JSON.stringify({ bytes, hash: hash.digest('hex'), trailers }));
    });
  },
  '/never': () => {},
  '/reset': (request) => request.socket.destroy(),
  '/cut': (request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => request.socket.destroy());
  },
  '/garbage': (request) => request.socket.end('this is no HTTP\r\n\r\n'),
};

/** An upstream on a free port that calls itself `name` in its answers. */
export async function awkwardUpstream(name: string): Promise<AwkwardUpstream> {
  const seen: SeenRequest[] = [];
  let port = 0;
  const server = createServer((request, response) => {
    // Probes come when they like.
    if (request.headers['user-agent'] === 'fig-probe') {
      upstream.probes++;
      return void response.end('ok');
    }
    const record: SeenRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      rawHeaders: request.rawHeaders,
      body: '',
    };
    seen.push(record);
    response.once('close', () => {
      if (!response.writableFinished) upstream.aborted++;
    });
    const answer = ANSWERS[(request.url ?? '').split('?')[0] as string];
    if (answer) return answer(request, response, port);
    request.on('data', (chunk: Buffer) => {
      if (record.body.length < 1024) record.body += chunk.toString();
    });
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ name, ...record }));
    });
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    seen.push({ method: 'GET', url: request.url ?? '', rawHeaders: request.rawHeaders, body: '' });
    if (request.url === '/ws-refused') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Why: rules\r\n\r\nno');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data, binary) => client.send(binary ? data : `${name}:${data}`, { binary }));
    });
  });
  port = await listenOn(server);
  const upstream: AwkwardUpstream = {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    seen,
    aborted: 0,
    probes: 0,
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return upstream;
}
