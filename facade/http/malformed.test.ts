import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type AwkwardUpstream, awkwardUpstream } from '../test-kit/awkward-upstream.ts';
import { facadeOf, type TestFacade } from '../test-kit/facade-of.ts';
import { planOf } from '../test-kit/plan-of.ts';
import { ask, rawAsk } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';

let legacy: AwkwardUpstream;
let facade: TestFacade;
beforeAll(async () => {
  legacy = await awkwardUpstream('legacy');
});
beforeEach(async () => {
  facade = await facadeOf(planOf({ legacy: { url: legacy.url, build: null } }));
});
afterEach(() => facade.close());
afterAll(() => legacy.close());

const decisions = () =>
  facade.logged.filter((line) => line.includes('"msg":"request"')).map((line) => JSON.parse(line));
const counted = async () =>
  (await ask(facade.adminUrl, { path: '/metrics' })).body
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('fig_requests_total{'));

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 'ROUTE_REQUEST_INVALID', 400, /^HPE_/],
  ['a broken header', 'GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n', 'ROUTE_REQUEST_INVALID', 400, /^HPE_/],
  [
    'two framings',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'ROUTE_REQUEST_INVALID',
    400,
    /^HPE_/,
  ],
  ['the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'ROUTE_REQUEST_INVALID', 400, /^HPE_/],
  [
    'a head that is too large',
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    'ROUTE_HEADERS_TOO_LARGE',
    431,
    /^HPE_HEADER_OVERFLOW$/,
  ],
  [
    'a version of HTTP that nobody knows',
    'GET / HTTP/1.2\r\nHost: x\r\n\r\n',
    'ROUTE_VERSION_UNSUPPORTED',
    505,
    /^HPE_INVALID_VERSION$/,
  ],
  [
    'a target beyond ASCII',
    'GET /caf\xe9 HTTP/1.1\r\nHost: x\r\n\r\n',
    'ROUTE_REQUEST_INVALID',
    400,
    /^HPE_INVALID_URL$/,
  ],
  [
    'a query beyond ASCII',
    'GET /?q=\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n',
    'ROUTE_REQUEST_INVALID',
    400,
    /^HPE_INVALID_URL$/,
  ],
  ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', 'ROUTE_METHOD_UNSUPPORTED', 501, /^CONNECT$/],
])('%s is refused, counted and logged, each time', async (_what, bytes, code, status, cause) => {
  for (let i = 0; i < 2; i++)
    expect(await rawAsk(facade.port, bytes)).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*"code":"${code}"`),
    );
  const line = { upstream: 'none', reason: code, status, cause: expect.stringMatching(cause) };
  expect(decisions()).toEqual([expect.objectContaining(line), expect.objectContaining(line)]);
  expect(await counted()).toEqual([
    `fig_requests_total{route="",upstream="none",reason="${code}",status="${status}"} 2`,
  ]);
});

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
test.each([
  ['no Host', 'GET /a HTTP/1.1\r\n\r\n', 'ROUTE_REQUEST_INVALID', 400],
  ['no Host but an authority', 'GET http://x/a HTTP/1.1\r\n\r\n', 'ROUTE_REQUEST_INVALID', 400],
  ['an upgrade without Host', `GET /a HTTP/1.1\r\n${UPGRADE}\r\n`, 'ROUTE_REQUEST_INVALID', 400],
  [
    'an expectation that nobody knows',
    'POST /a HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nContent-Length: 2\r\n\r\nab',
    'ROUTE_EXPECTATION_UNSUPPORTED',
    417,
  ],
  [
    'one beside a known one',
    'POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue, a-miracle\r\nContent-Length: 2\r\n\r\nab',
    'ROUTE_EXPECTATION_UNSUPPORTED',
    417,
  ],
  ['one in HTTP/1.0', 'GET /a HTTP/1.0\r\nExpect: a-miracle\r\n\r\n', 'ROUTE_EXPECTATION_UNSUPPORTED', 417],
  [
    'one of an upgrade',
    `GET /a HTTP/1.1\r\nHost: x\r\n${UPGRADE}Expect: a-miracle\r\n\r\n`,
    'ROUTE_EXPECTATION_UNSUPPORTED',
    417,
  ],
  ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', 'ROUTE_TARGET_INVALID', 400],
  ['HTTP/2.0', 'GET /a HTTP/2.0\r\nHost: x\r\n\r\n', 'ROUTE_VERSION_UNSUPPORTED', 505],
  ['HTTP/0.9', 'GET /a HTTP/0.9\r\n\r\n', 'ROUTE_VERSION_UNSUPPORTED', 505],
])('%s is refused with a problem, counted and logged', async (_what, bytes, code, status) => {
  const before = legacy.seen.length;
  const text = await rawAsk(facade.port, bytes);
  expect(text).toMatch(
    new RegExp(
      `^HTTP/1\\.1 ${status} [\\s\\S]*Content-Type: application/problem\\+json[\\s\\S]*"code":"${code}"`,
    ),
  );
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(decisions()).toMatchObject([{ upstream: 'none', reason: code, status }]);
  expect(await counted()).toEqual([
    `fig_requests_total{route="",upstream="none",reason="${code}",status="${status}"} 1`,
  ]);
  expect(legacy.seen).toHaveLength(before);
});

test('an expectation that is refused leaves the connection to the next request', async () => {
  const text = await rawAsk(
    facade.port,
    'GET /reason HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\nGET /reason HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  );
  expect(text).toMatch(/^HTTP\/1\.1 417 [\s\S]*HTTP\/1\.1 299 /);
});

test('a request whose body turns out to be none leaves one line: nobody was asked yet, and why', async () => {
  const text = await rawAsk(
    facade.port,
    'POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nno size\r\n',
  );
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  await until('its line', () => decisions().length > 0);
  const reason = 'ROUTE_REQUEST_INVALID';
  expect(decisions()).toMatchObject([
    { method: 'POST', path: '/upload', upstream: 'none', reason, status: 400 },
  ]);
  expect(await counted()).toEqual([
    `fig_requests_total{route="",upstream="none",reason="${reason}",status="400"} 1`,
  ]);
});

test('what stands behind a whole request is refused on its own line', async () => {
  const text = await rawAsk(facade.port, 'GET /reason HTTP/1.1\r\nHost: x\r\n\r\nno HTTP\r\n\r\n');
  expect(text).toMatch(/^HTTP\/1\.1 299 [\s\S]*HTTP\/1\.1 400 /);
  await until('both lines', () => decisions().length === 2);
  expect(decisions()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ method: 'GET', path: '/reason', status: 299 }),
      expect.objectContaining({ upstream: 'none', reason: 'ROUTE_REQUEST_INVALID', status: 400 }),
    ]),
  );
});

test('a head that ends in the middle is one; a client that is cut off in the middle of it asked for nothing', async () => {
  const reset = connect(facade.port, '127.0.0.1', () => {
    reset.write('GET / HTTP/1.1\r\nHo', () => reset.resetAndDestroy());
  });
  await new Promise((resolve) => reset.once('close', resolve));
  const ended = connect(facade.port, '127.0.0.1', () => ended.end('GET / HTTP/1.1\r\nHo'));
  await new Promise((resolve) => ended.once('close', resolve).resume());
  expect(decisions()).toMatchObject([{ upstream: 'none', status: 400, cause: 'HPE_INVALID_EOF_STATE' }]);
});
