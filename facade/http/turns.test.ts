import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { facadeOf, listenOn, type TestFacade } from '../test-kit/facade-of.ts';
import { planOf } from '../test-kit/plan-of.ts';
import { until } from '../test-kit/until.ts';

let upstream: Server;
let facade: TestFacade;
let seen: string[];
let held: ServerResponse[];
beforeEach(async () => {
  seen = [];
  held = [];
  upstream = createServer((request, response) => {
    if (request.headers['user-agent'] === 'fig-probe') return void response.end();
    seen.push(`${request.method} ${request.url}`);
    request.resume();
    if (request.url?.startsWith('/held')) held.push(response);
    else response.end(`answer to ${request.url}`);
  });
  upstream.on('upgrade', (request, socket) => {
    seen.push(`UPGRADE ${request.url}`);
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!');
  });
  const url = `http://127.0.0.1:${await listenOn(upstream)}`;
  facade = await facadeOf(planOf({ legacy: { url, build: null } }));
});
afterEach(async () => {
  await facade.close();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

/** Sends bytes at once; `text` is what came back so far. */
function pipeline(bytes: string) {
  const socket = connect(facade.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
  const got = { text: '', closed: once(socket, 'close') };
  socket.setEncoding('latin1').on('data', (chunk) => {
    got.text += chunk;
  });
  return Object.assign(got, { socket });
}
const request = (line: string, headers = '') => `${line} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const statuses = (text: string) => text.match(/HTTP\/1\.1 \d+/g)?.map((line) => Number(line.slice(9)));
const heldBack = async () => {
  await until('the first request', () => held.length === 1);
  // A second connection is served meanwhile: what is held back is held by its connection, not by a busy facade.
  const other = pipeline(request('GET /other', 'Connection: close\r\n'));
  await other.closed;
  expect(seen.filter((line) => !line.includes('/other'))).toHaveLength(1);
};

describe('requests that a client sends without waiting', () => {
  test('are asked one after the other, so that a read sees the write before it', async () => {
    const got = pipeline(
      request('POST /held', 'Content-Length: 1\r\n') +
        'x' +
        request('GET /after') +
        request('GET /last', 'Connection: close\r\n'),
    );
    await heldBack();
    held[0]?.end('written');
    await got.closed;
    expect(seen.filter((line) => !line.includes('/other'))).toEqual([
      'POST /held',
      'GET /after',
      'GET /last',
    ]);
    expect(statuses(got.text)).toEqual([200, 200, 200]);
  });

  test('are answered in order, however many', async () => {
    const count = 500;
    const lines = Array.from({ length: count }, (_, i) => request(`GET /n${i}`)).join('');
    const all = pipeline(lines + request('GET /end', 'Connection: close\r\n'));
    await all.closed;
    expect(all.text.match(/answer to \/n\d+/g)).toEqual(
      Array.from({ length: count }, (_, i) => `answer to /n${i}`),
    );
    expect(all.text.endsWith('answer to /end')).toBe(true);
  });

  test('leave the one before them whole when they are no HTTP', async () => {
    const got = pipeline(`${request('GET /held')}no HTTP at all\r\n\r\n`);
    await heldBack();
    held[0]?.end('whole');
    await got.closed;
    expect(statuses(got.text)).toEqual([200, 400]);
    expect(got.text).toContain('\r\n\r\nwhole');
    expect(got.text).toContain('ROUTE_REQUEST_INVALID');
  });

  test('are no more asked behind one that was refused for what it says', async () => {
    const got = pipeline(request('GET /%zz') + request('POST /never', 'Content-Length: 0\r\n'));
    await got.closed;
    expect(statuses(got.text)).toEqual([400]);
    expect(seen).toEqual([]);
  });

  test('do not end up in an upgraded connection', async () => {
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n';
    const got = pipeline(request('GET /held') + request('GET /ws', upgrade));
    await heldBack();
    held[0]?.end('whole');
    await got.closed;
    expect(statuses(got.text)).toEqual([200, 403]);
    expect(got.text).toContain('\r\n\r\nwhole');
  });
});

test('an answer that is under way is cut when the rest of its request is no HTTP', async () => {
  const got = pipeline(`${request('POST /held', 'Transfer-Encoding: chunked\r\n')}1\r\nx\r\n`);
  await until('the request', () => held.length === 1);
  held[0]?.write('some of it');
  await until('some of the answer', () => got.text.includes('some of it'));
  got.socket.write('zz\r\n');
  await got.closed;
  expect(statuses(got.text)).toEqual([200]);
});
