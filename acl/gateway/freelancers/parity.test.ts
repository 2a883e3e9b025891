import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase, type TestDatabase } from '../../testing/databases.ts';
import { sharedOut } from '../../testing/legacy-database.ts';
import { bothAnswers, compared, differences, Side, type Write } from '../../testing/parity-side.ts';
import { type RawAnswer, type RawRequest, rawRequest } from '../../testing/raw-http.ts';
import { startWorld, type World } from '../../testing/world.ts';
import { AWKWARD_ROWS, insertAwkwardRows } from './awkward-rows.ts';
import { generatedRead, writtenReads } from './parity-requests.ts';
import { readsAfterWrites, writes } from './parity-writes.ts';

const GENERATED = 400;
const SEEDED = 300;
const ROWS = SEEDED + AWKWARD_ROWS;
const KIND = { list: '/api/freelancers', id: 'frl_id' };

function parity(name: string, create: () => Promise<TestDatabase>) {
  describe(`the gateway against the monolith on ${name}`, () => {
    let world: World;
    let cookie = '';

    beforeAll(async () => {
      world = await startWorld(await create(), SEEDED, insertAwkwardRows);
      cookie = await world.login('admin');
      expect(await world.backfill()).toMatchObject({ state: 'done', applied: ROWS, quarantined: 0 });
    }, 60_000);
    afterAll(() => world?.stop());

    const differencesOf = (requests: readonly RawRequest[]) => differences(world, requests);
    const asAdmin = (request: RawRequest): RawRequest => ({
      ...request,
      headers: { cookie, ...request.headers },
    });

    test(`answers ${writtenReads.length} written requests in the same bytes and headers`, async () => {
      expect(await differencesOf(writtenReads.map(asAdmin))).toEqual([]);
    });

    test(`answers its share of ${GENERATED} generated searches in the same bytes and headers`, async () => {
      const requests = sharedOut(name, fc.sample(generatedRead, { numRuns: GENERATED, seed: 20_261_123 }));
      expect(await differencesOf(requests.map(asAdmin))).toEqual([]);
    });

    test('compares searches of which most find something', async () => {
      const requests = fc.sample(generatedRead, { numRuns: 60, seed: 20_261_123 }).map(asAdmin);
      const answers = await Promise.all(requests.map((request) => rawRequest(world.gateway, request)));
      expect(answers.filter(({ body }) => body !== '[]').length).toBeGreaterThan(30);
    });

    test('differs where it is declared: wildcards between spaces find at least what legacy finds', async () => {
      for (const q of ['%25%20a', 'a%20_', 'r,%20_%20h']) {
        const { legacy, gateway } = await bothAnswers(
          world,
          asAdmin({ method: 'GET', path: `/api/freelancers?q=${q}&size=100` }),
        );
        const ids = ({ body }: RawAnswer) => JSON.parse(body).map((row: { frl_id: number }) => row.frl_id);
        if (Number(gateway.headers['x-total-count']) <= 100)
          expect(ids(gateway)).toEqual(expect.arrayContaining(ids(legacy)));
        expect(Number(gateway.headers['x-total-count'])).toBeGreaterThanOrEqual(
          Number(legacy.headers['x-total-count']),
        );
      }
    });

    test('answers every row, or every one that is not read on another database, in the same bytes', async () => {
      const paths = Array.from({ length: ROWS }, (_, index) => `/api/freelancers/${index + 1}`);
      const awkward = paths.splice(-AWKWARD_ROWS);
      const requests = [...sharedOut(name, paths), ...awkward].map((path) =>
        asAdmin({ method: 'GET', path }),
      );
      expect(await differencesOf(requests)).toEqual([]);
    });

    test('gives the same tags, and 304 for them', async () => {
      const paths = ['/api/freelancers', '/api/freelancers?page=4&sort=-rate', '/api/freelancers/17'];
      for (const path of paths) {
        const { headers } = await rawRequest(world.legacy, asAdmin({ method: 'GET', path }));
        const request = asAdmin({ method: 'GET', path, headers: { 'if-none-match': String(headers.etag) } });
        const { legacy, gateway } = await bothAnswers(world, request);
        expect(legacy.status).toBe(304);
        expect(compared(gateway)).toEqual(compared(legacy));
      }
    });

    test('refuses strangers in the same words, and malformed bodies before strangers', async () => {
      expect(await differencesOf(writtenReads)).toEqual([]);
      const forged = ['connect.sid=s%3Aforged.x', 'connect.sid=', 'other=1', cookie.replace('s%3A', '')];
      const requests = forged.map((cookie) => ({
        method: 'GET',
        path: '/api/freelancers',
        headers: { cookie },
      }));
      expect(await differencesOf(requests)).toEqual([]);
    });

    test('answers a read-only user in the same words', async () => {
      const guest = await world.login('guest');
      const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH'];
      const paths = [
        '/api/freelancers',
        '/api/freelancers/1',
        '/api/freelancers/x/activate',
        '/api/freelancers/1/block',
      ];
      const requests = methods.flatMap((method) =>
        paths.map((path) => ({ method, path, headers: { cookie: guest } })),
      );
      expect(await differencesOf(requests)).toEqual([]);
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
      for (const write of writes) {
        const rehearsed = await gateway.rehearse(write);
        const [expected, got] = [await legacy.take(write), await gateway.take(write)];
        expect({ rehearsed: write.name, ...rehearsed }).toEqual({ rehearsed: write.name, ...expected });
        expect({ write: write.name, ...got }).toEqual({ write: write.name, ...expected });
        // What a refused write, or a rehearsal, has left behind is seen after the next one that is taken.
        const isRead = expected.status === 200 || write === writes.at(-1);
        for (const path of isRead ? readsAfterWrites : []) {
          const read: Write = { name: `${write.name}: ${path}`, as: 'admin', method: 'GET', path };
          const [expected, got] = [await legacy.take(read), await gateway.take(read)];
          expect({ read: read.name, ...got }).toEqual({ read: read.name, ...expected });
        }
      }
    }, 60_000);
  });
}

parity('SQLite', sqliteDatabase);
if (MYSQL_URL !== '') parity('MySQL', mysqlDatabase);
else
  describe.skip('the gateway against the monolith on MySQL (FIG_TEST_MYSQL_URL is not set)', () =>
    test('', () => {}));
