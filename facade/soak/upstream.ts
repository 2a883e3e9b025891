// An upstream of the soak, a process of its own: `node upstream.ts NAME PORT`. It fails no request while it runs.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';

const [name = 'upstream', port = '0'] = process.argv.slice(2);
const TICK_MS = 200;
const PIECE = Buffer.alloc(64 * 1024, 'fig');

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
  if (pathname === '/live/events') return events(request, response);
  if (pathname.startsWith('/files/') && request.method === 'GET')
    return download(response, Number(pathname.slice('/files/'.length)), searchParams.has('chunked'));
  if (pathname.startsWith('/copied/')) return list(response, pathname, searchParams.get('n'));
  const hash = createHash('sha256');
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ by: name, n: searchParams.get('n'), bytes, hash: hash.digest('hex') }));
  });
});

function events(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let ticks = 0;
  const tick = () => response.write(`data: ${ticks++}\n\n`);
  tick();
  const timer = setInterval(tick, TICK_MS);
  request.socket.once('close', () => clearInterval(timer));
}

/** What both sides answer alike, but for one member of each entry. */
function list(response: ServerResponse, pathname: string, n: string | null): void {
  const entries = Array.from({ length: pathname.endsWith('/many') ? 500 : 5 }, (_, id) => ({
    id,
    title: `Article ${id} of ${n}`,
    by: `${name} ${n}`,
    tags: ['one', 'two'],
  }));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ n, entries }));
}

function download(response: ServerResponse, bytes: number, chunked: boolean): void {
  response.writeHead(200, chunked ? {} : { 'content-length': bytes });
  let left = bytes;
  const more = () => {
    while (left > 0) {
      const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
      left -= piece.length;
      if (!response.write(piece)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}

const sockets = new WebSocketServer({ server });
sockets.on('connection', (client) => {
  client.on('error', () => {});
  client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
});

server.listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  for (const client of sockets.clients) client.close(1001);
  setTimeout(() => process.exit(0), 1_000);
});
