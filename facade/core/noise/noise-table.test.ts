import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seeded } from '../../test-kit/random.ts';
import { beatsNoise } from './beats-noise.ts';
import { type Finding, NoiseTable } from './noise-table.ts';
import { suggest } from './suggest.ts';

const ENDPOINT = 'GET /api/articles/:slug';
const value = (path: string, ...places: number[]): Finding => ({
  path,
  kind: 'value',
  reasons: [],
  places: places.length > 0 ? places : [0],
});
const type = (path: string): Finding => ({ path, kind: 'type', reasons: ['null'], places: [0] });

/** How many answers had something doubtful, per table. */
const doubts = new WeakMap<NoiseTable, number>();

/**
 * Requests whose second ask is taken for a sample. Each side says which findings an answer gives; those that are left
 * unexplained come back, with the number of the request.
 */
function run(
  table: NoiseTable,
  requests: number,
  candidate: (at: number) => Finding[],
  legacy: (at: number) => Finding[],
  noiseRatio = 0.1,
): { at: number; finding: Finding }[] {
  const random = seeded(7);
  const left: { at: number; finding: Finding }[] = [];
  for (let at = 1; at <= requests; at++) {
    const findings = candidate(at);
    const repeat = table.wantsRepeat(ENDPOINT, noiseRatio, random(), findings) ? legacy(at) : null;
    const { noise, doubtful } = table.compared(ENDPOINT, findings, repeat);
    if (doubtful.length > 0) doubts.set(table, (doubts.get(table) ?? 0) + 1);
    left.push(
      ...findings
        .filter((one) => !noise.includes(one) && !doubtful.includes(one))
        .map((finding) => ({ at, finding })),
    );
  }
  return left;
}

const rate = (seen: number, of: number) => ({ seen, of });

describe("Diffy's rule", () => {
  it.each([
    ['half as much again', rate(150, 1_000), rate(10, 100), false],
    ['half as much again and a hair', rate(151, 1_000), rate(10, 100), true],
    ['as often', rate(1_000, 1_000), rate(100, 100), false],
    ['less often', rate(10, 1_000), rate(100, 100), false],
    ['0.02 % more', rate(3, 10_000), rate(1, 10_000), false],
    ['0.04 % more', rate(5, 10_000), rate(1, 10_000), true],
    ['once, and legacy never', rate(1, 1_000_000), rate(0, 100), true],
    ['never', rate(0, 1_000), rate(0, 0), false],
  ])('%s: %j against %j', (_, candidate, legacy, beats) => {
    expect(beatsNoise(candidate, legacy)).toBe(beats);
  });

  it('is what Diffy computes when all requests are asked twice', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.integer({ min: 1, max: 5_000 }), fc.nat(5_000), (raw, noise, more) => {
        const total = Math.max(raw, noise) + more;
        const relative = (Math.abs(raw - noise) / (raw + noise)) * 100;
        const absolute = (Math.abs(raw - noise) / total) * 100;
        // On the very thresholds the two round differently.
        fc.pre(Math.abs(relative - 20) > 1e-9 && Math.abs(absolute - 0.03) > 1e-9);
        expect(beatsNoise(rate(raw, total), rate(noise, total))).toBe(
          raw > noise && relative > 20 && absolute > 0.03,
        );
      }),
    );
  });
});

describe('noise', () => {
  const random = () => [value('$.requestId'), value('$.now')];

  it('leaves nothing unexplained of 500 answers with random ids and the time, then flags a null at once', () => {
    const table = new NoiseTable();
    expect(run(table, 500, random, random)).toEqual([]);
    const left = run(table, 20, () => [type('$.requestId'), value('$.now')], random);
    expect(left[0]).toEqual({ at: 1, finding: type('$.requestId') });
    expect(left).toHaveLength(20);
  });

  it('flags a field that is gone, after any number of answers', () => {
    const table = new NoiseTable();
    expect(run(table, 60_000, random, random)).toEqual([]);
    const gone: Finding = { path: '$.requestId', kind: 'missing', reasons: [], places: [0] };
    expect(run(table, 20, () => [gone], random).length).toBe(20);
  });

  it('does not hide a value that is wrong more often than legacy differs from itself', () => {
    const table = new NoiseTable();
    const sometimes = (share: number, seed: number) => {
      const next = seeded(seed);
      return () => (next() < share ? [value('$.stock')] : []);
    };
    run(table, 5_000, sometimes(0.02, 1), sometimes(0.02, 2));
    expect(table.fields()[0]).toMatchObject({ path: '$.stock', verdict: 'noise' });
    run(table, 5_000, sometimes(0.2, 3), sometimes(0.02, 4));
    expect(table.fields()[0]).toMatchObject({ path: '$.stock', verdict: 'counts' });
  });

  it('explains nothing where legacy is never asked twice', () => {
    expect(run(new NoiseTable(), 100, random, random, 0)).toHaveLength(200);
  });

  it('asks twice until an endpoint is known, then for a sample, of which a quarter later', () => {
    const table = new NoiseTable();
    const next = seeded(3);
    const asked = { soon: 0, later: 0 };
    for (let at = 0; at < 2_000; at++) {
      const again = table.wantsRepeat(ENDPOINT, 0.1, next());
      if (at < 20) expect(again).toEqual({ when: 'later', missing: 20 - at });
      if (!again) continue;
      if (at >= 20) {
        expect(again.missing).toBe(0);
        asked[again.when] += 1;
      }
      table.compared(ENDPOINT, [], []);
    }
    expect(asked.soon).toBeGreaterThan(100);
    expect(asked.soon).toBeLessThan(200);
    expect(asked.later).toBeGreaterThan(30);
    expect(asked.later).toBeLessThan(80);
  });

  it('takes a few second asks for no proof of noise', () => {
    const table = new NoiseTable();
    for (let at = 1; at < 20; at++) table.compared(ENDPOINT, [], [value('$.stock')]);
    expect(table.compared(ENDPOINT, [value('$.stock')], null).noise).toEqual([]);
    table.compared(ENDPOINT, [], [value('$.stock')]);
    expect(table.compared(ENDPOINT, [value('$.stock')], null).noise).toEqual([value('$.stock')]);
  });

  it('is not blinded by history: a field of little noise that goes wrong counts after 200 of 300,000', () => {
    const table = new NoiseTable();
    const rarely = (at: number) => (at % 1_000 === 0 ? [value('$.stock')] : []);
    run(table, 300_000, rarely, rarely);
    const left = run(table, 200, () => [value('$.stock')], rarely);
    expect(left.length).toBeGreaterThan(100);
  });

  it('keeps endpoints apart', () => {
    const table = new NoiseTable();
    run(table, 200, random, random);
    expect(table.compared('GET /api/other', random(), null).noise).toEqual([]);
  });

  it('stays bounded, counts what found no place, and takes none of it for noise', () => {
    const table = new NoiseTable();
    for (let at = 0; at < 2_000; at++) {
      table.compared(`GET /${at}`, [], [value('$.id')]);
      table.compared(ENDPOINT, [value(`$.field${at}`)], null);
    }
    expect(table.toJSON().endpoints.length).toBeLessThanOrEqual(500);
    expect(table.fields().length).toBeLessThanOrEqual(1_000);
    expect(table.overflow).toBeGreaterThan(1_000);
    const beyond = value('$.field1999');
    expect(table.compared(ENDPOINT, [beyond], null).noise).toEqual([]);
  });
});

describe('what legacy changes once', () => {
  it('explains no difference where legacy repeats itself each time', () => {
    const table = new NoiseTable();
    const wrong = (at: number) => (at % 12 === 0 ? [value('$.v')] : []);
    // Among the first, each of which is asked twice, one met a write.
    const found = run(table, 480, wrong, (at) => (at === 7 ? [value('$.v')] : []));
    expect(found.length).toBeGreaterThan(20);
  });

  it('leaves in doubt what legacy changes as well in some of those', () => {
    const table = new NoiseTable();
    const wrong = (at: number) => (at % 12 === 0 ? [value('$.v')] : []);
    const found = run(table, 480, wrong, (at) => (at % 36 === 0 ? [value('$.v')] : []));
    expect(found.length).toBeLessThan(5);
  });
});

describe('beside noise on one path', () => {
  const cell = (...places: number[]) => [value('html:/table/tr/td', ...places)];

  it('a place that legacy never answers otherwise counts, from the first answer to the last', () => {
    const table = new NoiseTable();
    const left = run(
      table,
      3_000,
      () => cell(1, 2),
      () => cell(2),
    );
    expect(left).toHaveLength(3_000);
  });

  it('one that goes wrong after all was learned is asked about, and counts within 25', () => {
    const table = new NoiseTable();
    const noise = () => cell(2);
    expect(run(table, 2_000, noise, noise)).toEqual([]);
    expect(table.wantsRepeat(ENDPOINT, 0.1, 1, cell(1, 2))).toEqual({ when: 'soon', missing: 0 });
    expect(table.wantsRepeat(ENDPOINT, 0.1, 1, cell(2))).toBeNull();
    const left = run(table, 40, () => cell(1, 2), noise);
    expect(left[0]?.at).toBeLessThanOrEqual(25);
    expect(left.length + (doubts.get(table) ?? 0)).toBe(40);
  });

  it('one that is wrong in 20 of 2,000 answers is no noise: it counts, or is doubtful', () => {
    const table = new NoiseTable();
    const left = run(
      table,
      2_000,
      (at) => (at % 100 === 50 ? cell(1, 2) : cell(2)),
      () => cell(2),
    );
    expect(left.length + (doubts.get(table) ?? 0)).toBe(20);
    expect(left.every(({ at }) => at % 100 === 50)).toBe(true);
  });

  it('places that come and go, all of them random, are noise', () => {
    const table = new NoiseTable();
    const next = seeded(11);
    // Lists of 1 to 50 entries, a token in each; the two answers to one request are as long.
    const lengths = new Map<number, number>();
    const tokens = (at: number) => {
      const length = lengths.get(at) ?? 1 + Math.floor(next() * 50);
      lengths.set(at, length);
      return cell(...Array.from({ length }, (_, index) => index));
    };
    expect(run(table, 2_000, tokens, tokens)).toEqual([]);
    expect(doubts.get(table)).toBeUndefined();
  });

  it('values that are random now and then, at places that come and go, leave few that count', () => {
    const table = new NoiseTable();
    const [candidate, legacy] = [seeded(12), seeded(13)];
    // One answer in three draws another value, at one of 40 places.
    const draw = (next: () => number) => () => (next() < 0.33 ? cell(Math.floor(next() * 40)) : []);
    const left = run(table, 3_000, draw(candidate), draw(legacy));
    expect(left.filter(({ at }) => at > 200)).toEqual([]);
    expect(doubts.get(table)).toBeLessThan(500);
  });

  it('more places than are told apart are judged together', () => {
    const table = new NoiseTable();
    const many = () => cell(...Array.from({ length: 200 }, (_, index) => index));
    expect(run(table, 500, many, many)).toEqual([]);
    expect(JSON.stringify(table).length).toBeLessThan(5_000);
    expect(table.wantsRepeat(ENDPOINT, 0.1, 1, many())).toBeNull();
  });
});

describe('a table of noise', () => {
  const findings = fc.array(
    fc.record({
      path: fc.constantFrom('$.a', '$.b c', '$.d[*].e'),
      kind: fc.constantFrom('value', 'type', 'order'),
      reasons: fc.subarray(['rounding', 'null'] as const),
      places: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
    }) as fc.Arbitrary<Finding>,
    { maxLength: 3 },
  );
  const tables = fc
    .array(fc.tuple(fc.constantFrom('GET /a', 'GET /b'), fc.boolean(), findings), { maxLength: 20 })
    .map((list) => {
      const table = new NoiseTable();
      for (const [endpoint, repeat, found] of list) {
        if (repeat) table.compared(endpoint, [], found);
        else table.compared(endpoint, found, null);
      }
      return table;
    });
  const content = (table: NoiseTable) =>
    new Set(table.fields().map((field) => JSON.stringify(sorted(field))));
  const sorted = (field: object) =>
    Object.entries(field).map(([key, one]) => [
      key,
      key === 'reasons' ? Object.entries(one as object).sort() : one,
    ]);

  it('merges in any order and grouping', () => {
    fc.assert(
      fc.property(tables, tables, tables, (a, b, c) => {
        expect(content(NoiseTable.merge(a, b))).toEqual(content(NoiseTable.merge(b, a)));
        expect(content(NoiseTable.merge(NoiseTable.merge(a, b), c))).toEqual(
          content(NoiseTable.merge(a, NoiseTable.merge(b, c))),
        );
      }),
    );
  });

  it('survives JSON', () => {
    fc.assert(
      fc.property(tables, (table) => {
        const restored = NoiseTable.from(JSON.parse(JSON.stringify(table)));
        expect(restored.toJSON()).toEqual(table.toJSON());
      }),
    );
  });
});

describe('suggestions', () => {
  const headers = ['content-type', 'etag'];
  const suggestions = (
    candidate: (at: number) => Finding[],
    legacy: (at: number) => Finding[] = () => [],
  ) => {
    const table = new NoiseTable();
    run(table, 200, candidate, legacy);
    return suggest(table.fields(), headers);
  };

  it('ignore what legacy repeats differently', () => {
    expect(
      suggestions(
        () => [value('$.requestId')],
        () => [value('$.requestId')],
      ),
    ).toEqual([
      {
        rule: 'ignore',
        path: '$.requestId',
        yaml: 'ignore: ["$.requestId"]',
        reason:
          "`$.requestId` differs in 100 % of candidate answers and in 100 % of legacy's own repeats: ignore",
        endpoints: [ENDPOINT],
        hides: [],
      },
    ]);
  });

  it('name the endpoints where the same rule would hide a difference that counts', () => {
    const table = new NoiseTable();
    run(
      table,
      200,
      () => [value('$.at')],
      () => [value('$.at')],
    );
    table.compared('GET /api/other', [value('$.at')], null);
    expect(suggest(table.fields(), headers)).toMatchObject([
      { rule: 'ignore', path: '$.at', endpoints: [ENDPOINT], hides: ['GET /api/other'] },
    ]);
  });

  it.each([
    ['order', [], undefined, 'unordered: ["$.x"]', /another order in 100 % .* if clients do not rely/],
    [
      'type',
      ['number-as-text'],
      undefined,
      'equivalent: [{ path: "$.x", as: number }]',
      /the same number, once as text/,
    ],
    ['type', ['boolean-as-text'], undefined, 'equivalent: [{ path: "$.x", as: boolean }]', /truth value/],
    ['value', ['date-format'], undefined, 'equivalent: [{ path: "$.x", as: date }]', /the same moment/],
    [
      'value',
      ['number-format'],
      undefined,
      'equivalent: [{ path: "$.x", as: number }]',
      /the same number, written/,
    ],
    [
      'value',
      ['rounding'],
      { legacy: '12.35', candidate: '12.34' },
      'tolerance: { "$.x": 0.01 }',
      /by 0\.01 at most/,
    ],
  ] as const)('for a difference of %s by %j', (kind, reasons, sample, yaml, reason) => {
    const finding = { path: '$.x', kind, reasons, places: [0], ...(sample && { sample }) };
    const [found, ...more] = suggestions(() => [finding]);
    expect(found?.yaml).toBe(yaml);
    expect(found?.reason).toMatch(reason);
    expect(more).toEqual([]);
  });

  it('leave a noisy header out', () => {
    const etag: Finding = { path: 'header:etag', kind: 'header', reasons: [], places: [0] };
    expect(
      suggestions(
        () => [etag],
        () => [etag],
      ),
    ).toMatchObject([{ rule: 'headers', yaml: 'headers: [content-type]' }]);
  });

  it.each<[string, (at: number) => Finding[]]>([
    ['a wrong value', () => [value('$.price')]],
    ['a null', () => [type('$.price')]],
    [
      'rounding that is only sometimes the reason',
      (at) => [{ ...value('$.price'), reasons: at % 2 ? ['rounding'] : [] }],
    ],
    [
      'a pattern seen too seldom',
      (at) => (at <= 4 ? [{ ...type('$.id'), reasons: ['number-as-text'] }] : []),
    ],
    [
      'an order beside other differences',
      () => [{ path: '$.l', kind: 'order', reasons: [], places: [0] }, value('$.l[*].price')],
    ],
    ['a status', () => [{ path: 'status', kind: 'status', reasons: [], places: [0] }]],
  ])('never excuse %s', (_, candidate) => {
    expect(suggestions(candidate)).toEqual([]);
  });
});
