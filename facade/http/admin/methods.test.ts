import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { facadeOf, type TestFacade, TOKEN } from '../../test-kit/facade-of.ts';
import { planOf, routeOf } from '../../test-kit/plan-of.ts';
import { ask, rawAsk } from '../../test-kit/raw-client.ts';
import { publishedDocument } from './published-document.ts';

let facade: TestFacade;
beforeAll(async () => {
  facade = await facadeOf(planOf({ routes: [routeOf('articles', ['GET /a'])] }));
});
afterAll(() => facade.close());

const headers = { authorization: `Bearer ${TOKEN}` };
const call = (method: string, path: string, more: object = headers) =>
  ask(facade.adminUrl, { method, path: path.replace(/\{\w+\}/g, 'articles'), headers: { ...more } });

const PATHS = Object.entries(publishedDocument().paths as Record<string, object>).map(
  ([path, methods]) =>
    [path, Object.keys(methods).flatMap((one) => (one === 'get' ? ['GET', 'HEAD'] : ['POST']))] as const,
);

test.each(PATHS)('%s refuses every method but %j with 405 and says which it takes', async (path, known) => {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    if (known.includes(method)) continue;
    const answer = await call(method, path);
    expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, known.join(', ')]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    if (method !== 'HEAD')
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        code: 'ROUTE_METHOD_NOT_ALLOWED',
        status: 405,
      });
    // Without a token nobody learns what there is.
    if (path.startsWith('/v1')) expect((await call(method, path, {})).status).toBe(401);
  }
});

test.each(PATHS.filter(([, known]) => known.includes('HEAD')))(
  'HEAD of %s is answered, without a body',
  async (path) => {
    const answer = await call('HEAD', path);
    expect([answer.status, answer.body.length]).toEqual([path.includes('{set}') ? 404 : 200, 0]);
    const type = path.startsWith('/v1/stream')
      ? 'text/event-stream'
      : path.endsWith('recording')
        ? 'ndjson'
        : '';
    expect(answer.headers['content-type']).toContain(type);
  },
);

test('HEAD of a recording begins none', async () => {
  await call('HEAD', '/v1/routes/articles/recording');
  const begun = await call('GET', '/v1/routes/articles/recording?seconds=1&limit=1');
  expect(begun.status).toBe(200);
});

test('what is not there is 404 by any method', async () => {
  for (const method of ['GET', 'POST', 'DELETE'])
    expect((await call(method, '/v1/nothing')).status).toBe(404);
});

test.each([
  ['no Host', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', 403, 'AUTH_HOST_REFUSED'],
  ['no HTTP', 'what?\r\n\r\n', 400, 'ROUTE_REQUEST_INVALID'],
  [
    'a head that is too large',
    `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'ROUTE_HEADERS_TOO_LARGE',
  ],
  [
    'an expectation that nobody knows',
    'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: a-miracle\r\n\r\n',
    417,
    'ROUTE_EXPECTATION_UNSUPPORTED',
  ],
])('a request with %s is refused with a problem', async (_what, bytes, status, code) => {
  const text = await rawAsk(facade.adminPort, bytes);
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*problem\\+json[\\s\\S]*"code":"${code}"`));
});
