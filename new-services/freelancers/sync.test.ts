import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { raiseNumbersAbove } from '../service-kit/numbers/number-source.postgres.ts';
import { exportPage } from '../service-kit/sync/sync-inbox.ts';
import { freelancerStream } from './adapters/sync/freelancer-stream.ts';
import { FreelancerEntity, fromRow } from './adapters/typeorm/freelancer-row.ts';
import { RebuildLetterCase1767000000003 } from './adapters/typeorm/migrations/rebuild-letter-case.ts';
import { SearchEntity, toSearchRow } from './adapters/typeorm/search-row.ts';
import { freelancerId } from './domain/freelancer-id.ts';
import { startTestService, type TestService } from './test-service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService('sync');
});
afterAll(() => service.stop());

function value(number: number, change: object = {}) {
  return {
    id: freelancerId(number),
    number,
    name: { first: 'Jo', last: `Doe ${number}` },
    matchcode: 'AS IT CAME',
    status: 'active',
    blockReason: 'kept though active',
    hourlyRate: { amount: '95.00', currency: 'EUR' },
    skills: ['java'],
    email: null,
    phone: ' ',
    city: null,
    country: 'D',
    notes: 'a\nb',
    availableFrom: '2026-02-28',
    archived: false,
    createdAt: '2011-01-02T03:04:05.000Z',
    updatedAt: '2012-01-02T03:04:05.678Z',
    ...change,
  };
}
const alive = (number: number, change: object = {}) => ({
  key: String(number),
  deleted: false,
  value: value(number, change),
});
const dead = (number: number) => ({ key: String(number), deleted: true });

const takeTicket = async (): Promise<string> =>
  (await service.send('post', '/.fig/sync/tickets')).body.ticket;
const batch = async (rows: object[], ticket?: string) => {
  const body = { ticket: ticket ?? (await takeTicket()), rows };
  const answer = await service.send('post', '/.fig/sync/freelancers/batches', { body });
  expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
  return answer.body;
};
const exported = async (
  limit = 7,
): Promise<{ key: string; deleted: boolean; value: unknown; version: string }[]> => {
  const rows = [];
  let after = '';
  for (;;) {
    const page = (await service.send('get', `/.fig/sync/freelancers/export?limit=${limit}${after}`)).body;
    rows.push(...page.rows);
    if (page.next === null) return rows;
    after = `&after=${page.next}`;
  }
};
const row = async (number: number) => (await exported()).find((one) => one.key === String(number));

/** The view says of every aggregate what a rebuild from the aggregates would say. */
async function expectViewInStep(): Promise<void> {
  const aggregates = await service.database.manager.find(FreelancerEntity, { order: { number: 'ASC' } });
  const view = await service.database.manager.find(SearchEntity, { order: { number: 'ASC' } });
  expect(view).toEqual(aggregates.map((aggregate) => toSearchRow(fromRow(aggregate))));
}

describe('a synced freelancer', () => {
  test('is what was sent, in API and export, times, matchcode and reason included', async () => {
    expect(await batch([alive(1)])).toEqual({ applied: 1, stale: 0, unchanged: 0, rejected: [] });
    const read = await service.send('get', `/v2/freelancers/${freelancerId(1)}`);
    expect(read.body).toEqual({ ...value(1), version: 1 });
    expect((await row(1))?.value).toEqual(value(1));
    await expectViewInStep();
  });

  test('keeps its version when sent again unchanged, and gets the next when changed', async () => {
    await batch([alive(2)]);
    expect(await batch([alive(2)])).toMatchObject({ applied: 1, unchanged: 1 });
    expect(await batch([alive(2, { city: 'Bonn' })])).toMatchObject({ applied: 1, unchanged: 0 });
    const read = await service.send('get', `/v2/freelancers/${freelancerId(2)}`);
    expect(read.body).toMatchObject({ city: 'Bonn', version: 2, updatedAt: value(2).updatedAt });
    await expectViewInStep();
  });

  test.each(['eur', 'E', '€', '😀'])(
    'keeps the currency %j, which the API would not take anew',
    async (currency) => {
      await batch([alive(7, { hourlyRate: { amount: '95.00', currency } })]);
      const path = `/v2/freelancers/${freelancerId(7)}`;
      const { body, headers } = await service.send('get', path);
      expect(body.hourlyRate).toEqual({ amount: '95.00', currency });
      const patch = (hourlyRate: object) =>
        service.send('patch', path, { body: { hourlyRate }, headers: { 'if-match': String(headers.etag) } });
      expect((await patch({ currency })).status).toBe(400);
      expect((await patch({ amount: '1.00' })).body.hourlyRate).toEqual({ amount: '1.00', currency });
      const born = { name: { first: 'A', last: 'B' }, hourlyRate: { amount: '1.00', currency } };
      expect((await service.send('post', '/v2/freelancers', { body: born })).status).toBe(400);
    },
  );

  test('overwrites what the API did in between, even with the value that came before', async () => {
    await batch([alive(3)]);
    const path = `/v2/freelancers/${freelancerId(3)}`;
    await service.send('patch', path, { body: { city: 'API' }, headers: { 'if-match': '"1"' } });
    await batch([alive(3)]);
    expect((await service.send('get', path)).body).toEqual({ ...value(3), version: 3 });
    await expectViewInStep();
  });

  test('is gone from API and search after a tombstone, which no older ticket undoes', async () => {
    await batch([alive(4)]);
    const older = await takeTicket();
    expect(await batch([dead(4)])).toEqual({ applied: 1, stale: 0, unchanged: 0, rejected: [] });
    expect(await batch([alive(4)], older)).toEqual({ applied: 0, stale: 1, unchanged: 0, rejected: [] });
    expect((await service.send('get', `/v2/freelancers/${freelancerId(4)}`)).status).toBe(404);
    expect(await row(4)).toMatchObject({ deleted: true, value: null });
    await expectViewInStep();
    expect(await batch([alive(4)])).toMatchObject({ applied: 1 });
  });
});

test('rows of a release that wrote SS for ß are rebuilt, and of two addresses that are now one the first is kept', async () => {
  const email = 'jörg.weiß@x.example';
  await batch([
    alive(40, { email, skills: ['Straßenbau'] }),
    alive(41, { email: 's@y.example' }),
    alive(42, { email: 'ſ@z.example' }),
  ]);
  const { manager } = service.database;
  await manager.query(`UPDATE freelancer_search SET search_text = 'OLD', skill_keys = '{OLD}'`);
  await manager.query(`UPDATE freelancer SET email = 'ſ@Y.example' WHERE number = 42`);
  await manager.query('UPDATE freelancer SET email_key = lower(email)');
  const runner = service.database.createQueryRunner();
  await runner.startTransaction();
  await new RebuildLetterCase1767000000003().up(runner);
  await runner.commitTransaction();
  await runner.release();
  const keys = await manager.query(
    'SELECT email_key FROM freelancer WHERE number BETWEEN 40 AND 42 ORDER BY number',
  );
  expect(keys).toEqual([
    { email_key: 'JÖRG.WEIß@X.EXAMPLE' },
    { email_key: 'S@Y.EXAMPLE' },
    { email_key: null },
  ]);
  await batch([dead(42)]);
  await expectViewInStep();
});

describe('a bad row', () => {
  test.each([
    ['a number that is not its key', value(99), /number: expected 5/],
    ["an id that is not its number's", value(5, { id: freelancerId(6) }), /id: expected/],
    [
      'a rate that is no canonical decimal',
      value(5, { hourlyRate: { amount: '95', currency: 'EUR' } }),
      /hourlyRate.amount/,
    ],
    ['a date that does not exist', value(5, { availableFrom: '2026-02-30' }), /availableFrom/],
    ['NUL in a text', value(5, { notes: '\0' }), /notes/],
    ['a key it should not have', value(5, { version: 1 }), /version: unknown/],
    ['no value', undefined, /value: missing/],
  ])('with %s is rejected with the reason, alone', async (_what, bad, reason) => {
    const answer = await batch([{ key: '5', deleted: false, value: bad }, alive(6)]);
    expect(answer).toMatchObject({
      applied: 1,
      rejected: [{ key: '5', reason: expect.stringMatching(reason) }],
    });
    expect(await row(5)).toBeUndefined();
  });

  test('that takes the address of another is rejected alone, and leaves no trace', async () => {
    await batch([alive(20, { email: 'held@example.org' })]);
    const rows = [21, 22, 23, 24, 25].map((number) =>
      alive(number, number === 23 ? { email: 'HELD@example.org' } : {}),
    );
    const answer = await batch(rows);
    expect(answer).toMatchObject({ applied: 4, stale: 0, rejected: [{ key: '23' }] });
    expect(answer.rejected[0].reason).toBe(
      'email: expected an address of its own, got one that row 20 holds',
    );
    expect(await row(23)).toBeUndefined();
    await expectViewInStep();
  });

  test('is none when two swap their addresses in one batch', async () => {
    await batch([alive(30, { email: 'a@example.org' }), alive(31, { email: 'b@example.org' })]);
    const answer = await batch([
      alive(30, { email: 'b@example.org' }),
      alive(31, { email: 'a@example.org' }),
    ]);
    expect(answer).toMatchObject({ applied: 2, rejected: [] });
  });

  test('does not keep two others in its batch from swapping their addresses, wherever it stands', async () => {
    await batch([
      alive(50, { email: 'held50@example.org' }),
      alive(51, { email: 'a51@example.org' }),
      alive(52, { email: 'b52@example.org' }),
    ]);
    const poison = (number: number) => alive(number, { email: 'HELD50@example.org' });
    for (const [a, b] of [
      ['b52', 'a51'],
      ['a51', 'b52'],
    ]) {
      const swap = [
        alive(51, { email: `${a}@example.org` }),
        alive(52, { email: `${b}@example.org` }),
      ] as const;
      const answer = await batch([poison(53), swap[0], poison(54), swap[1], poison(55)]);
      expect(answer).toMatchObject({ applied: 2 });
      expect(answer.rejected.map((one: { key: string }) => one.key)).toEqual(['53', '54', '55']);
    }
    await expectViewInStep();
  });

  test('keeps what it has, so that who wants that is refused too, and one address goes to one row', async () => {
    await batch([alive(60, { email: 'p60@example.org' }), alive(61, { email: 'q61@example.org' })]);
    const answer = await batch([
      alive(62, { email: 'Q61@example.org' }),
      alive(61, { email: 'P60@example.org' }),
      alive(63, { email: 'new@example.org' }),
      alive(64, { email: 'NEW@example.org' }),
    ]);
    const reason = (holder: number) =>
      `email: expected an address of its own, got one that row ${holder} holds`;
    expect(answer).toMatchObject({ applied: 1 });
    expect(answer.rejected).toEqual(
      expect.arrayContaining([
        { key: '61', reason: reason(60) },
        { key: '62', reason: reason(61) },
        { key: '64', reason: reason(63) },
      ]),
    );
    expect((await row(61))?.value).toMatchObject({ email: 'q61@example.org' });
    await expectViewInStep();
  });

  test('is none when the address comes from one who goes in the same batch', async () => {
    await batch([alive(33, { email: 'c@example.org' })]);
    expect(await batch([alive(32, { email: 'c@example.org' }), dead(33)])).toMatchObject({
      applied: 2,
      rejected: [],
    });
  });
});

describe('the export', () => {
  test('goes by number, over all pages, with those born here as version 0', async () => {
    await batch([alive(100), alive(99), alive(1000)]);
    const born = await service.send('post', '/v2/freelancers', {
      body: { name: { first: '', last: 'Born here' } },
    });
    const rows = await exported();
    const keys = rows.map((one) => Number(one.key));
    expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));
    expect(rows.find((one) => one.key === String(born.body.number))?.version).toBe('0');
  });
});

test('a page of the export reads no more than it, also of a stream that has just grown and is not known to the planner', async () => {
  const { database } = service;
  await database.query('ALTER TABLE _sync_row SET (autovacuum_enabled = false)');
  await database.query(
    `INSERT INTO _sync_row SELECT 'freelancers', n, n, 1, true, NULL FROM generate_series(700001, 720000) AS n`,
  );
  const read = await database.transaction(async (manager) => {
    const inside = { transaction: (_: string, work: (m: unknown) => unknown) => work(manager) };
    const page = await exportPage(inside as unknown as DataSource, freelancerStream, '700000', 1000, false);
    expect(page.rows).toHaveLength(1000);
    const [counted] = await manager.query(
      `SELECT coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) AS n FROM pg_stat_xact_user_tables WHERE relname = '_sync_row'`,
    );
    return Number(counted.n);
  });
  expect(read).toBeGreaterThan(999);
  expect(read).toBeLessThan(2_000);
  await database.query(`DELETE FROM _sync_row WHERE src_key BETWEEN '700001' AND '720000'`);
});

describe('numbers', () => {
  const bornNumber = async (): Promise<number> =>
    (await service.send('post', '/v2/freelancers', { body: { name: { first: 'A', last: 'B' } } })).body
      .number;

  test('of those born here stay above every synced number', async () => {
    const far = (await bornNumber()) + 5000;
    await batch([alive(far)]);
    expect(await bornNumber()).toBeGreaterThan(far);
    await service.database.transaction((manager) => raiseNumbersAbove(manager, 'freelancer_number', 3n));
    expect(await bornNumber()).toBeGreaterThan(far);
  });

  test('never meet, while rows are born and synced at the same time', async () => {
    const start = await bornNumber();
    const synced = Array.from({ length: 6 }, (_, index) => batch([alive(start + 20 + index * 7)]));
    const born = Array.from({ length: 30 }, () => bornNumber());
    const results = await Promise.all(synced);
    const numbers = await Promise.all(born);
    expect(new Set(numbers).size).toBe(30);
    for (const result of results) expect(result.applied + result.rejected.length).toBe(1);
    expect(await bornNumber()).toBeGreaterThan(start + 20 + 5 * 7);
    await expectViewInStep();
  });
});

test('whatever the order in which workers deliver, the newest ticket wins and view and aggregates agree', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.uniqueArray(fc.record({ key: fc.integer({ min: 1, max: 6 }), deleted: fc.boolean() }), {
          selector: (entry) => entry.key,
          minLength: 1,
          maxLength: 6,
        }),
        { minLength: 2, maxLength: 6 },
      ),
      fc.infiniteStream(fc.nat({ max: 5 })),
      async (deliveries, order) => {
        run += 1;
        const base = 10_000 + run * 10;
        const tickets: string[] = [];
        for (const _ of deliveries) tickets.push(await takeTicket());
        const jobs = deliveries.map((rows, index) => ({ rows, ticket: tickets[index] as string, index }));
        const shuffled = jobs
          .map((job) => ({ job, rank: order.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ job }) => job);
        const toRow = ({ key, deleted }: { key: number; deleted: boolean }, index: number) =>
          deleted ? dead(base + key) : alive(base + key, { city: `delivery ${index}` });
        await Promise.all(
          shuffled.map(({ rows, ticket, index }) =>
            batch(
              rows.map((one) => toRow(one, index)),
              ticket,
            ),
          ),
        );

        const found = new Map((await exported(1000)).map((one) => [one.key, one]));
        for (let key = 1; key <= 6; key += 1) {
          const newest = jobs.filter(({ rows }) => rows.some((one) => one.key === key)).at(-1);
          const wanted = newest?.rows.find((one) => one.key === key);
          const got = found.get(String(base + key));
          if (newest === undefined || wanted === undefined) expect(got).toBeUndefined();
          else {
            const expected = wanted.deleted ? null : value(base + key, { city: `delivery ${newest.index}` });
            expect(got).toMatchObject({ deleted: wanted.deleted, version: newest.ticket });
            expect(got?.value).toEqual(expected);
          }
        }
        await expectViewInStep();
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);
