import { describe, expect, test } from '@jest/globals';
import { answerOf, type CompareKeys, linesOf, rulesOf } from '../../test-kit/comparison.ts';
import type { Comparison } from './answer.ts';
import { compareAnswers } from './compare-answers.ts';
import { defaultLimits } from './limits.ts';

// Sizes at which anything quadratic takes hours, and this suite's deadline finds it.
const MANY = 120_000;
const TEXT = { 'content-type': 'text/plain' };
const HTML = { 'content-type': 'text/html' };

const list = (length: number, entry: (n: number) => string) =>
  `[${Array.from({ length }, (_, n) => entry(n)).join(',')}]`;
const object = (length: number, name: (n: number) => string, value = '1') =>
  `{${Array.from({ length }, (_, n) => `"${name(n)}":${value}`).join(',')}}`;
const mixed = (n: number) => (n * 7919) % MANY;
const compare = (
  legacy: string,
  candidate: string,
  keys: Partial<CompareKeys> = {},
  headers = {},
): Comparison => compareAnswers(answerOf(legacy, headers), answerOf(candidate, headers), rulesOf(keys));
const told = (comparison: Comparison) => [comparison.outcome, ...linesOf(comparison.differences)];

describe('what is beyond the limits', () => {
  const deep = (depth: number, core: string) => '['.repeat(depth) + core + ']'.repeat(depth);
  const deepObject = (depth: number, core: string) => '{"a":'.repeat(depth) + core + '}'.repeat(depth);

  test.each<[string, (core: string) => string]>([
    ['lists 10,000 deep', (core) => deep(10_000, core)],
    ['objects 10,000 deep', (core) => deepObject(10_000, core)],
    ['lists a million deep', (core) => deep(1_000_000, core)],
    ['a list of a million entries', (core) => list(1_000_000, () => core)],
    ['a million members', (core) => object(1_000_000, (n) => `k${n}`, core)],
    ['a million times the same member', (core) => object(1_000_000, () => 'k', core)],
  ])('%s: nobody knows, unless the bytes are the same', (_, make) => {
    const [one, two] = [make('1'), make('2')];
    expect(told(compare(one, two))).toEqual(['too-complex']);
    expect(told(compare(one, one))).toEqual(['match']);
    // A side that is beyond them is not like one that is not.
    expect(told(compare('[1]', one))).toEqual(['mismatch', 'type $ (too-complex)']);
    expect(told(compare(one, '[1]'))).toEqual(['mismatch', 'type $ (too-complex)']);
  });

  test('a page 10,000 elements deep, and one of 300,000', () => {
    for (const page of ['<b>'.repeat(10_000), '<p>x'.repeat(300_000), `<${'a b='.repeat(1_000_000)}>`]) {
      const other = `${page}y`;
      expect(['too-complex', 'mismatch']).toContain(compare(page, other, {}, HTML).outcome);
      expect(compare('<p>x', page, {}, HTML).outcome).toBe('mismatch');
    }
  });

  test('just under the limits is compared', () => {
    const depth = defaultLimits.depth;
    const [difference] = compare(deep(depth, '1'), deep(depth, '2')).differences;
    expect(difference).toMatchObject({ kind: 'value', path: expect.stringMatching(/^\$(\[\*\]){333}/) });
    expect(told(compare(deep(depth + 1, '1'), deep(depth + 1, '2')))).toEqual(['too-complex']);
  });
});

describe('what takes a careless comparison for ever', () => {
  const entry = (n: number) => `{"id":${n},"v":"x${n}"}`;
  const unordered = [{ path: '$', key: null }];

  test.each<[string, () => Comparison, string[]]>([
    [
      'a shuffled list',
      () =>
        compare(
          list(MANY, (n) => `${n}`),
          list(MANY, (n) => `${mixed(n)}`),
        ),
      ['mismatch', 'order $'],
    ],
    [
      'a shuffled list, declared unordered',
      () =>
        compare(
          list(MANY, (n) => `${n}`),
          list(MANY, (n) => `${mixed(n)}`),
          { unordered },
        ),
      ['match'],
    ],
    [
      'a shuffled list of few values',
      () =>
        compare(
          list(MANY, (n) => `${n % 7}`),
          list(MANY, (n) => `${mixed(n) % 7}`),
          { unordered },
        ),
      ['match'],
    ],
    [
      'two values in turn, the other way round',
      () =>
        compare(
          list(MANY, (n) => `${n % 2}`),
          list(MANY, (n) => `${(n + 1) % 2}`),
        ),
      ['mismatch', 'order $'],
    ],
    [
      'lists that share nothing',
      () =>
        compare(
          list(MANY, (n) => `"a${n}"`),
          list(MANY + 1, (n) => `"b${n}"`),
        ),
      ['mismatch', 'value $[*] ×20000'],
    ],
    [
      'records that share nothing',
      () =>
        compare(
          list(MANY / 3, entry),
          list(MANY / 3 + 1, (n) => entry(n + MANY)),
          { unordered },
        ),
      ['mismatch', 'value $[*].id ×10000', 'value $[*].v (truncated) ×10000'],
    ],
    [
      'a tolerance on everything',
      () =>
        compare(
          list(MANY, (n) => `${n}`),
          list(MANY, (n) => `${mixed(n)}.1`),
          { unordered, tolerance: { '$[*]': 0.2 } },
        ),
      ['match'],
    ],
    [
      'a key that all entries share',
      () =>
        compare(
          list(MANY / 3, (n) => `{"k":1,"v":${n}}`),
          list(MANY / 3, (n) => `{"k":1,"v":${n + 1}}`),
          { unordered: [{ path: '$', key: 'k' }] },
        ),
      ['mismatch', 'value $[*].v'],
    ],
    [
      'lists of lists of lists',
      () =>
        compare(
          list(60, () => list(40, () => list(20, (n) => `${n}`))),
          list(60, () => list(40, () => list(20, (n) => `${19 - n}`))),
        ),
      ['mismatch', 'order $[*][*] ×2400'],
    ],
    [
      'names that share nothing',
      () =>
        compare(
          object(MANY, (n) => `a${n}x`),
          object(MANY, (n) => `b${n}x`),
        ),
      ['mismatch'],
    ],
    [
      'names that are ids',
      () =>
        compare(
          object(MANY, (n) => `${n}`),
          object(MANY, (n) => `${n + MANY}`),
        ),
      ['mismatch', 'missing $.* ×20000'],
    ],
    [
      'names in the opposite order',
      () =>
        compare(
          object(MANY, (n) => `a${n}`),
          object(MANY, (n) => `a${MANY - 1 - n}`),
        ),
      ['match'],
    ],
    [
      'the same name again and again',
      () =>
        compare(
          object(MANY, () => 'a'),
          object(MANY / 2, () => 'a'),
        ),
      ['mismatch', 'missing $.a (duplicate-key) ×20000'],
    ],
    [
      'names of objects everybody has',
      () =>
        compare(
          '{"__proto__":{"x":1},"constructor":1,"toString":1}',
          '{"__proto__":{"x":2},"constructor":2,"hasOwnProperty":1}',
        ),
      [
        'mismatch',
        'extra $.hasOwnProperty',
        'missing $.toString',
        'value $.__proto__.x',
        'value $.constructor',
      ],
    ],
    [
      'a name of a megabyte',
      () => compare(`{"${'n'.repeat(1 << 20)}":1}`, `{"${'n'.repeat(1 << 20)}":2}`),
      ['mismatch', `value $["${'n'.repeat(80)}…"]`],
    ],
    [
      'numbers of a megabyte',
      () => compare(`[1${'0'.repeat(1 << 20)}1]`, `[1${'0'.repeat(1 << 20)}2]`, { tolerance: { '$[*]': 1 } }),
      ['mismatch', 'value $[*]'],
    ],
    [
      'exponents without end',
      () => compare('[1e999999999,1e-999999999]', '[1e999999998,0]', { tolerance: { '$[*]': 1 } }),
      ['mismatch', 'value $[*] (precision) ×2'],
    ],
    [
      'blanks without end',
      () => compare(`["${' '.repeat(1 << 17)}x"]`, `["${' '.repeat(1 << 16)}x"]`),
      ['mismatch', 'value $[*] (whitespace)'],
    ],
    [
      'blanks around everything',
      () => compare(`${' '.repeat(1 << 22)}1`, `2${' '.repeat(1 << 22)}`),
      ['mismatch', 'value $'],
    ],
    [
      'escapes without end',
      () => compare(`["${'\\\\'.repeat(1 << 20)}"]`, `["${'\\\\'.repeat((1 << 20) - 1)}"]`),
      ['mismatch', 'value $[*] (truncated)'],
    ],
    [
      'entities without end',
      () =>
        compare(
          list(1, () => `"${'&amp;'.repeat(1 << 14)}&a"`),
          list(1, () => `"${'&lt;'.repeat(1 << 14)}"`),
        ),
      ['mismatch', 'value $[*]'],
    ],
    [
      'many texts with reasons',
      () =>
        compare(
          list(MANY, (n) => `"É${n}"`),
          list(MANY, (n) => `"é${n}"`),
        ),
      ['mismatch', 'value $[*] (case) ×20000'],
    ],
    [
      'lines that share nothing',
      () =>
        compare(
          list(MANY, (n) => `${n}\n`),
          list(MANY, (n) => `x${n}\n`),
          {},
          TEXT,
        ),
      ['mismatch'],
    ],
    [
      'lines in turn',
      () => compare('a\nb\n'.repeat(MANY), 'b\na\n'.repeat(MANY), {}, TEXT),
      ['mismatch', 'order text'],
    ],
    [
      'line ends without end',
      () => compare('\r'.repeat(1 << 20), '\n'.repeat((1 << 20) + 1), {}, TEXT),
      ['mismatch'],
    ],
    [
      'text without lines',
      () => compare('a'.repeat(1 << 24), `${'a'.repeat(1 << 23)}b`, {}, TEXT),
      ['mismatch', 'value text'],
    ],
    [
      'tags that are never closed',
      () => compare('<b>x</i>'.repeat(400), `${'<b>x</i>'.repeat(400)}y`, {}, HTML),
      ['mismatch'],
    ],
    [
      'many tags',
      () => compare('<p>x</p>'.repeat(MANY), '<p>x</p><hr>'.repeat(MANY), {}, HTML),
      ['mismatch'],
    ],
    [
      'a tag without end',
      () => compare(`<a ${'x'.repeat(1 << 22)}`, `<a ${'y'.repeat(1 << 22)}`, {}, HTML),
      ['match'],
    ],
    [
      'entities of a page without end',
      () => compare('&amp'.repeat(1 << 18), '&lt;'.repeat(1 << 18), {}, HTML),
      ['mismatch', 'value html:'],
    ],
  ])('%s', (_, run, expected) => {
    const comparison = run();
    expect(told(comparison).slice(0, expected.length)).toEqual(expected);
  });

  test('rules whose places double with every step', () => {
    const keys = { ignore: Array.from({ length: 12 }, (_, n) => `$..a${'.*'.repeat(n + 8)}.z${n}`) };
    const nested = (value: string) => {
      let text = value;
      for (let n = 0; n < 300; n++) text = `{"${n % 3 ? 'a' : 'b'}":${text},"c":[${n}]}`;
      return text;
    };
    expect(compare(nested('1'), nested('2'), keys).outcome).toBe('mismatch');
    const wide = list(MANY / 10, (n) => `{"a":{"a":{"b${n}":{"a":1}}}}`);
    expect(compare(wide, `${wide} `, keys).outcome).toBe('match');
  });

  test('rule paths of a megabyte', () => {
    const keys = {
      ignore: [`$${'.a'.repeat(1 << 18)}`, `$${'..a'.repeat(1 << 16)}`, `$["${'\\"'.repeat(1 << 18)}"]`],
    };
    expect(compare('{"a":1}', '{"a":2}', keys).outcome).toBe('mismatch');
  });

  test('a string of 50 MB', () => {
    const huge = 'x'.repeat(50 << 20);
    expect(told(compare(`{"a":"${huge}","b":1}`, `{"a":"${huge}y","b":2}`))).toEqual([
      'mismatch',
      'value $.a (truncated)',
      'value $.b',
    ]);
  });

  test('headers of a hundred thousand lines', () => {
    const lines = (value: string) => Array.from({ length: 100_000 }, (_, n) => `c${n}=${value}; Path=/${n}`);
    const headers = ['set-cookie', 'cache-control', 'location', 'content-type'];
    const answer = (value: string) => ({
      ...answerOf(''),
      headers: {
        'set-cookie': lines(value),
        'cache-control': lines(value),
        location: `/${'a/../'.repeat(1e5)}${value}`,
        'content-type': lines(value).join(';'),
      },
    });
    expect(compareAnswers(answer('1'), answer('2'), rulesOf({ headers })).outcome).toBe('mismatch');
  });
});
