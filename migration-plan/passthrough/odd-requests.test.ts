import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { sqliteDatabase } from '#acl/testing/databases.ts';
import { endpointsOfLegacy } from './endpoints.ts';
import type { Pair, Person } from './pair.ts';
import { headerOf, type RawRequest, rawExchange } from './raw-exchange.ts';
import { HOST, startTwoMonoliths, type TwoMonoliths } from './two-monoliths.ts';
import { upload } from './upload.ts';

jest.setTimeout(180_000);

const endpoints = await endpointsOfLegacy();
const targetOf = (endpoint: string) => endpoint.split(' ')[1]!.replace(/:\w+/g, '1');

describe('odd requests are answered by the monolith as if there were no facade', () => {
  let world: TwoMonoliths;
  let pair: Pair;
  let disp: Person;
  let guest: Person;
  beforeAll(async () => {
    world = await startTwoMonoliths(sqliteDatabase);
    ({ pair, disp, guest } = world);
  });
  afterAll(() => world.stop());

  test('HEAD, OPTIONS, other methods, any case and a slash at the end: at every endpoint', async () => {
    for (const path of new Set(endpoints.map(targetOf))) {
      for (const who of [null, guest]) {
        await pair.sameOf(who, 'HEAD', path);
        await pair.sameOf(who, 'OPTIONS', path);
        await pair.sameOf(who, 'PATCH', path, { json: { a: 1 } });
      }
      await pair.sameOf(guest, 'GET', `${path.toUpperCase()}/?x=%41%2f`);
    }
    await pair.ask(null, 302, 'GET', '/nothing');
    await pair.ask(guest, 404, 'GET', '/nothing');
    await pair.ask(guest, 404, 'GET', '/api/nothing');
    await pair.ask(guest, 404, 'PROPFIND', '/api/freelancers');
    await pair.ask(guest, 404, 'TRACE', '/api/freelancers');
  });

  test('malformed JSON: at every endpoint that takes a body', async () => {
    const headers = [['Content-Type', 'application/json']] as const;
    for (const endpoint of endpoints.filter((one) => !one.startsWith('GET')))
      await pair.ask(null, 400, endpoint.split(' ')[0]!, targetOf(endpoint), {
        body: Buffer.from('{"a":'),
        headers,
      });
  });

  test('bodies that are too big, of another charset, compressed, or nothing', async () => {
    const asked: [status: number, type: string, Omit<RawRequest, 'method' | 'target'>][] = [
      [400, 'application/json', { body: Buffer.from('null') }],
      [401, 'application/json', { body: Buffer.from('[]') }],
      [401, 'application/json', { body: Buffer.alloc(0) }],
      [401, 'text/plain', { body: Buffer.from('user=disp') }],
      [413, 'application/x-www-form-urlencoded', { body: Buffer.from(`a=${'&a='.repeat(2000)}`) }],
      [415, 'application/json; charset=klingon', { body: Buffer.from('{}') }],
      [200, 'application/json', gzipped('{"user":"disp","pass":"disp"}')],
      [400, 'application/json', { ...gzipped('x'), body: Buffer.from('not gzip') }],
      [413, 'application/json', { body: LARGE }],
      [413, 'application/json', { body: LARGE, chunked: true }],
      [413, 'application/json', gzipped(LARGE)],
    ];
    for (const [status, type, { headers = [], ...request }] of asked)
      await pair.ask(null, status, 'POST', '/api/login', {
        ...request,
        headers: [['Content-Type', type], ...headers],
      });
  });

  test('a file that is too big', async () => {
    const body = Buffer.alloc(201 * 1024 * 1024, 'x');
    await pair.ask(disp, 413, 'POST', '/api/imports', { body, headers: [['Content-Type', 'text/plain']] });
    await pair.ask(disp, 302, 'POST', '/imports', upload(body, 'zu groß.dat'));
  });

  test('headers and targets that few clients send', async () => {
    const get = (status: number, target: string, ...headers: (readonly [string, string])[]) =>
      pair.ask(guest, status, 'GET', target, { headers });
    await get(200, '/api/me', ['Accept', 'text/html'], ['Accept', 'image/*'], ['X-Odd', 'ä']);
    await get(200, '/api/me', ['Cookie', 'a=b; c="d e"']);
    await get(304, '/api/me', ['If-None-Match', '*']);
    await get(200, '/api/me?', ['Range', 'bytes=0-1']);
    await get(200, '/api/freelancers?q=a+b%20c&q=%C3%BC&%5B%5D=1;x=2&=&&?#'.replace('#', ''));
    await get(200, '/api/freelancers?q=\\^`{|}"<>');
    await get(200, '/api/freelancers', ['X-HTTP-Method-Override', 'DELETE']);
    await get(404, `/api/freelancers/999999?${'x'.repeat(8000)}`);
    await pair.ask(guest, 200, 'GET', `http://${HOST}/ping`);
    await pair.ask(null, 200, 'POST', '/api/logout', {
      headers: [['Expect', '100-continue']],
      body: Buffer.from(''),
    });
  });

  describe('but for what the facade is for', () => {
    const both = async (request: RawRequest) =>
      Promise.all([
        rawExchange(world.origins.direct, HOST, request),
        rawExchange(world.origins.through, HOST, request),
      ]);

    test.each([
      ['/api/./me', '/api/me'],
      ['//api///me', '/api/me'],
      ['/api/x/../me', '/api/me'],
      ['/api/%6De', '/api/me'],
      ['/%2e%2e/api/%2e/me', '/api/me'],
    ])('%s is asked as %s', async (odd, normal) => {
      const headers = (cookie: string) => [['Cookie', cookie]] as const;
      const [direct, through] = await Promise.all([
        rawExchange(world.origins.direct, HOST, {
          method: 'GET',
          target: normal,
          headers: headers(guest.direct),
        }),
        rawExchange(world.origins.through, HOST, {
          method: 'GET',
          target: odd,
          headers: headers(guest.through),
        }),
      ]);
      expect(through.body).toEqual(direct.body);
      expect([direct.status, through.status]).toEqual([200, 200]);
    });

    test('a broken escape is refused before anybody is asked', async () => {
      const [direct, through] = await both({ method: 'GET', target: '/api/freelancers/%zz' });
      expect([direct.status, through.status]).toEqual([401, 400]);
      expect(headerOf(through, 'content-type')).toContain('application/problem+json');
    });

    test('without a Host links lead to publicUrl', async () => {
      const [direct, through] = await both({ method: 'GET', target: '/', version: '1.0' });
      expect([headerOf(direct, 'location'), headerOf(through, 'location')]).toEqual([
        '/login',
        `http://${HOST}/login`,
      ]);
    });
  });
});

const LARGE = Buffer.from(JSON.stringify({ a: 'x'.repeat(1_100_000) }));

function gzipped(text: string | Buffer): Pick<RawRequest, 'headers' | 'body'> {
  return { headers: [['Content-Encoding', 'gzip']], body: gzipSync(text) };
}
