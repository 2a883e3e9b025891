import { expect, test } from '@jest/globals';
import { isJsonLog, loggedRequest } from './log-line.ts';

const request = { method: 'GET', target: '/api/articles?page=2', status: '200' };
const LINE = '10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] "GET /api/articles?page=2 HTTP/1.1" 200 5 "-" "x"';

test.each<[string, object]>([
  ['nginx, $request', { time: 't', request: 'GET /api/articles?page=2 HTTP/1.1', status: '200' }],
  ['nginx, apart', { request_method: 'GET', request_uri: '/api/articles?page=2', uri: '/i', status: 200 }],
  ['Caddy', { msg: 'handled request', request: { method: 'GET', uri: request.target }, status: 200 }],
  ['Traefik', { RequestMethod: 'GET', RequestPath: '/api/articles?page=2', DownstreamStatus: 200 }],
  ['pino', { level: 30, req: { method: 'GET', url: request.target }, res: { statusCode: 200 } }],
  [
    'a load balancer',
    { httpRequest: { requestMethod: 'GET', requestUrl: `https://a.b${request.target}`, status: 200 } },
  ],
  [
    'Elastic',
    {
      http: { request: { method: 'GET' }, response: { status_code: 200 } },
      url: { original: request.target },
    },
  ],
  ['what a container wrote', { log: `${LINE}\n`, stream: 'stdout' }],
])('reads a request of a log in JSON: %s', (_name, entry) => {
  const line = JSON.stringify(entry);
  expect(loggedRequest(line)).toEqual(request);
  expect(isJsonLog(`${line}\n${line}\n`)).toBe(true);
  expect(isJsonLog(line)).toBe(true);
});

test('reads the line of a combined log, and of others nothing', () => {
  expect(loggedRequest(LINE)).toEqual(request);
  for (const line of [
    '',
    'started',
    '{',
    '{"level":30,"msg":"listening"}',
    '{"method":"GET"}',
    '"GET /a HTTP/1.1" 200',
    '[]',
  ])
    expect([line, loggedRequest(line)]).toEqual([
      line,
      line.startsWith('"') ? { method: 'GET', target: '/a', status: '200' } : null,
    ]);
});

test('takes no document for a log', () => {
  for (const document of [
    { openapi: '3.1.0', paths: {} },
    { swagger: '2.0', paths: {} },
    { log: { version: '1.2', entries: [] } },
  ]) {
    expect(isJsonLog(JSON.stringify(document))).toBe(false);
    expect(isJsonLog(JSON.stringify(document, null, 2))).toBe(false);
  }
  expect(isJsonLog(LINE)).toBe(false);
});
