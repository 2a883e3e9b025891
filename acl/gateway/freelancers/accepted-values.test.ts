import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase, type TestDatabase } from '../../testing/databases.ts';
import { rawRequest } from '../../testing/raw-http.ts';
import { startWorld, type World } from '../../testing/world.ts';
import { acceptedValues } from './accepted-values.ts';

/** Whatever the monolith's API takes is carried over and reads the same: nothing of it may vanish in quarantine. */
function accepted(database: 'SQLite' | 'MySQL', create: () => Promise<TestDatabase>) {
  describe(`what the monolith accepts on ${database}`, () => {
    const ids = new Map<string, number>();
    const refused: string[] = [];
    let world: World;
    let cookie = '';

    const send = async (url: string, method: string, path: string, body?: unknown) => {
      const headers = { cookie, 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await rawRequest(url, { method, path, headers, ...sent });
      return { status: answer.status, total: answer.headers['x-total-count'], body: answer.body };
    };
    const both = async (method: string, path: string, body?: unknown) => {
      const legacy = await send(world.legacy, method, path, body);
      return { legacy, gateway: await send(world.gateway, method, path, body) };
    };

    beforeAll(async () => {
      world = await startWorld(await create(), 5, async () => {});
      cookie = await world.login('admin');
      for (const { name, body } of acceptedValues) {
        const answer = JSON.parse((await send(world.legacy, 'POST', '/api/freelancers', body)).body);
        if (answer.frl_id === undefined) refused.push(name);
        else ids.set(name, answer.frl_id);
      }
    }, 60_000);
    afterAll(() => world?.stop());

    test('is what these tests call accepted', () => {
      const declared = acceptedValues.filter(({ mayBeRefused }) => mayBeRefused?.on === database);
      expect(declared.map(({ name }) => name)).toEqual(expect.arrayContaining(refused));
      expect(ids.size + refused.length).toBe(acceptedValues.length);
    });

    test('is copied, with nothing in quarantine', async () => {
      const status = await world.backfill();
      expect(status).toMatchObject({ state: 'done', applied: 5 + ids.size, quarantined: 0 });
    }, 60_000);

    test('reads the same, one by one and in lists', async () => {
      const different: unknown[] = [];
      const compare = async (name: string, path: string) => {
        const { legacy, gateway } = await both('GET', path);
        if (JSON.stringify(legacy) !== JSON.stringify(gateway)) different.push(name);
      };
      for (const [name, id] of ids) await compare(name, `/api/freelancers/${id}`);
      for (const query of [
        ...['page=1', 'page=2', 'sort=-rate', 'sort=-name', 'q=x', 'q=pair', 'q=@', 'q=ss', 'skill=ss'],
        ...[`q=${'x'.repeat(300)}`, `q=${'a'.repeat(150)}`, `skill=${'a'.repeat(150)}`],
        ...[`skill=${'x'.repeat(500)}`, `skill=${encodeURIComponent('😀'.repeat(500))}`],
        ...[`q=${'x'.repeat(501)}`, `skill=${'x'.repeat(501)}`, 'avail_by=29.02.2028', 'avail_by=01.01.0001'],
      ])
        await compare(query, `/api/freelancers?size=100&${query}`);
      expect(different).toEqual([]);
    });

    test('can be sent back as a form does, with one field changed', async () => {
      const different: unknown[] = [];
      for (const [name, id] of ids) {
        const path = `/api/freelancers/${id}`;
        const before = JSON.parse((await send(world.legacy, 'GET', path)).body);
        const { legacy, gateway } = await both('PUT', path, { ...before, frl_phone: `+49 ${id}` });
        const shaped = ({ status, body }: { status: number; body: string }) =>
          JSON.stringify({ status, body: { ...JSON.parse(body), changed: '' } });
        if (shaped(legacy) !== shaped(gateway)) different.push([name, legacy, gateway]);
      }
      expect(different).toEqual([]);
    });
  });
}

accepted('SQLite', sqliteDatabase);
if (MYSQL_URL !== '') accepted('MySQL', mysqlDatabase);
else
  describe.skip('what the monolith accepts on MySQL (FIG_TEST_MYSQL_URL is not set)', () =>
    test('', () => {}));
