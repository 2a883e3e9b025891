import { beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import supertest from 'supertest';
import { Recorder } from './recorder.ts';

/** An application that answers as it is asked to, so that the recorder sees what no monolith should answer. */
const app = express();
app.use(express.json());
app.use((req, res) => {
  const { status, headers = {}, text = '' } = req.body as Said;
  res.status(status).set(headers).send(text);
});
type Said = { status: number; headers?: Record<string, string>; text?: string };

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const HTML = { 'content-type': 'text/html; charset=utf-8' };
const GUARDED = { 'content-security-policy': "default-src 'none'", 'x-content-type-options': 'nosniff' };
const NOT_LOGGED_IN = { status: 401, headers: JSON_TYPE, text: '{"error":"not logged in"}' };
const lost = (method: string, path: string, headers: Record<string, string> = GUARDED) => ({
  status: 404,
  headers: { ...HTML, ...headers },
  text: `<pre>Cannot ${method} ${path}</pre>`,
});

describe('the recorder of the contract', () => {
  let recorder: Recorder;
  beforeAll(() => {
    recorder = new Recorder();
    // the 404 of Express has none
    app.disable('etag');
  });
  const ask = (method: 'get' | 'post' | 'patch' | 'options', path: string, said: Said) =>
    supertest
      .agent(app)
      .use(recorder.plugin as never)
      [method](path)
      .send(said);

  test('lets a 500 pass where the test expects it, and nowhere else', async () => {
    const broken = {
      status: 500,
      headers: { ...JSON_TYPE, etag: 'W/"x"' },
      text: '{"error":"database error"}',
    };
    await ask('get', '/api/customers/1', broken).expect(500);
    await expect(ask('get', '/api/customers/1', broken).then((res) => res)).rejects.toThrow(
      'GET /api/customers/1 500: the test does not expect it',
    );
    await expect(ask('get', '/api/customers/1', broken).expect(200)).rejects.toThrow();
  });

  test('wants a weak ETag on what is not streamed', async () => {
    const none = { status: 404, headers: JSON_TYPE, text: '{"error":"customer not found"}' };
    await expect(ask('get', '/api/customers/1', none).expect(404)).rejects.toThrow('has no weak ETag');
  });

  test.each([
    ['get', '/api/nothing', NOT_LOGGED_IN],
    ['patch', '/api/customers/1', NOT_LOGGED_IN],
    ['get', '/nothing?a=b', { status: 302, headers: { location: 'http://x/login?next=%2Fnothing%3Fa%3Db' } }],
    ['post', '/nothing', { status: 302, headers: { location: '/login' } }],
    ['get', '/nothing', lost('GET', '/nothing')],
    ['options', '/ping', { status: 200, headers: { allow: 'GET, HEAD' }, text: 'GET, HEAD' }],
  ] as const)('takes %s %s for unknown', async (method, path, said) => {
    await ask(method, path, said).expect(said.status);
  });

  test.each([
    ['a 401 that is no guard', 'get', '/nothing', NOT_LOGGED_IN],
    ['a 401 of its own', 'get', '/api/nothing', { ...NOT_LOGGED_IN, text: '{"error":"token missing"}' }],
    [
      'a 401 with a header',
      'get',
      '/api/nothing',
      { ...NOT_LOGGED_IN, headers: { ...JSON_TYPE, 'www-authenticate': 'Basic' } },
    ],
    [
      'a redirect under /api',
      'get',
      '/api/nothing',
      { status: 302, headers: { location: '/login?next=%2Fapi%2Fnothing' } },
    ],
    ['a redirect that forgets', 'get', '/nothing', { status: 302, headers: { location: '/login' } }],
    [
      'a redirect with a cookie',
      'post',
      '/nothing',
      { status: 302, headers: { location: '/login', 'set-cookie': 'flash=x' } },
    ],
    ['the 404 of something else', 'get', '/nothing', lost('GET', '/other')],
    [
      'a 404 of its own',
      'get',
      '/api/nothing',
      { status: 404, headers: JSON_TYPE, text: '{"error":"not found"}' },
    ],
    ['a 404 without its policy', 'get', '/nothing', lost('GET', '/nothing', {})],
    [
      'OPTIONS that allow more',
      'options',
      '/ping',
      { status: 200, headers: { allow: 'GET, HEAD, PUT' }, text: 'GET, HEAD, PUT' },
    ],
    ['OPTIONS of nothing', 'options', '/nothing', { status: 200, headers: { allow: '' } }],
    ['an answer', 'get', '/nothing', { status: 200, text: 'hello' }],
  ] as const)('does not let %s pass', async (_what, method, path, said) => {
    await expect(ask(method, path, said).expect(said.status)).rejects.toThrow('not in the contract');
  });
});
