import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ServiceUnreachable } from '../gateway-kit/error.ts';
import { HttpClient } from '../gateway-kit/http-client.ts';
import type { IdentityBridge } from '../gateway-kit/identity.ts';
import { json, type StubServer, stubServer } from '../testing/stub-server.ts';
import { legacyIdentity, STALENESS_MS } from './legacy-identity.ts';
import { SessionCache } from './session-cache.ts';

describe('the identity bridge', () => {
  let legacy: StubServer;
  let client: HttpClient;
  let bridge: IdentityBridge;
  let nowMs = 0;
  let status = 200;
  const body: unknown = { usr_id: 1, usr_login: 'admin', usr_name: 'A', usr_role: 'adm' };

  beforeEach(async () => {
    [nowMs, status] = [0, 200];
    legacy = await stubServer((_request, response) =>
      json(response, status, status === 200 ? body : { error: 'x' }),
    );
    client = new HttpClient({ url: legacy.url, bearer: null });
    bridge = legacyIdentity(client, () => nowMs);
  });
  afterEach(async () => {
    client.close();
    await legacy.close();
  });

  test('asks legacy with the cookie and nothing else of the client', async () => {
    expect(await bridge.introspect('connect.sid=a')).toEqual({ number: 1, login: 'admin', role: 'adm' });
    const [request] = legacy.requests;
    expect(request).toMatchObject({ method: 'GET', url: '/api/me' });
    expect(Object.keys(request!.headers).sort()).toEqual(['accept', 'connection', 'cookie', 'host']);
  });

  test('believes an answer for two seconds, per cookie', async () => {
    await bridge.introspect('connect.sid=a');
    nowMs = STALENESS_MS - 1;
    status = 401;
    expect(await bridge.introspect('connect.sid=a')).toEqual({ number: 1, login: 'admin', role: 'adm' });
    expect(await bridge.introspect('connect.sid=b')).toBeNull();
    nowMs = STALENESS_MS;
    expect(await bridge.introspect('connect.sid=a')).toBeNull();
    expect(legacy.requests).toHaveLength(3);
    expect(STALENESS_MS).toBe(2000);
  });

  test('never remembers that nobody is logged in', async () => {
    status = 401;
    expect(await bridge.introspect('connect.sid=a')).toBeNull();
    status = 200;
    expect(await bridge.introspect('connect.sid=a')).toEqual({ number: 1, login: 'admin', role: 'adm' });
  });

  test('never remembers a failure', async () => {
    status = 500;
    await expect(bridge.introspect('connect.sid=a')).rejects.toMatchObject({ status: 500 });
    status = 200;
    expect(await bridge.introspect('connect.sid=a')).not.toBeNull();
  });

  test('asks once for requests that come together', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => bridge.introspect('connect.sid=a')));
    expect(new Set(answers.map((session) => session?.login))).toEqual(new Set(['admin']));
    expect(legacy.requests).toHaveLength(1);
  });

  test('knows without asking that no cookie is nobody', async () => {
    expect(await bridge.introspect(undefined)).toBeNull();
    expect(await bridge.introspect('')).toBeNull();
    expect(legacy.requests).toHaveLength(0);
  });

  test('says when legacy is out of reach', async () => {
    await legacy.close();
    await expect(bridge.introspect('connect.sid=a')).rejects.toBeInstanceOf(ServiceUnreachable);
  });
});

describe('the session cache', () => {
  const session = { number: 1, login: 'a', role: 'b' };

  test('holds no more sessions than it may, the latest ones', async () => {
    const cache = new SessionCache({ maxAgeMs: 1000, maxEntries: 3, nowMs: () => 0 });
    for (const cookie of ['1', '2', '3', '4', '5']) await cache.through(cookie, async () => session);
    expect(cache.size).toBe(3);
    let asked = 0;
    const ask = async () => {
      asked += 1;
      return session;
    };
    await cache.through('5', ask);
    expect(asked).toBe(0);
    await cache.through('1', ask);
    expect(asked).toBe(1);
  });

  test('does not keep cookies of any length', async () => {
    const cache = new SessionCache({ maxAgeMs: 1000, maxEntries: 3, nowMs: () => 0 });
    await cache.through('x'.repeat(5000), async () => session);
    expect(cache.size).toBe(0);
  });
});
