import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { HttpClient } from '../gateway-kit/http-client.ts';
import { legacyIdentity } from './legacy-identity.ts';

const LEGACY = 'https://monolith.example';

/** A monolith that is somebody else's, behind proxies that answer in its place. */
describe('the bridge before a monolith of somebody else', () => {
  const client = new HttpClient({ url: LEGACY, bearer: null, timeoutMs: 200 });

  beforeAll(() => nock.disableNetConnect());
  afterEach(() => {
    nock.abortPendingRequests();
    nock.cleanAll();
  });
  afterAll(() => {
    client.close();
    nock.enableNetConnect();
    nock.restore();
  });

  const introspect = () => legacyIdentity(client).introspect('connect.sid=s%3Aabc');

  test('passes the cookie on and reads login and role', async () => {
    const asked = nock(LEGACY, {
      reqheaders: { cookie: 'connect.sid=s%3Aabc' },
      badheaders: ['authorization'],
    })
      .get('/api/me')
      .reply(200, { usr_id: 1, usr_login: 'anna', usr_name: 'Anna', usr_role: 'dis' });
    expect(await introspect()).toEqual({ number: 1, login: 'anna', role: 'dis' });
    expect(asked.isDone()).toBe(true);
  });

  test('a maintenance page is trouble, not a stranger', async () => {
    nock(LEGACY).get('/api/me').reply(503, '<h1>Back soon</h1>', { 'content-type': 'text/html' });
    await expect(introspect()).rejects.toMatchObject({ code: 'ACL_SERVICE_PROBLEM', status: 503 });
  });

  test('a redirect to a login page logs nobody in', async () => {
    nock(LEGACY).get('/api/me').reply(302, '', { location: '/login' });
    await expect(introspect()).rejects.toMatchObject({ status: 302 });
  });

  test('a login page with status 200 logs nobody in', async () => {
    nock(LEGACY).get('/api/me').reply(200, '<form>', { 'content-type': 'text/html' });
    await expect(introspect()).rejects.toMatchObject({ code: 'ACL_SERVICE_ANSWER' });
  });

  test('silence ends in a timeout of its own', async () => {
    nock(LEGACY).get('/api/me').delay(2_000).reply(200, {});
    await expect(introspect()).rejects.toMatchObject({ code: 'ACL_SERVICE_TIMEOUT' });
  });

  test('a reset connection names the party', async () => {
    nock(LEGACY)
      .get('/api/me')
      .replyWithError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    await expect(introspect()).rejects.toMatchObject({
      code: 'ACL_SERVICE_CONNECT',
      message: expect.stringContaining('monolith.example/api/me'),
    });
  });
});
