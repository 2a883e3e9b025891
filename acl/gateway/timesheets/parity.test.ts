import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase, type TestDatabase } from '../../testing/databases.ts';
import { sharedOut } from '../../testing/legacy-database.ts';
import { bothAnswers, compared, differences, Side, type Write } from '../../testing/parity-side.ts';
import { type RawRequest, rawRequest } from '../../testing/raw-http.ts';
import { startWorld, TIMESHEETS, type World } from '../../testing/world.ts';
import { AWKWARD_ROWS, insertAwkwardRows } from './awkward-rows.ts';
import { generatedRead, writtenReads } from './parity-requests.ts';
import { type Cast, readsAfterWrites, writesOf } from './parity-writes.ts';

const GENERATED = 300;
const FREELANCERS = 40;
const ROWS = 600 + AWKWARD_ROWS;
const KIND = { list: '/api/timesheets', id: 'tsh_id' };

function parity(name: string, create: () => Promise<TestDatabase>) {
  describe(`the gateway of timesheets against the monolith on ${name}`, () => {
    let world: World;
    let cookie = '';
    let cast: Cast;

    beforeAll(async () => {
      world = await startWorld(await create(), FREELANCERS, insertAwkwardRows, TIMESHEETS);
      cookie = await world.login('admin');
      cast = await castOf(world, cookie);
      expect(await world.backfill()).toMatchObject({ state: 'done', applied: ROWS, quarantined: 0 });
    }, 60_000);
    afterAll(() => world?.stop());

    const asAdmin = (request: RawRequest): RawRequest => ({
      ...request,
      headers: { cookie, ...request.headers },
    });

    test(`answers ${writtenReads.length} written requests in the same bytes and headers`, async () => {
      expect(await differences(world, writtenReads.map(asAdmin))).toEqual([]);
    });

    test(`answers its share of ${GENERATED} generated searches in the same bytes and headers`, async () => {
      const requests = sharedOut(name, fc.sample(generatedRead, { numRuns: GENERATED, seed: 20_261_128 }));
      expect(await differences(world, requests.map(asAdmin))).toEqual([]);
    }, 60_000);

    test('compares searches of which many find something', async () => {
      const requests = fc.sample(generatedRead, { numRuns: 60, seed: 20_261_128 }).map(asAdmin);
      const answers = await Promise.all(requests.map((request) => rawRequest(world.gateway, request)));
      expect(answers.filter(({ body }) => body !== '[]').length).toBeGreaterThan(20);
    });

    test('answers every row in the same bytes, in lists and some of them alone', async () => {
      const pages = Array.from(
        { length: Math.ceil(ROWS / 100) },
        (_, n) => `?sort=id&size=100&page=${n + 1}`,
      );
      const alone = Array.from({ length: Math.ceil(ROWS / 9) }, (_, n) => `/${n * 9 + 1}`);
      const awkward = Array.from({ length: AWKWARD_ROWS }, (_, n) => `/${ROWS - n}`);
      const requests = [...pages, ...alone, ...awkward].map((tail) =>
        asAdmin({ method: 'GET', path: `/api/timesheets${tail}` }),
      );
      expect(await differences(world, requests)).toEqual([]);
    });

    test('gives the same tags, and 304 for them', async () => {
      for (const path of ['/api/timesheets', '/api/timesheets?page=4&sort=-hours', '/api/timesheets/17']) {
        const { headers } = await rawRequest(world.legacy, asAdmin({ method: 'GET', path }));
        const request = asAdmin({ method: 'GET', path, headers: { 'if-none-match': String(headers.etag) } });
        const { legacy, gateway } = await bothAnswers(world, request);
        expect(legacy.status).toBe(304);
        expect(compared(gateway)).toEqual(compared(legacy));
      }
    });

    test('shows a new name of freelancer and project at once', async () => {
      const { frl_id, prj_id } = JSON.parse(
        (await rawRequest(world.legacy, asAdmin({ method: 'GET', path: '/api/timesheets/17' }))).body,
      );
      for (const [path, body] of [
        [`/api/freelancers/${frl_id}`, { frl_name: 'Neu, Ñame' }],
        [`/api/projects/${prj_id}`, { prj_title: 'Anderes Werk' }],
      ] as const)
        expect((await sent(world.legacy, cookie, 'PUT', path, body)).status).toBe(200);
      const request = asAdmin({ method: 'GET', path: `/api/timesheets?frl=${frl_id}&prj=${prj_id}` });
      const { gateway } = await bothAnswers(world, request);
      expect(JSON.parse(gateway.body)[0]).toMatchObject({ frl_name: 'Neu, Ñame', prj_title: 'Anderes Werk' });
      expect(await differences(world, [request])).toEqual([]);
    });

    test('refuses strangers in the same words, and malformed bodies before strangers', async () => {
      expect(await differences(world, writtenReads)).toEqual([]);
    });

    test('answers a read-only user in the same words', async () => {
      const guest = await world.login('guest');
      const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH'];
      const paths = ['', '/1', '/x/submit', '/1/approve', '/1/reject'].map(
        (tail) => `/api/timesheets${tail}`,
      );
      const requests = methods.flatMap((method) =>
        paths.map((path) => ({ method, path, headers: { cookie: guest } })),
      );
      expect(await differences(world, requests)).toEqual([]);
    });

    test('rehearses writes with the same answers, then takes them with the same effect', async () => {
      const cookies = {
        admin: cookie,
        disp: await world.login('disp'),
        guest: await world.login('guest'),
        nobody: '',
      };
      const legacy = new Side(world.legacy, cookies, KIND);
      const gateway = new Side(world.gateway, cookies, KIND);
      const seen = new Set<string>();
      for (const write of writesOf(cast)) {
        const rehearsed = await gateway.rehearse(write);
        const [expected, got] = [await legacy.take(write), await gateway.take(write)];
        expect({ rehearsed: write.name, ...rehearsed }).toEqual({ rehearsed: write.name, ...expected });
        expect({ write: write.name, ...got }).toEqual({ write: write.name, ...expected });
        seen.add(`${expected.status} ${(expected.body as { error?: string }).error ?? 'done'}`);
        // What a refused write, or a rehearsal, has left behind is seen after the next one that is taken.
        for (const path of expected.status === 200 ? readsAfterWrites : []) {
          const read: Write = { name: `${write.name}: ${path}`, as: 'admin', method: 'GET', path };
          const [expected, got] = [await legacy.take(read), await gateway.take(read)];
          expect({ read: read.name, ...got }).toEqual({ read: read.name, ...expected });
        }
      }
      // Every way in which the contract answers a write has been met.
      expect([...seen].sort()).toEqual([
        '200 done',
        '200 freelancer blocked',
        '200 project closed',
        '400 freelancer unknown',
        '400 more than 24 hours',
        '400 project unknown',
        '400 reason missing',
        '400 tsh_day invalid',
        '400 tsh_day missing',
        '400 tsh_hours invalid',
        '400 tsh_hours missing',
        '400 wrong state',
        '401 not logged in',
        '403 no rights',
        '404 timesheet not found',
        '409 wrong state',
        '500 database error',
        '500 internal error',
        '500 invalid id',
      ]);
    }, 120_000);
  });
}

async function sent(url: string, cookie: string, method: string, path: string, body: object) {
  const headers = { cookie, 'content-type': 'application/json' };
  const answer = await rawRequest(url, { method, path, headers, body: JSON.stringify(body) });
  return { status: answer.status, body: JSON.parse(answer.body) };
}

/** Makes those whom the writes are about, in the monolith, as its clients do. */
async function castOf(world: World, cookie: string): Promise<Cast> {
  const ask = async (method: string, path: string, body: object = {}) => {
    const answer = await sent(world.legacy, cookie, method, path, body);
    if (answer.status !== 200 || answer.body.error !== undefined)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const freelancer = async (): Promise<number> =>
    (await ask('POST', '/api/freelancers', { frl_name: 'Fleiß, Änne', rate_ct: 8005 })).frl_id;
  const project = async (): Promise<number> =>
    (await ask('POST', '/api/projects', { prj_title: 'Werk „Süd“', cus_id: 1, date_from: '01.01.2026' }))
      .prj_id;
  const state = (id: number, stat: string) => ask('POST', `/api/projects/${id}/state`, { prj_stat: stat });
  const [free, blocked, deleted, assigned] = [
    await freelancer(),
    await freelancer(),
    await freelancer(),
    await freelancer(),
  ];
  const [open, done, cancelled, gone] = [await project(), await project(), await project(), await project()];
  await ask('POST', `/api/freelancers/${blocked}/block`, { reason: 'x' });
  await ask('DELETE', `/api/freelancers/${deleted}`);
  await ask('POST', `/api/projects/${open}/freelancers`, { frl_id: assigned, rate_ct: 12_345 });
  for (const stat of ['open', 'run', 'done']) await state(done, stat);
  await state(cancelled, 'canc');
  await ask('DELETE', `/api/projects/${gone}`);
  return { free, blocked, deleted, assigned, open, done, cancelled, gone };
}

parity('SQLite', sqliteDatabase);
if (MYSQL_URL !== '') parity('MySQL', mysqlDatabase);
else
  describe.skip('the gateway of timesheets against the monolith on MySQL (FIG_TEST_MYSQL_URL is not set)', () =>
    test('', () => {}));
