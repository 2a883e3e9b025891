import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { ensureOptionalFeatures } from './adapters/typeorm/optional-features.ts';
import { sortOrders } from './application/freelancer-search.ts';
import { freelancerId } from './domain/freelancer-id.ts';
import { fold } from './domain/matchcode.ts';
import { startTestService, type TestService } from './test-service.ts';

type Item = {
  number: number;
  name: { first: string; last: string };
  matchcode: string;
  hourlyRate: { amount: string };
  skills: string[];
  email: string | null;
  availableFrom: string | null;
  status: string;
  archived: boolean;
};

let service: TestService;
let everyone: Item[];

/** Few values each, so that every sort has ties and every filter has hits. */
const lastNames = ['Ähre', 'Adams', 'adams', 'Zimmer', 'Иванов', 'Öz%', 'O_z', 'Back\\slash', 'Núñez', ''];
const skillSets = [['java', 'sql'], ['Java'], [], ['c++', 'SQL', 'java']];
const dates = [null, '2026-01-01', '2026-06-01'];
const amounts = ['9.50', '95.00', '100.00', '0.00'];
const pick = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

function value(number: number) {
  const name = {
    first: pick(['Bo', '', 'Zoë'], number >> 1) || (number % 10 === 9 ? 'X' : ''),
    last: pick(lastNames, number),
  };
  const at = '2026-01-01T00:00:00.000Z';
  return {
    id: freelancerId(number),
    number,
    name,
    matchcode: fold(name.first === '' ? name.last : `${name.last}, ${name.first}`),
    status: pick(['active', 'inactive', 'blocked'], number >> 2),
    blockReason: null,
    hourlyRate: { amount: pick(amounts, number >> 1), currency: 'EUR' },
    skills: pick(skillSets, number >> 3),
    email: number % 4 === 0 ? `p${number}.ä@example.org` : null,
    phone: null,
    city: 'Unsearchable',
    country: null,
    notes: null,
    availableFrom: pick(dates, number),
    archived: number % 7 === 0,
    createdAt: at,
    updatedAt: at,
  };
}

beforeAll(async () => {
  service = await startTestService('search');
  const { ticket } = (await service.send('post', '/.fig/sync/tickets')).body;
  everyone = Array.from({ length: 150 }, (_, index) => value(index + 1));
  const rows = everyone.map((one) => ({ key: String(one.number), deleted: false, value: one }));
  const answer = await service.send('post', '/.fig/sync/freelancers/batches', { body: { ticket, rows } });
  expect(answer.body).toEqual({ applied: 150, stale: 0, unchanged: 0, rejected: [] });
});
afterAll(() => service.stop());

async function search(
  query: Record<string, string>,
): Promise<{ items: Item[]; nextCursor: string | null; total?: number }> {
  const answer = await service.send('get', `/v2/freelancers?${new URLSearchParams(query)}`);
  expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, '']);
  return answer.body;
}

const numbers = (items: readonly Item[]) => items.map((item) => item.number);

function compare(sort: string): (a: Item, b: Item) => number {
  const sign = sort.startsWith('-') ? -1 : 1;
  const by = sort.replace('-', '');
  return (a, b) => {
    if (by === 'number') return sign * (a.number - b.number);
    if (by === 'rate')
      return sign * (Number(a.hourlyRate.amount) - Number(b.hourlyRate.amount)) || b.number - a.number;
    return sign * (a.matchcode < b.matchcode ? -1 : a.matchcode > b.matchcode ? 1 : 0) || b.number - a.number;
  };
}

describe('sorting', () => {
  test.each(sortOrders.filter((sort) => !sort.endsWith('name')))(
    'by %s orders as said, ties by number descending',
    async (sort) => {
      const { items } = await search({ sort, archived: 'include', limit: '200' });
      expect(numbers(items)).toEqual(numbers([...everyone].sort(compare(sort))));
    },
  );

  test('by name puts Ä beside A, whatever the case, ties by number descending both ways', async () => {
    const up = (await search({ sort: 'name', archived: 'include', limit: '200' })).items;
    const down = (await search({ sort: '-name', archived: 'include', limit: '200' })).items;
    const full = (item: Item) =>
      item.name.first === '' ? item.name.last : `${item.name.last}, ${item.name.first}`;
    const groups = (items: Item[]) => [...new Set(items.map(full))];
    expect(groups(down)).toEqual(groups(up).reverse());
    const letters = groups(up).map((name) => fold(name).replace(/[^A-Z]/g, '')[0] ?? '');
    expect(groups(up).indexOf('Ähre, Bo')).toBeLessThan(groups(up).indexOf('Zimmer, Bo'));
    expect(letters).toContain('A');
    for (const items of [up, down]) {
      items.slice(1).forEach((item, index) => {
        const before = items[index] as Item;
        if (full(before) === full(item)) expect(before.number).toBeGreaterThan(item.number);
      });
    }
  });
});

describe('paging', () => {
  test('by cursor gives exactly the sorted whole once, under every sort, filter and page size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sortOrders),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom<Record<string, string>>(
          {},
          { archived: 'include' },
          { q: 'A' },
          { skills: 'java', archived: 'include' },
        ),
        async (sort, limit, filters) => {
          const whole = await search({ ...filters, sort, limit: '200', count: 'exact' });
          const walked: number[] = [];
          let cursor: string | null = null;
          let pages = 0;
          do {
            const query: Record<string, string> = { ...filters, sort, limit: String(limit) };
            if (cursor !== null) query.cursor = cursor;
            const page = await search(query);
            walked.push(...numbers(page.items));
            cursor = page.nextCursor;
            pages += 1;
          } while (cursor !== null);
          expect(walked).toEqual(numbers(whole.items));
          expect(whole.total).toBe(walked.length);
          expect(pages).toBe(Math.max(1, Math.ceil(walked.length / limit)));
        },
      ),
      { numRuns: 30 },
    );
  }, 60_000);

  test('by skip counts from the start, or from the cursor, and the total does not depend on either', async () => {
    const whole = numbers((await search({ limit: '200' })).items);
    const first = await search({ limit: '10', skip: '5', count: 'exact' });
    expect(numbers(first.items)).toEqual(whole.slice(5, 15));
    const second = await search({ limit: '10', skip: '3', count: 'exact', cursor: first.nextCursor ?? '' });
    expect(numbers(second.items)).toEqual(whole.slice(18, 28));
    expect([first.total, second.total]).toEqual([whole.length, whole.length]);
    expect(await search({ skip: '999999' })).toEqual({ items: [], nextCursor: null });
  });

  test('refuses a cursor of another sort or other filters', async () => {
    const { nextCursor } = await search({ limit: '5', skills: 'java' });
    const others: Record<string, string>[] = [
      { sort: '-matchcode', skills: 'java' },
      { skills: 'sql' },
      { skills: 'java', status: 'active' },
    ];
    for (const query of others) {
      const params = new URLSearchParams({ ...query, cursor: nextCursor ?? '' });
      const answer = await service.send('get', `/v2/freelancers?${params}`);
      expect([answer.status, answer.body.errors?.[0].path]).toEqual([400, 'cursor']);
    }
  });
});

describe('filtering', () => {
  const contains = (item: Item, needle: string) =>
    [item.matchcode, (item.email ?? '').toUpperCase(), item.skills.join(',').toUpperCase()].some((field) =>
      field.includes(needle),
    );

  test.each([
    'ähre',
    'AEHRE, B',
    'p12',
    'example.org',
    'sql',
    'java,sql',
    '%',
    '_',
    '\\',
    'unsearchable',
    'n\ne',
  ])(
    'by the text %j finds what holds its folded form in matchcode, e-mail or skills, and nothing else',
    async (q) => {
      const { items } = await search({ q, archived: 'include', limit: '200', sort: 'number' });
      expect(numbers(items)).toEqual(numbers(everyone.filter((item) => contains(item, fold(q)))));
    },
  );

  test('by text that has no Latin letters looks into the name', async () => {
    const { items } = await search({ q: 'ИВАН', archived: 'include', limit: '200', sort: 'number' });
    expect(numbers(items)).toEqual(numbers(everyone.filter((item) => item.name.last === 'Иванов')));
    expect(items.length).toBeGreaterThan(0);
  });

  test('by blank text filters nothing', async () => {
    expect((await search({ q: '  ', archived: 'include', count: 'exact' })).total).toBe(everyone.length);
  });

  test.each<[Record<string, string>, (item: Item) => boolean]>([
    [
      { skills: 'JAVA, sql' },
      ({ skills }) => ['java', 'sql'].every((one) => skills.join().toLowerCase().split(',').includes(one)),
    ],
    [{ skills: 'jav' }, () => false],
    [{ rateMin: '95' }, ({ hourlyRate }) => Number(hourlyRate.amount) >= 95],
    [{ rateMax: '95.00' }, ({ hourlyRate }) => Number(hourlyRate.amount) <= 95],
    [{ rateMin: '9.51', rateMax: '99.99' }, ({ hourlyRate }) => hourlyRate.amount === '95.00'],
    [{ availableBy: '2026-01-01' }, ({ availableFrom }) => availableFrom !== '2026-06-01'],
    [{ availableBy: '2025-12-31' }, ({ availableFrom }) => availableFrom === null],
    [{ status: 'blocked' }, ({ status }) => status === 'blocked'],
    [{ archived: 'only' }, ({ archived }) => archived],
    [{ archived: 'exclude' }, ({ archived }) => !archived],
  ])('by %j keeps exactly what fits', async (query, fits) => {
    const { items, total } = await search({
      archived: 'include',
      limit: '200',
      sort: 'number',
      count: 'exact',
      ...query,
    });
    expect(numbers(items)).toEqual(numbers(everyone.filter(fits)));
    expect(total).toBe(items.length);
  });
});

describe('a server without pg_trgm', () => {
  test('is named in the log once, and text search works on it', async () => {
    await service.database.query('DROP EXTENSION pg_trgm CASCADE');
    const runner = service.database.createQueryRunner();
    const query = runner.query.bind(runner);
    runner.query = async (statement: string, ...rest: unknown[]) => {
      if (statement.startsWith('CREATE EXTENSION')) throw new Error('extension "pg_trgm" is not available');
      return query(statement, ...(rest as []));
    };
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
    await ensureOptionalFeatures(runner, log);
    await runner.release();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/no pg_trgm.*not available|not available.*no pg_trgm/);
    expect((await search({ q: 'p12', archived: 'include', count: 'exact' })).total).toBeGreaterThan(0);
  });
});
