import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import supertest from 'supertest';
import { freelancersOpenapi } from './adapters/http/openapi.ts';
import { freelancerId } from './domain/freelancer-id.ts';
import { startTestService, type TestService } from './test-service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService('api');
});
afterAll(() => service.stop());

const base = '/v2/freelancers';
const someone = { name: { first: 'Jürgen', last: 'Größe' } };
const nobody = `${base}/${freelancerId(1)}`;

async function added(body: object = someone) {
  const answer = await service.send('post', base, { body });
  expect(answer.status).toBe(201);
  return { id: answer.body.id as string, path: `${base}/${answer.body.id}`, freelancer: answer.body };
}

describe('registering', () => {
  test('answers the whole freelancer, where it is and its version', async () => {
    const body = {
      ...someone,
      hourlyRate: { amount: '95.5', currency: 'EUR' },
      skills: ['Java', 'sql'],
      email: 'J.Groesse@example.org',
      city: 'Köln',
      availableFrom: '2026-02-28',
    };
    const answer = await service.send('post', base, { body });
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ etag: '"1"', location: `${base}/${answer.body.id}` });
    expect(answer.body).toMatchObject({
      ...body,
      id: freelancerId(answer.body.number),
      matchcode: 'GROESSE, JUERGEN',
      hourlyRate: { amount: '95.50', currency: 'EUR' },
      status: 'active',
      archived: false,
      version: 1,
    });
    expect(answer.body.number).toBeGreaterThanOrEqual(1_000_000);
    const read = await service.send('get', answer.headers.location as string);
    expect(read.body).toEqual(answer.body);
  });

  test.each([
    [{}, 'name'],
    [{ name: { first: ' ', last: '' } }, 'name'],
    [{ ...someone, hourlyRate: { amount: '-1', currency: 'EUR' } }, 'hourlyRate.amount'],
    [{ ...someone, hourlyRate: { amount: 95, currency: 'EUR' } }, 'hourlyRate.amount'],
    [{ ...someone, availableFrom: '2026-02-30' }, 'availableFrom'],
    [{ ...someone, availableFrom: '0000-01-01' }, 'availableFrom'],
    [{ ...someone, skills: ['a,b'] }, 'skills.0'],
    [{ ...someone, email: '' }, 'email'],
    [{ ...someone, city: 'a\0b' }, 'city'],
    [{ ...someone, notes: '\ud800' }, 'notes'],
    [{ ...someone, nickname: 'x' }, 'nickname'],
    [{ ...someone, number: 5 }, 'number'],
  ])('refuses %j and names %s', async (body, path) => {
    const answer = await service.send('post', base, { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'REQUEST_INVALID', status: 400 });
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  test('refuses an address that somebody has in another case', async () => {
    await added({ ...someone, email: 'taken@example.org' });
    const answer = await service.send('post', base, { body: { ...someone, email: 'TAKEN@example.org' } });
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe('FREELANCER_EMAIL_TAKEN');
  });

  test('refuses a body that is no JSON, of another type, too large, or none', async () => {
    const json = { 'content-type': 'application/json' };
    expect((await service.send('post', base, { body: '{', headers: json })).status).toBe(400);
    expect(
      (await service.send('post', base, { body: 'a', headers: { 'content-type': 'text/plain' } })).status,
    ).toBe(415);
    expect((await service.send('post', base, { body: { notes: 'x'.repeat(2_000_000) } })).status).toBe(413);
    expect((await service.send('post', base)).status).toBe(415);
  });
});

describe('reading', () => {
  test('answers 304 to the version that the caller has, and the freelancer to another', async () => {
    const { path } = await added();
    const same = await service.send('get', path, { headers: { 'if-none-match': '"1"' } });
    expect([same.status, same.text]).toEqual([304, '']);
    expect((await service.send('get', path, { headers: { 'if-none-match': '"2"' } })).status).toBe(200);
  });

  test.each([nobody, `${base}/17`, `${base}/x%00y`])('answers 404 for %s', async (path) => {
    const answer = await service.send('get', path);
    expect([answer.status, answer.body.code]).toEqual([404, 'FREELANCER_NOT_FOUND']);
  });
});

describe('editing', () => {
  const edit = (path: string, etag: string, body: object) =>
    service.send('patch', path, { body, headers: { 'if-match': etag } });

  test('merges: what is left out stays, null clears, a rename sets the matchcode', async () => {
    const { path } = await added({
      ...someone,
      city: 'Bonn',
      phone: '1',
      hourlyRate: { amount: '5', currency: 'CHF' },
    });
    const answer = await service.send('patch', path, {
      body: JSON.stringify({ name: { last: 'Weiß' }, city: null, hourlyRate: { amount: '7' } }),
      headers: { 'if-match': '"1"', 'content-type': 'application/merge-patch+json' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.etag).toBe('"2"');
    expect(answer.body).toMatchObject({
      name: { first: 'Jürgen', last: 'Weiß' },
      matchcode: 'WEISS, JUERGEN',
      city: null,
      phone: '1',
      hourlyRate: { amount: '7.00', currency: 'CHF' },
      version: 2,
    });
    const found = await service.send('get', `${base}?q=weiß`);
    expect(found.body.items).toEqual([answer.body]);
  });

  test('keeps the version when nothing changes', async () => {
    const { path, freelancer } = await added();
    const answer = await edit(path, '"1"', { name: freelancer.name, city: null });
    expect(answer.body).toEqual(freelancer);
  });

  test('insists on If-Match, and on the right one', async () => {
    const { path } = await added();
    expect((await service.send('patch', path, { body: { city: 'A' } })).status).toBe(428);
    const stale = await edit(path, '"2"', { city: 'A' });
    expect([stale.status, stale.body.code]).toEqual([412, 'PRECONDITION_FAILED']);
    expect((await edit(path, 'W/"1"', { city: 'A' })).status).toBe(412);
    expect((await edit(path, '1', { city: 'A' })).status).toBe(400);
    expect((await edit(path, '"9", "1"', { city: 'A' })).status).toBe(200);
    expect((await edit(path, '*', { city: 'B' })).status).toBe(200);
  });

  test('refuses to leave someone nameless, to clear what must be there, to take an address, to find nobody', async () => {
    await added({ ...someone, email: 'first@example.org' });
    const { path } = await added();
    expect((await edit(path, '"1"', { name: { first: '', last: '' } })).body.errors[0].path).toBe('name');
    expect((await edit(path, '"1"', { status: null })).status).toBe(400);
    expect((await edit(path, '"1"', { email: 'FIRST@example.org' })).status).toBe(409);
    expect((await edit(nobody, '"1"', { city: 'A' })).status).toBe(404);
    const text = { body: 'x', headers: { 'content-type': 'text/plain', 'if-match': '"1"' } };
    expect((await service.send('patch', path, text)).status).toBe(415);
  });

  test('lets one of many concurrent edits of the same version win', async () => {
    const { path } = await added();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => edit(path, '"1"', { city: `City ${index}` })),
    );
    const won = answers.filter((answer) => answer.status === 200);
    expect(won).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 412)).toHaveLength(11);
    expect((await service.send('get', path)).body).toEqual(won[0]?.body);
  });
});

describe('blocking and activating', () => {
  test('blocks once, with a reason that activating forgets', async () => {
    const { path } = await added();
    const blocked = await service.send('post', `${path}/block`, { body: { reason: 'no show' } });
    expect(blocked.body).toMatchObject({ status: 'blocked', blockReason: 'no show', version: 2 });
    const again = await service.send('post', `${path}/block`, { body: { reason: 'again' } });
    expect([again.status, again.body.code]).toEqual([409, 'FREELANCER_ALREADY_BLOCKED']);
    const active = await service.send('post', `${path}/activate`);
    expect(active.body).toMatchObject({ status: 'active', blockReason: null, version: 3 });
    const unchanged = await service.send('post', `${path}/activate`);
    expect([unchanged.status, unchanged.body.version]).toEqual([200, 3]);
  });

  test('refuses a blank reason, a stale version, another type, and nobody', async () => {
    const { path } = await added();
    const stale = { 'if-match': '"7"' };
    expect((await service.send('post', `${path}/block`, { body: { reason: '  ' } })).status).toBe(400);
    expect(
      (await service.send('post', `${path}/block`, { body: { reason: 'x' }, headers: stale })).status,
    ).toBe(412);
    expect((await service.send('post', `${path}/activate`, { headers: stale })).status).toBe(412);
    expect((await service.send('post', `${nobody}/block`, { body: { reason: 'x' } })).status).toBe(404);
    expect((await service.send('post', `${nobody}/activate`)).status).toBe(404);
    const text = { body: 'x', headers: { 'content-type': 'text/plain' } };
    expect((await service.send('post', `${path}/block`, text)).status).toBe(415);
  });
});

describe('deleting', () => {
  test('archives: again is fine, a read still answers, a search has to ask for it', async () => {
    const { path } = await added({ name: { first: 'Old', last: 'Archie' } });
    expect((await service.send('delete', path, { headers: { 'if-match': '"2"' } })).status).toBe(412);
    expect((await service.send('delete', path)).status).toBe(204);
    expect((await service.send('delete', path)).status).toBe(204);
    expect((await service.send('get', path)).body).toMatchObject({ archived: true, version: 2 });
    const counts = await Promise.all(
      ['exclude', 'only', 'include'].map((archived) =>
        service.send('get', `${base}?q=archie&count=exact&archived=${archived}`),
      ),
    );
    expect(counts.map((answer) => answer.body.total)).toEqual([0, 1, 1]);
    expect((await service.send('delete', nobody)).status).toBe(404);
  });
});

describe('an idempotency key', () => {
  const once = (key: string, body: object) =>
    service.send('post', base, { body, headers: { 'idempotency-key': key } });
  const count = async (q: string) => (await service.send('get', `${base}?count=exact&q=${q}`)).body.total;

  test('gives the same answer again, also after a change and with other key order', async () => {
    const first = await once('k1', { name: { first: 'Uma', last: 'Unique' }, city: 'A' });
    await service.send('patch', first.headers.location as string, {
      body: { city: 'B' },
      headers: { 'if-match': '*' },
    });
    const again = await once('k1', { city: 'A', name: { last: 'Unique', first: 'Uma' } });
    expect([again.status, again.headers.etag, again.body]).toEqual([201, '"1"', first.body]);
    expect(await count('unique')).toBe(1);
  });

  test('refuses another body, and a key that is none', async () => {
    await once('k2', someone);
    const other = await once('k2', { ...someone, city: 'Other' });
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect((await once('with space', someone)).status).toBe(400);
  });

  test('makes one row of many concurrent requests, which all get the same answer', async () => {
    const body = { name: { first: 'Cora', last: 'Concurrent' }, email: 'cora@example.org' };
    const answers = await Promise.all(Array.from({ length: 12 }, () => once('k3', body)));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(await count('concurrent')).toBe(1);
  });

  test('is forgotten after 24 hours, and not before', async () => {
    const age = (key: string, hours: number) =>
      service.database.query(
        `UPDATE idempotency SET created_at = now() - make_interval(mins => $2) WHERE key = $1`,
        [key, hours * 60],
      );
    const keys = async () =>
      (await service.database.query(`SELECT key FROM idempotency WHERE key LIKE 'old-%' ORDER BY key`)).map(
        (row: { key: string }) => row.key,
      );
    for (const key of ['old-1', 'old-2', 'old-3']) await once(key, someone);
    await age('old-1', 24.1);
    await age('old-2', 24.1);
    await age('old-3', 23.9);
    const other = { ...someone, city: 'Other' };
    expect((await once('old-1', other)).status).toBe(201);
    expect(await keys()).toEqual(['old-1', 'old-3']);
    expect((await once('old-1', someone)).status).toBe(422);
    expect((await once('old-3', other)).status).toBe(422);
  });

  test('is forgotten by many requests at once without harm', async () => {
    for (let index = 0; index < 30; index += 1) await once(`aged-${index}`, someone);
    await service.database.query(
      `UPDATE idempotency SET created_at = now() - interval '2 days' WHERE key LIKE 'aged-%'`,
    );
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => once(`aged-${index % 3}`, someone)),
    );
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(3);
  });

  test('is free again after a request that added nothing', async () => {
    await added({ ...someone, email: 'held@example.org' });
    expect((await once('k4', { ...someone, email: 'held@example.org' })).status).toBe(409);
    expect((await once('k4', { ...someone, email: 'free@example.org' })).status).toBe(201);
  });
});

describe('the door', () => {
  test.each([
    ['none', {}],
    ['wrong', { authorization: 'Bearer wrong' }],
    ['basic', { authorization: 'Basic x' }],
  ])('stays shut for a token that is %s, on every operation', async (_name, headers) => {
    const paths: ['get' | 'post' | 'patch' | 'delete', string][] = [
      ['get', base],
      ['post', base],
      ['get', nobody],
      ['patch', nobody],
      ['delete', nobody],
      ['post', `${nobody}/activate`],
      ['post', `${nobody}/block`],
      ['post', '/.fig/sync/tickets'],
    ];
    for (const [method, path] of paths) {
      const answer = await service.send(method, path, { headers: { authorization: '', ...headers } });
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });

  test('is open for health, version, metrics and the description', async () => {
    const open = supertest(service.app);
    expect((await open.get('/livez')).body).toEqual({ status: 'ok' });
    expect((await open.get('/readyz')).body).toEqual({ status: 'ok' });
    expect((await open.get('/version')).body).toEqual({
      service: 'freelancers',
      version: '0.0.0',
      build: 'test',
    });
    expect((await open.get('/openapi.json')).body).toEqual(freelancersOpenapi('0.0.0'));
    await service.send('get', nobody);
    const { text } = await open.get('/metrics');
    expect(text).toMatch(
      /http_requests_total\{method="GET",route="\/v2\/freelancers\/:id",status="404",.*\} \d+/,
    );
    expect(text).toContain('http_request_duration_seconds_bucket');
  });

  test('answers problems for other paths and methods', async () => {
    const lost = await service.send('get', '/elsewhere');
    expect([lost.status, lost.body.code]).toEqual([404, 'ROUTE_NOT_FOUND']);
    const { app } = service;
    const put = await supertest(app).put(base).set('authorization', 'Bearer a-test-token');
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
  });

  test('keeps a request id that is sane and makes one otherwise', async () => {
    const kept = await service.send('get', base, { headers: { 'x-request-id': 'abc-1' } });
    expect(kept.headers['x-request-id']).toBe('abc-1');
    const made = await service.send('get', base, { headers: { 'x-request-id': 'a b' } });
    expect(made.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('searching', () => {
  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=1e2', 'limit'],
    ['skip=-1', 'skip'],
    ['sort=city', 'sort'],
    ['rateMin=1.234', 'rateMin'],
    ['availableBy=31.01.2026', 'availableBy'],
    ['status=gone', 'status'],
    ['archived=yes', 'archived'],
    ['count=some', 'count'],
    ['q=a&q=b', 'q'],
    ['q=a%00b', 'q'],
    ['page=2', 'page'],
    ['cursor=nonsense', 'cursor'],
    ['cursor=WyJhIiwiYiIsMV0', 'cursor'],
  ])('refuses %s and names %s', async (query, path) => {
    const answer = await service.send('get', `${base}?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
  });
});

describe('while another one owns the data', () => {
  const own = (owner: string, epoch: number) =>
    service.send('put', '/.fig/sync/freelancers/owner', { body: { owner, epoch } });

  test('every write is refused, and reads go on', async () => {
    const { id } = (await service.send('post', base, { body: { name: { first: 'O', last: 'Wner' } } })).body;
    expect((await own('legacy', 1)).status).toBe(200);
    const any = { 'if-match': '*' };
    for (const [method, path, body] of [
      ['post', base, { name: { first: 'A', last: 'B' } }],
      ['patch', `${base}/${id}`, { city: 'Ulm' }],
      ['post', `${base}/${id}/activate`, undefined],
      ['post', `${base}/${id}/block`, { reason: 'x' }],
      ['delete', `${base}/${id}`, undefined],
    ] as const) {
      const answer = await service.send(method, path, { body, headers: any });
      expect([answer.status, answer.body.code, answer.headers['x-fig-refused']]).toEqual([
        409,
        'NOT_THE_OWNER',
        'not-the-owner',
      ]);
    }
    expect((await service.send('get', `${base}/${id}`)).body.version).toBe(1);
    expect((await own('open', 2)).status).toBe(200);
  });
});

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(freelancersOpenapi('0.0.0'));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  test('describes nothing that was not answered in this file', () => {
    expect(service.unmet()).toEqual([]);
  });
});
