import { expect, test } from '@jest/globals';
import { type Comparison, compareAnswers, compileRules } from '../compare/index.ts';
import { alsoIn, without } from './without.ts';

const RULES = compileRules({ ignore: [], unordered: [], tolerance: {}, equivalent: [], headers: [] });
const between = (legacy: object, candidate: object): Comparison => {
  const answerOf = (value: object) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  });
  return compareAnswers(answerOf(legacy), answerOf(candidate), RULES);
};
/** What is left of two answers when legacy, which owns the data, had said `before`. */
const left = (legacy: object, candidate: object, before: object) =>
  without(between(legacy, candidate), between(legacy, before))?.differences.map(
    ({ kind, path, sample }) => `${kind} ${path} ${sample.legacy} ${sample.candidate}`,
  );

test('what has changed is left out, and what has not stays', () => {
  expect(left({ a: 2, b: 1 }, { a: 1, b: 5 }, { a: 1, b: 1 })).toEqual(['value $.b 1 5']);
  expect(left({ a: 2 }, { a: 1 }, { a: 1 })).toEqual([]);
});

test('of a list the places that have changed, with a sample of another one', () => {
  const rows = (...prices: number[]) => ({ rows: prices.map((price, id) => ({ id, price })) });
  expect(left(rows(1, 2, 3), rows(9, 2, 8), rows(7, 2, 3))).toEqual(['value $.rows[*].price 3 8']);
});

test('whatever kind the change was of', () => {
  expect(left({ a: 1 }, {}, {})).toEqual([]);
  expect(left({ a: 3 }, { a: 2 }, {})).toEqual([]);
  expect(left({ a: 'y' }, { a: 'x' }, { a: null })).toEqual([]);
  expect(left({}, { a: 1 }, { a: 1 })).toEqual([]);
  expect(left({ a: 1 }, { a: 1, b: 2 }, {})).toEqual(['extra $.b null 2']);
});

test('but another value excuses another value alone', () => {
  expect(left({ a: 'y' }, { a: null }, { a: 'x' })).toEqual(['type $.a "y" null']);
  expect(left({ a: 'y' }, {}, { a: 'x' })).toEqual(['missing $.a "y" null']);
});

test('of more changes than are listed nobody can tell; more differences than that are some', () => {
  const many = (from: number) =>
    Object.fromEntries(
      Array.from({ length: 900 }, (_, n) => [
        `m${'abcdefghij'[n % 10]}${'x'.repeat(Math.floor(n / 10))}`,
        n + from,
      ]),
    );
  const [one, other] = [between(many(0), many(1)), between({}, {})];
  expect(one.more).toBeGreaterThan(0);
  expect(without(one, one)).toBeNull();
  expect(without(one, other)?.outcome).toBe('mismatch');
});

/** What of two answers was so in two earlier ones as well. */
const stays = (earlier: readonly [object, object], now: readonly [object, object]) =>
  alsoIn(between(...earlier), between(...now)).differences.map(
    ({ kind, path, sample }) => `${kind} ${path} ${sample.at}`,
  );
const rows = (...of: readonly [id: number, price: number][]) =>
  of.map(([id, price]) => ({ id, price, at: id }));

test('of entries that one side has alone the same ones stay, wherever they stand', () => {
  const [one, two] = [rows([1, 5], [2, 5]), rows([8, 5], [1, 5], [2, 5])];
  expect(stays([one, rows([1, 5], [2, 5], [9, 5])], [two, rows([8, 5], [1, 5], [2, 5], [9, 5])])).toEqual([
    'extra $[*] $[3]',
  ]);
  expect(stays([one, rows([1, 5], [2, 5], [9, 5])], [two, rows([8, 5], [1, 5], [2, 5], [7, 5])])).toEqual([]);
  expect(stays([one, rows([1, 5])], [two, rows([8, 5], [1, 5])])).toEqual(['missing $[*] $[2]']);
  expect(stays([one, rows([1, 5])], [two, rows([8, 5], [2, 5])])).toEqual([]);
});

test('what is wrong in an entry stays, also where it is another one', () => {
  expect(stays([rows([1, 5]), rows([1, 6])], [rows([2, 5]), rows([2, 6])])).toEqual([
    'value $[*].price $[0].price',
  ]);
  expect(stays([{ a: 1 }, { a: 2 }], [{ b: 1 }, { b: 2 }])).toEqual([]);
});
