import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import supertest from 'supertest';
import { timesheetsOpenapi } from './adapters/http/openapi.ts';
import { timesheetId } from './domain/timesheet-id.ts';
import { startTestService, type TestService } from './test-service.ts';

let service: TestService;
let freelancers = 0;
beforeAll(async () => {
  service = await startTestService('timesheets_api');
});
afterAll(() => service.stop());

const base = '/v2/timesheets';
const nobody = `${base}/${timesheetId(1)}`;
/** Work of a freelancer that no other test knows: days fill up. */
const work = (change: object = {}) => ({
  freelancerNumber: ++freelancers,
  projectNumber: 4,
  day: '2026-03-02',
  hours: '8.00',
  hourlyRate: { amount: '80.00', currency: 'EUR' },
  ...change,
});

async function filed(change: object = {}) {
  const answer = await service.send('post', base, { body: work(change) });
  expect([answer.status, answer.status === 201 ? '' : answer.text]).toEqual([201, '']);
  return { path: `${base}/${answer.body.id}`, timesheet: answer.body };
}
const take = (path: string, step: string, body: object = {}, headers: Record<string, string> = {}) =>
  service.send('post', `${path}/${step}`, step === 'submit' ? { headers } : { body, headers });
const edit = (path: string, etag: string, body: object) =>
  service.send('patch', path, { body, headers: { 'if-match': etag } });
const steps: readonly (readonly [string, object])[] = [
  ['submit', {}],
  ['approve', { approvedBy: 9 }],
  ['pay', { paymentNumber: 71 }],
];
/** A sheet that has come as far as `status`. */
async function reached(status: string) {
  const { path } = await filed();
  if (status === 'draft') return path;
  await take(path, 'submit');
  if (status === 'rejected') await take(path, 'reject', { reason: 'no' });
  if (status === 'approved' || status === 'paid') await take(path, 'approve', { approvedBy: 9 });
  if (status === 'paid') await take(path, 'pay', { paymentNumber: 71 });
  expect((await service.send('get', path)).body.status).toBe(status);
  return path;
}

describe('filing', () => {
  test('answers the whole draft, where it is and its version', async () => {
    const body = work({ note: 'Übergabe', billable: false, hours: '07.50' });
    const answer = await service.send('post', base, { body });
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ etag: '"1"', location: `${base}/${answer.body.id}` });
    expect(answer.body).toMatchObject({
      ...body,
      hours: '7.50',
      id: timesheetId(answer.body.number),
      status: 'draft',
      rejectionReason: null,
      approvedBy: null,
      approvedAt: null,
      paymentNumber: null,
      version: 1,
    });
    expect(answer.body.number).toBeGreaterThanOrEqual(10_000_000);
    expect((await service.send('get', answer.headers.location as string)).body).toEqual(answer.body);
  });

  test.each([
    [{ hours: '0.00' }, 'hours'],
    [{ hours: '7.55' }, 'hours'],
    [{ hours: '24.25' }, 'hours'],
    [{ hours: 8 }, 'hours'],
    [{ hours: 'eight' }, 'hours'],
    [{ day: '2026-02-30' }, 'day'],
    [{ hourlyRate: { amount: '80', currency: 'EUR' } }, 'hourlyRate.amount'],
    [{ hourlyRate: { amount: '80.00', currency: 'CHF' } }, 'hourlyRate.currency'],
    [{ freelancerNumber: 0 }, 'freelancerNumber'],
    [{ projectNumber: '4' }, 'projectNumber'],
    [{ note: '' }, 'note'],
    [{ note: 'a\0b' }, 'note'],
    [{ status: 'paid' }, 'status'],
  ])('refuses %j and names %s', async (change, path) => {
    const answer = await service.send('post', base, { body: work(change) });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  test('refuses what is no JSON', async () => {
    const text = { body: 'a', headers: { 'content-type': 'text/plain' } };
    expect((await service.send('post', base, text)).status).toBe(415);
  });
});

describe('a day of 24 hours', () => {
  test('spans projects, leaves rejected sheets out, and counts one that is put right', async () => {
    const freelancerNumber = ++freelancers;
    const of = (change: object) => ({ body: work({ freelancerNumber, ...change }) });
    const first = await filed({ freelancerNumber, hours: '20.00' });
    const full = await service.send('post', base, of({ projectNumber: 5, hours: '4.25' }));
    expect([full.status, full.body.code]).toEqual([409, 'TIMESHEET_DAY_FULL']);
    expect((await service.send('post', base, of({ day: '2026-03-03', hours: '4.25' }))).status).toBe(201);
    await take(first.path, 'submit');
    await take(first.path, 'reject', { reason: 'no' });
    const second = await filed({ freelancerNumber, hours: '4.25' });
    const back = await edit(first.path, '*', {});
    expect([back.status, back.body.code]).toEqual([409, 'TIMESHEET_DAY_FULL']);
    expect((await edit(second.path, '*', { hours: '4.00' })).status).toBe(200);
    expect((await edit(first.path, '*', {})).body.status).toBe('draft');
  });

  test('has room for as many of many at once as fit, and for no more', async () => {
    const freelancerNumber = ++freelancers;
    const days = ['2026-03-10', '2026-03-11', '2026-03-12'];
    const answers = await Promise.all(
      Array.from({ length: 48 }, (_, n) =>
        service.send('post', base, { body: work({ freelancerNumber, hours: '5.00', day: days[n % 3] }) }),
      ),
    );
    for (const [n, day] of days.entries()) {
      const statuses = answers.filter((_, index) => index % 3 === n).map(({ status }) => status);
      expect([day, statuses.toSorted()]).toEqual([day, [...Array(4).fill(201), ...Array(12).fill(409)]]);
    }
  });

  test('has room for as many edits at once as fit', async () => {
    const freelancerNumber = ++freelancers;
    const paths: string[] = [];
    for (let n = 0; n < 6; n += 1) paths.push((await filed({ freelancerNumber, hours: '1.00' })).path);
    const answers = await Promise.all(paths.map((path) => edit(path, '*', { hours: '10.00' })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
  });
});

describe('the states', () => {
  test('are passed one by one, up to paid', async () => {
    const { path } = await filed();
    const seen: unknown[] = [];
    for (const [step, body] of steps) {
      const answer = await take(path, step, body);
      seen.push([answer.status, answer.body.status, answer.headers.etag]);
    }
    expect(seen).toEqual([
      [200, 'submitted', '"2"'],
      [200, 'approved', '"3"'],
      [200, 'paid', '"4"'],
    ]);
    expect((await service.send('get', path)).body).toMatchObject({
      approvedBy: 9,
      approvedAt: expect.stringMatching(/^20.*Z$/),
      paymentNumber: 71,
    });
  });

  test.each([
    ['submit', ['draft']],
    ['approve', ['submitted']],
    ['reject', ['submitted', 'approved']],
    ['pay', ['approved']],
  ])('let %s happen from %j alone', async (step, possible) => {
    for (const status of ['draft', 'submitted', 'approved', 'rejected', 'paid']) {
      const path = await reached(status);
      const before = (await service.send('get', path)).body;
      const answer = await take(
        path,
        step,
        { approve: { approvedBy: 9 }, reject: { reason: 'no' }, pay: { paymentNumber: 71 } }[step],
      );
      if (possible.includes(status)) expect([status, answer.status]).toEqual([status, 200]);
      else {
        expect([status, answer.status, answer.body.code]).toEqual([status, 409, 'TIMESHEET_WRONG_STATUS']);
        expect((await service.send('get', path)).body).toEqual(before);
      }
    }
  });

  test('say of a rejected sheet why, in place of its note, which comes back as the note', async () => {
    const path = await reached('submitted');
    const rejected = await take(path, 'reject', { reason: 'wrong project' });
    expect(rejected.body).toMatchObject({ status: 'rejected', rejectionReason: 'wrong project', note: null });
    const edited = await edit(path, '*', { billable: false });
    expect(edited.body).toMatchObject({ status: 'draft', rejectionReason: null, note: 'wrong project' });
  });

  test('refuse a step without what it asks for, of nobody, of another version, of another type', async () => {
    const { path } = await filed();
    for (const step of ['approve', 'reject', 'pay']) {
      expect((await take(path, step, {})).status).toBe(400);
      const text = { body: 'x', headers: { 'content-type': 'text/plain' } };
      expect((await service.send('post', `${path}/${step}`, text)).status).toBe(415);
    }
    expect((await take(path, 'reject', { reason: ' ' })).status).toBe(400);
    for (const [step, body] of [...steps, ['reject', { reason: 'no' }] as const]) {
      expect((await take(nobody, step, body)).body.code).toBe('TIMESHEET_NOT_FOUND');
      expect((await take(path, step, body, { 'if-match': '"7"' })).status).toBe(412);
    }
  });

  test('let one of many that take the same step at once do it', async () => {
    const { path } = await filed();
    const answers = await Promise.all(Array.from({ length: 24 }, () => take(path, 'submit')));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await service.send('get', path)).body.version).toBe(2);
  });
});

describe('editing', () => {
  test('merges, counts every edit, and is refused when approved or paid', async () => {
    const { path, timesheet } = await filed({ note: 'a' });
    const first = await service.send('patch', path, {
      body: JSON.stringify({ day: '2026-03-04', note: null }),
      headers: { 'if-match': '"1"', 'content-type': 'application/merge-patch+json' },
    });
    expect(first.body).toMatchObject({
      ...timesheet,
      day: '2026-03-04',
      note: null,
      version: 2,
      updatedAt: expect.any(String),
    });
    expect((await edit(path, '"2"', {})).headers.etag).toBe('"3"');
    for (const status of ['approved', 'paid']) {
      const answer = await edit(await reached(status), '*', { billable: false });
      expect([answer.status, answer.body.code]).toEqual([409, 'TIMESHEET_WRONG_STATUS']);
    }
  });

  test('insists on If-Match, and on the right one; whose work it is stays', async () => {
    const { path } = await filed();
    expect((await service.send('patch', path, { body: {} })).status).toBe(428);
    expect((await edit(path, '"2"', {})).status).toBe(412);
    expect((await edit(path, '1', {})).status).toBe(400);
    expect((await edit(path, '"1"', { freelancerNumber: 5 })).status).toBe(400);
    expect((await edit(nobody, '"1"', {})).status).toBe(404);
    const text = { body: 'x', headers: { 'content-type': 'text/plain', 'if-match': '"1"' } };
    expect((await service.send('patch', path, text)).status).toBe(415);
  });

  test('lets one of many concurrent edits of the same version win', async () => {
    const { path } = await filed();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => edit(path, '"1"', { note: `edit ${index}` })),
    );
    const won = answers.filter((answer) => answer.status === 200);
    expect(won).toHaveLength(1);
    expect((await service.send('get', path)).body).toEqual(won[0]?.body);
  });
});

describe('removing', () => {
  test('is for good, and for drafts and rejected ones alone', async () => {
    for (const status of ['submitted', 'approved', 'paid'])
      expect((await service.send('delete', await reached(status))).status).toBe(409);
    expect((await service.send('delete', await reached('rejected'))).status).toBe(204);
    const { path } = await filed();
    expect((await service.send('delete', path, { headers: { 'if-match': '"2"' } })).status).toBe(412);
    expect((await service.send('delete', path)).status).toBe(204);
    expect((await service.send('get', path)).status).toBe(404);
    expect((await service.send('delete', path)).status).toBe(404);
  });
});

describe('an idempotency key', () => {
  const once = (key: string, body: object) =>
    service.send('post', base, { body, headers: { 'idempotency-key': key } });

  test('files one sheet of many requests at once, gives the same answer, refuses another body', async () => {
    const body = work();
    const answers = await Promise.all(Array.from({ length: 8 }, () => once('k1', body)));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.text}`)).size).toBe(1);
    const { freelancerNumber } = body;
    const found = await service.send('get', `${base}?freelancerNumber=${freelancerNumber}&count=exact`);
    expect(found.body.total).toBe(1);
    expect((await once('k1', { ...body, hours: '1.00' })).status).toBe(422);
    await take(answers[0]?.headers.location as string, 'submit');
    expect((await once('k1', body)).body).toEqual(answers[0]?.body);
  });

  test('is free again after a request that found no room', async () => {
    const { timesheet } = await filed({ hours: '24.00' });
    const { freelancerNumber } = timesheet;
    expect((await once('k2', work({ freelancerNumber }))).status).toBe(409);
    expect((await once('k2', work({ freelancerNumber, day: '2026-03-05' }))).status).toBe(201);
  });
});

describe('reading and searching', () => {
  test('answers 304 to the version that the caller has', async () => {
    const { path } = await filed();
    expect((await service.send('get', path, { headers: { 'if-none-match': '"1"' } })).status).toBe(304);
    expect((await service.send('get', `${base}/17`)).body.code).toBe('TIMESHEET_NOT_FOUND');
  });

  test('narrows down by all filters, each of which leaves something out', async () => {
    const freelancerNumber = ++freelancers;
    const add = (change: object) => filed({ freelancerNumber, ...change });
    const wanted = await add({ projectNumber: 8, day: '2026-04-02', hours: '1.00', note: 'Übergabe Süd' });
    await add({ projectNumber: 9, day: '2026-04-02', hours: '1.00', note: 'Übergabe Süd' });
    await add({ projectNumber: 8, day: '2026-04-01', hours: '1.00', note: 'Übergabe Süd' });
    await add({ projectNumber: 8, day: '2026-04-03', hours: '1.00', note: 'Übergabe Süd' });
    await add({ projectNumber: 8, day: '2026-04-02', hours: '1.00', note: 'Meeting' });
    const sent = await add({ projectNumber: 8, day: '2026-04-02', hours: '1.00', note: 'Übergabe Süd' });
    await take(sent.path, 'submit');
    const found = await service.send(
      'get',
      `${base}?freelancerNumber=${freelancerNumber}&projectNumber=8&from=2026-04-02&to=2026-04-02&status=draft,paid&q=s%C3%BCd&count=exact`,
    );
    expect(found.body).toEqual({ items: [wanted.timesheet], nextCursor: null, total: 1 });
    await take(sent.path, 'reject', { reason: 'SÜDLICH' });
    const reasons = await service.send('get', `${base}?freelancerNumber=${freelancerNumber}&q=südlich`);
    expect(reasons.body.items.map(({ id }: { id: string }) => `${base}/${id}`)).toEqual([sent.path]);
  });

  test.each(['day', '-day', 'hours', '-hours', 'number', '-number'])(
    'by %s gives every sheet once, page by page, ties by number downwards',
    async (sort) => {
      const freelancerNumber = ++freelancers;
      const filter = `freelancerNumber=${freelancerNumber}&sort=${sort}`;
      for (let n = 0; n < 17; n += 1)
        await filed({ freelancerNumber, day: `2026-05-0${1 + (n % 4)}`, hours: `${1 + (n % 3)}.00` });
      const found: Record<string, string | number>[] = [];
      let cursor = '';
      for (;;) {
        const page = (await service.send('get', `${base}?${filter}&limit=5${cursor}`)).body;
        found.push(...page.items);
        if (page.nextCursor === null) break;
        cursor = `&cursor=${page.nextCursor}`;
      }
      const key = (row: Record<string, string | number>) => row[sort.replace('-', '')] as string;
      const sign = sort.startsWith('-') ? -1 : 1;
      const wanted = [...found].sort((a, b) =>
        key(a) === key(b) ? Number(b.number) - Number(a.number) : key(a) < key(b) ? -sign : sign,
      );
      expect(new Set(found.map(({ id }) => id)).size).toBe(17);
      expect(found).toEqual(wanted);
      const skipped = await service.send('get', `${base}?${filter}&limit=5&skip=15`);
      expect(skipped.body.items).toEqual(found.slice(15));
    },
  );

  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['skip=-1', 'skip'],
    ['sort=note', 'sort'],
    ['from=31.01.2026', 'from'],
    ['status=gone', 'status'],
    ['status=', 'status'],
    ['freelancerNumber=0', 'freelancerNumber'],
    ['projectNumber=2147483648', 'projectNumber'],
    ['count=some', 'count'],
    ['q=a%00b', 'q'],
    ['page=2', 'page'],
    ['cursor=nonsense', 'cursor'],
    ['cursor=WyJhIiwiYiIsMV0', 'cursor'],
  ])('refuses %s and names %s', async (query, path) => {
    const answer = await service.send('get', `${base}?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
  });

  test('refuses a cursor of another search', async () => {
    const freelancerNumber = ++freelancers;
    for (const day of ['2026-06-01', '2026-06-02']) await filed({ freelancerNumber, day });
    const page = await service.send('get', `${base}?freelancerNumber=${freelancerNumber}&limit=1`);
    const other = await service.send('get', `${base}?limit=1&cursor=${page.body.nextCursor}`);
    expect(other.body.errors[0].message).toMatch(/another sort or other filters/);
  });
});

describe('the door', () => {
  test('stays shut without the token, on every operation', async () => {
    const paths: ['get' | 'post' | 'patch' | 'delete', string][] = [
      ['get', base],
      ['post', base],
      ['get', nobody],
      ['patch', nobody],
      ['delete', nobody],
      ...['submit', 'approve', 'reject', 'pay'].map(
        (step) => ['post', `${nobody}/${step}`] as ['post', string],
      ),
    ];
    for (const [method, path] of paths)
      expect([
        path,
        (await service.send(method, path, { headers: { authorization: 'Bearer wrong' } })).status,
      ]).toEqual([path, 401]);
    const put = await supertest(service.app).put(base).set('authorization', 'Bearer a-test-token');
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
  });
});

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(timesheetsOpenapi('0.0.0'));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  test('describes nothing that was not answered in this file', () => {
    expect(service.unmet()).toEqual([]);
  });
});
