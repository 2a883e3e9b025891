import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareJson, linesOf } from '../../test-kit/comparison.ts';
import { readDecimal, sameDecimal, withinTolerance } from './decimal.ts';
import { isNumber, JsonList, JsonObject, type JsonValue, numberText } from './json-value.ts';
import { defaultLimits } from './limits.ts';
import { parseJson } from './parse-json.ts';

type Plain = string | number | boolean | null | Plain[] | { [name: string]: Plain };

// Few names and values, so that lists hold the same entries several times and differ in little.
const scalar = fc.oneof(
  fc.constantFrom<Plain>(null, true, false, '', 'a', 'b', 'Ä'),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(1.5, 12.25, 1e21),
);
const plain: fc.Arbitrary<Plain> = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 7 }),
    fc.dictionary(fc.constantFrom('id', 'name', 'x', 'y', 'z'), tie('value'), { maxKeys: 4 }),
  ),
})).value;
// Two lists of records that share some, differ a little in others, and hold some twice.
const entry = fc.record(
  { id: fc.nat(4), x: fc.nat(2), y: fc.array(fc.nat(2), { maxLength: 3 }), z: fc.constantFrom(null, 'a') },
  { requiredKeys: ['x'] },
);
const pair = fc.oneof(
  fc.tuple(plain, plain),
  fc.tuple(fc.array(entry, { maxLength: 8 }), fc.array(entry, { maxLength: 8 })),
  fc.tuple(fc.array(fc.nat(3), { maxLength: 10 }), fc.array(fc.nat(3), { maxLength: 10 })),
);
const RUNS = { numRuns: 500 };
const EVERY_LIST = ['$', '$..*', '$..[*]'].map((path) => ({ path, key: null }));

/** Written with blanks, so that the bytes differ. */
const blank = (value: Plain) => ` ${JSON.stringify(value, null, 1)}`;

function deepMap(
  value: Plain,
  lists: (items: Plain[]) => Plain[],
  members: (names: string[]) => string[],
): Plain {
  if (Array.isArray(value)) return lists(value.map((item) => deepMap(item, lists, members)));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    members(Object.keys(value)).map((name) => [name, deepMap(value[name] as Plain, lists, members)]),
  );
}

/** An order that depends on the stream alone. */
function shuffle<T>(items: readonly T[], order: Iterator<number>): T[] {
  return items
    .map((item) => ({ item, at: order.next().value as number }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

type Spot = {
  readonly parent: Plain[] | { [name: string]: Plain };
  readonly key: string | number;
  readonly path: string;
};

function spotsOf(value: Plain, path = '$'): Spot[] {
  if (value === null || typeof value !== 'object') return [];
  const entries: [string | number, string][] = Array.isArray(value)
    ? value.map((_, index) => [index, `${path}[*]`])
    : Object.keys(value).map((name) => [name, `${path}.${name}`]);
  return entries.flatMap(([key, below]) => [
    { parent: value, key, path: below },
    ...spotsOf((value as Record<string, Plain>)[key] as Plain, below),
  ]);
}

describe('laws of comparing JSON', () => {
  test('everything matches itself, whatever the white space and the order of members', () => {
    fc.assert(
      fc.property(plain, fc.infiniteStream(fc.nat()), (value, order) => {
        const other = deepMap(
          value,
          (items) => items,
          (names) => shuffle(names, order),
        );
        expect(compareJson(JSON.stringify(value), blank(other))).toMatchObject({
          outcome: 'match',
          differences: [],
          more: 0,
        });
      }),
      RUNS,
    );
  });

  test('swapping the sides swaps missing and extra, and nothing else', () => {
    const swap = (line: string) =>
      line.replace(/^(missing|extra)/, (kind) => (kind === 'missing' ? 'extra' : 'missing'));
    const keys = fc.constantFrom(
      {},
      { unordered: EVERY_LIST },
      { unordered: [{ path: '$..*', key: 'id' }] },
      { tolerance: { '$..x': 1 } },
    );
    fc.assert(
      fc.property(pair, keys, ([a, b], rules) => {
        const there = linesOf(compareJson(JSON.stringify(a), JSON.stringify(b), rules).differences);
        const back = linesOf(compareJson(JSON.stringify(b), JSON.stringify(a), rules).differences);
        expect(back.map(swap).sort()).toEqual(there);
      }),
      { numRuns: 3000 },
    );
  });

  test('what is not the same data is never a match', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const sorted = (value: Plain) =>
          JSON.stringify(
            deepMap(
              value,
              (items) => items,
              (names) => names.sort(),
            ),
          );
        const { outcome } = compareJson(JSON.stringify(a), blank(b));
        expect(outcome).toBe(sorted(a) === sorted(b) ? 'match' : 'mismatch');
      }),
      RUNS,
    );
  });

  test('lists that are declared unordered match in any order, at any depth', () => {
    fc.assert(
      fc.property(plain, fc.infiniteStream(fc.nat()), (value, order) => {
        const other = deepMap(
          value,
          (items) => shuffle(items, order),
          (names) => names,
        );
        expect(
          compareJson(JSON.stringify(value), blank(other), { unordered: EVERY_LIST }).differences,
        ).toEqual([]);
      }),
      RUNS,
    );
  });

  test('a shuffled list of different entries is differences of order alone', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(plain, { selector: (value) => JSON.stringify(value), maxLength: 12 }),
        fc.infiniteStream(fc.nat()),
        (list, order) => {
          const other = shuffle(list, order);
          const found = linesOf(compareJson(JSON.stringify(list), blank(other)).differences);
          expect(found).toEqual(JSON.stringify(list) === JSON.stringify(other) ? [] : ['order $']);
        },
      ),
      RUNS,
    );
  });

  test.each([false, true])(
    'one planted change is found at exactly its place (lists unordered: %s)',
    (unordered) => {
      fc.assert(
        fc.property(plain, fc.nat(), fc.constantFrom('value', 'missing', 'extra'), (value, at, kind) => {
          const spots = spotsOf(value);
          fc.pre(spots.length > 0);
          const before = JSON.stringify(value);
          const { parent, key, path } = spots[at % spots.length] as Spot;
          if (kind === 'value') (parent as Record<string, Plain>)[key] = 'planted';
          else if (kind === 'missing') {
            if (Array.isArray(parent)) parent.splice(key as number, 1);
            else delete parent[key];
          } else if (Array.isArray(parent)) parent.splice(key as number, 0, 'planted');
          else parent.planted = 1;
          const where =
            kind === 'extra' && !Array.isArray(parent)
              ? `${path.slice(0, path.lastIndexOf('.'))}.planted`
              : path;
          const { differences } = compareJson(
            before,
            blank(value),
            unordered ? { unordered: EVERY_LIST } : {},
          );
          expect(differences).toHaveLength(1);
          expect(differences[0]).toMatchObject({ path: where, count: 1 });
          expect(kind === 'value' ? ['value', 'type'] : [kind]).toContain(differences[0]?.kind);
        }),
        RUNS,
      );
    },
  );

  test('an ignored planted change leaves the outcome ignored', () => {
    fc.assert(
      fc.property(plain, fc.nat(), (value, at) => {
        const spots = spotsOf(value);
        fc.pre(spots.length > 0);
        const before = JSON.stringify(value);
        const { parent, key, path } = spots[at % spots.length] as Spot;
        (parent as Record<string, Plain>)[key] = 'planted';
        expect(compareJson(before, blank(value), { ignore: [path] })).toMatchObject({
          outcome: 'ignored',
          excused: [1],
        });
      }),
      RUNS,
    );
  });
});

describe('laws of reading', () => {
  const toPlain = (value: JsonValue): unknown => {
    if (isNumber(value)) return Number(numberText(value));
    if (value instanceof JsonList) return value.items.map(toPlain);
    if (!(value instanceof JsonObject)) return value;
    const object: Record<string, unknown> = {};
    for (const [index, name] of value.names.entries())
      Object.defineProperty(object, name, {
        value: toPlain(value.values[index] as JsonValue),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return object;
  };
  const native = (text: string): unknown => {
    try {
      return { ok: true, value: JSON.parse(text) };
    } catch {
      return { ok: false, reason: 'not-json' };
    }
  };

  test('reads what JSON.parse reads, and refuses what it refuses', () => {
    const broken = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom(
          '',
          '"',
          '\\',
          '\\u12',
          ',',
          ']',
          '}',
          '-',
          '.',
          'e',
          '0',
          '1',
          '\n',
          '\u0000',
          'tru',
          '\ufeff',
        ),
      )
      .map(([text, at, piece]) => {
        const where = at % (text.length + 1);
        return text.slice(0, where) + piece + text.slice(where + (at % 3));
      });
    fc.assert(
      fc.property(fc.oneof(fc.json({ stringUnit: 'binary' }), broken, fc.string()), (text) => {
        const reading = parseJson(text, defaultLimits);
        expect(reading.ok ? { ok: true, value: toPlain(reading.value) } : reading).toEqual(native(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('numbers are equal exactly when their values are', () => {
    const number = fc.tuple(
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
      fc.integer({ min: -12, max: 12 }),
    );
    const decimal = (text: string) => readDecimal(text) as NonNullable<ReturnType<typeof readDecimal>>;
    const written = (digits: bigint, exponent: number, form: number) => {
      if (form === 0 || exponent < -18) return `${digits}e${exponent}`;
      if (exponent >= 0) return `${digits}${'0'.repeat(exponent)}${form === 1 ? '' : '.000'}`;
      const size = (digits < 0n ? -digits : digits).toString().padStart(1 - exponent, '0');
      return `${digits < 0n ? '-' : ''}${size.slice(0, exponent)}.${size.slice(exponent)}${form === 1 ? '' : '0E+00'}`;
    };
    const scaled = ([digits, exponent]: readonly [bigint, number]) => digits * 10n ** BigInt(exponent + 12);
    fc.assert(
      fc.property(
        number,
        number,
        number,
        fc.nat(2),
        fc.nat(2),
        fc.boolean(),
        (a, other, limit, formA, formB, same) => {
          const b = same ? a : other;
          const [first, second] = [decimal(written(...a, formA)), decimal(written(...b, formB))];
          expect(sameDecimal(first, second)).toBe(scaled(a) === scaled(b));
          const most = limit[0] < 0n ? ([-limit[0], limit[1]] as const) : limit;
          const apart = scaled(a) - scaled(b);
          expect(withinTolerance(first, second, decimal(written(...most, 0)))).toBe(
            (apart < 0n ? -apart : apart) <= scaled(most),
          );
        },
      ),
      { numRuns: 3000 },
    );
  });
});
