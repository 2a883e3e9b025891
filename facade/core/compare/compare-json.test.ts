import { describe, expect, test } from '@jest/globals';
import { type CompareKeys, compareJson, linesOf } from '../../test-kit/comparison.ts';

const found = (legacy: string, candidate: string, keys: Partial<CompareKeys> = {}) =>
  linesOf(compareJson(legacy, candidate, keys).differences);

describe('the same data', () => {
  test.each([
    ['white space and the order of members', '{"a":1,"b":[1,2]}', ' {"b" : [1, 2],\n"a": 1}'],
    [
      'ways to write a number',
      '[1, 100, 0, -2.50, 12345678901234567890]',
      '[1.0, 1e2, -0, -25e-1, 12345678901234567890.0]',
    ],
    ['escapes', '{"\\u0061":"\\u00e9\\/"}', '{"a":"é/"}'],
    ['lone surrogates', '["\\ud800"]', '["\\uD800" ]'],
    ['members that stand twice on both sides', '{"a":1,"a":2}', '{"a":1, "a":2}'],
    ['a member called __proto__', '{"__proto__":{"x":1}}', '{"__proto__": {"x":1}}'],
  ])('matches: %s', (_, legacy, candidate) => {
    expect(compareJson(legacy, candidate)).toMatchObject({ outcome: 'match', differences: [] });
  });
});

describe('each difference is told as what it is', () => {
  test.each<[string, string, string, string[]]>([
    ['a missing member', '{"a":1,"b":2}', '{"a":1}', ['missing $.b']],
    ['an extra member', '{"a":1}', '{"a":1,"b":2}', ['extra $.b']],
    ['a lost null', '{"a":null}', '{}', ['missing $.a (null)']],
    ['null for a value', '{"a":"x"}', '{"a":null}', ['type $.a (null)']],
    ['null for a list', '{"a":[1]}', '{"a":null}', ['type $.a (null)']],
    ['a list for an object', '{"a":{}}', '{"a":[]}', ['type $.a']],
    ['a number as text', '{"price":"12.50"}', '{"price":12.5}', ['type $.price (number-as-text)']],
    ['a boolean as text', '{"on":true}', '{"on":"true"}', ['type $.on (boolean-as-text)']],
    ['another boolean', '{"on":true}', '{"on":false}', ['value $.on']],
    [
      'the last digit of 64 bits',
      '{"id":9007199254740993}',
      '{"id":9007199254740992}',
      ['value $.id (precision)'],
    ],
    ['a digit beyond floats', '[0.10000000000000000001]', '[0.1]', ['value $[*] (precision)']],
    [
      'numbers too large for anything',
      '[1e99999999999999999999]',
      '[1e99999999999999999998]',
      ['value $[*]'],
    ],
    ['a rounded number', '{"p":12.345}', '{"p":12.35}', ['value $.p (rounding)']],
    ['a number cut off', '{"p":12.349}', '{"p":12.34}', ['value $.p (rounding)']],
    ['cents for euros', '{"p":95.5}', '{"p":9550}', ['value $.p (scale)']],
    ['the sign', '[1.5]', '[-1.5]', ['value $[*]']],
    ['another number', '{"p":12}', '{"p":13}', ['value $.p']],
    ['composed against decomposed', '["\u00e9"]', '["e\u0301"]', ['value $[*] (unicode-form)']],
    ['line endings', '["a\\r\\nb"]', '["a\\nb"]', ['value $[*] (line-ending)']],
    ['white space', '["a b"]', '["a  b "]', ['value $[*] (whitespace)']],
    ['case', '["Open"]', '["open"]', ['value $[*] (case)']],
    ['UTF-8 read as Latin 1', '["Müller"]', '["MÃ¼ller"]', ['value $[*] (encoding)']],
    ['lost characters', '["Müller"]', '["M?ller"]', ['value $[*] (encoding)']],
    ['entities', '["a & b"]', '["a &amp; b"]', ['value $[*] (escaping)']],
    ['a byte order mark in text', '["a"]', '["\ufeffa"]', ['value $[*] (byte-order-mark)']],
    ['text cut off', '["a long text"]', '["a long…"]', ['value $[*] (truncated)']],
    ['another date format', '["2027-03-01"]', '["01.03.2027"]', ['value $[*] (date-format)']],
    [
      'the same moment',
      '["2027-03-01T10:00:00Z"]',
      '["2027-03-01T11:00:00+01:00"]',
      ['value $[*] (date-format)'],
    ],
    ['a time zone', '["2027-03-01T10:00:00Z"]', '["2027-03-01T11:00:00Z"]', ['value $[*] (time-zone)']],
    ['a number in other text', '["12.50"]', '["12.5"]', ['value $[*] (number-format)']],
    ['a member that stands twice', '{"a":1,"b":0,"a":2}', '{"a":1,"b":0}', ['missing $.a (duplicate-key)']],
    ['a member under __proto__', '{"__proto__":1}', '{"__proto__":2}', ['value $.__proto__']],
    ['names that need quotes', '{"a b":1}', '{"a b":2}', ['value $["a b"]']],
    [
      'names that are ids',
      '{"u":{"41":{"n":1},"42":{"n":1}}}',
      '{"u":{"41":{"n":2},"42":{"n":2}}}',
      ['value $.u.*.n ×2'],
    ],
    ['the whole body', '1', '2', ['value $']],
  ])('%s', (_, legacy, candidate, expected) => {
    expect(found(legacy, candidate)).toEqual(expected);
  });

  test('with both values and where they stood', () => {
    const { differences } = compareJson('{"a":[{"p":1},{"p":9.50}]}', '{"a":[{"p":1},{"p":"x"}]}');
    expect(differences).toEqual([
      {
        path: '$.a[*].p',
        kind: 'type',
        severity: 'critical',
        reasons: ['number-as-text'],
        count: 1,
        sample: { at: '$.a[1].p', legacy: '9.50', candidate: '"x"' },
        places: [expect.any(Number)],
        more: [],
      },
    ]);
  });

  test('and places on one path are told apart, the same in every comparison', () => {
    const places = (legacy: string, candidate: string) =>
      compareJson(legacy, candidate).differences.map(({ path, places }) => [path, places] as const);
    const list = (...prices: number[]) => JSON.stringify({ a: prices.map((p, id) => ({ id, p })) });
    const [[path, both] = ['', []]] = places(list(1, 2, 3), list(1, 9, 8));
    const [[, second] = ['', []]] = places(list(5, 6, 7), list(5, 9, 7));
    expect([path, both.length, second.length]).toEqual(['$.a[*].p', 2, 1]);
    expect(both).toContain(second[0]);
    const users = (a: number, b: number) =>
      JSON.stringify({
        'f81d4fae-7dec-11d0-a765-00a0c91e6bf6': { n: a },
        'f81d4fae-7dec-11d0-a765-00a0c91e6bf7': { n: b },
      });
    expect(places(users(1, 2), users(3, 4))[0]?.[1]).toHaveLength(2);
  });

  test('worst first: missing and type before values, then extra, then order', () => {
    const { differences } = compareJson(
      '{"o":[1,2,3],"v":"x","m":1,"t":1}',
      '{"o":[3,1,2],"v":"y","t":"1","e":1}',
    );
    expect(differences.map(({ kind, severity }) => `${kind} ${severity}`)).toEqual([
      'type critical',
      'missing critical',
      'value major',
      'extra minor',
      'order trivial',
    ]);
  });

  test.each([
    ['before it', '{"name":"password","value":"a"}', '{"name":"password","value":"b"}', 'password'],
    ['after it', '{"value":1,"Key":"apiKey"}', '{"value":2,"Key":"apiKey"}', 'secret'],
    ['above it', '{"id":"token","content":[{"x":1}]}', '{"id":"token","content":[{"x":2}]}', 'token'],
    ['on one side only', '{"text":"a"}', '{"text":"b","label":"pin"}', 'password'],
    ['and it stands on one side only', '{"field":"pin"}', '{"field":"pin","val":"b"}', 'password'],
    ['of a colour', '{"name":"colour","value":"a"}', '{"name":"colour","value":"b"}', undefined],
    ['of its neighbour', '{"name":"token","n":1,"value":0}', '{"name":"token","n":2,"value":0}', undefined],
    ['of another object', '[{"name":"token"},{"value":1}]', '[{"name":"token"},{"value":2}]', undefined],
    ['in another object', '{"value":1,"n":{"name":"pin"}}', '{"value":2,"n":{"name":"pin"}}', undefined],
  ])('and what a member says that a value is: %s', (_, legacy, candidate, secret) => {
    const { differences } = compareJson(`{"a":[0,${legacy}]}`, `{"a":[0,${candidate}]}`);
    const told = differences.map(({ path, sample }) => [path, sample.secret] as const);
    expect(told.find(([path]) => !/label$/.test(path))?.[1]).toBe(secret);
  });

  test('values in samples are cut, and stay JSON', () => {
    const long = JSON.stringify({ a: 'x'.repeat(5000), b: Array(500).fill({ c: [[[[[1]]]]] }) });
    const { differences } = compareJson(`{"a":${long}}`, '{"a":1}');
    const shown = differences[0]?.sample.legacy ?? '';
    expect(shown.length).toBeLessThan(600);
    expect(JSON.parse(shown)).toMatchObject({ a: expect.stringMatching(/^x+…$/) });
  });
});

describe('lists', () => {
  const items = (...ids: number[]) =>
    JSON.stringify(ids.map((id) => ({ id, name: `n${id}`, tags: [`t${id}`] })));
  const rows = (...of: [number, number][]) =>
    JSON.stringify(
      of.map(([id, rate_ct]) => ({ frl_id: id, frl_name: `n${id}`, rate_ct, city: '', cur: 'EUR' })),
    );

  test.each<[string, string, string, string[]]>([
    ['shuffled', items(1, 2, 3, 4), items(3, 1, 4, 2), ['order $']],
    ['scalars shuffled', '["a","b","a"]', '["a","a","b"]', ['order $']],
    [
      'shuffled, and one entry changed',
      items(1, 2, 3, 4),
      items(3, 1, 4, 2).replace('n3', 'x'),
      ['order $', 'value $[*].name'],
    ],
    ['an entry in front', items(1, 2, 3), items(9, 1, 2, 3), ['extra $[*]']],
    ['an entry gone', items(1, 2, 3), items(1, 3), ['missing $[*]']],
    ['a page that starts one late', items(1, 2, 3, 4), items(2, 3, 4, 5), ['extra $[*]', 'missing $[*]']],
    ['one changed', items(1, 2, 3), items(1, 2, 3).replace('n2', 'x'), ['value $[*].name']],
    [
      'all changed, one in front',
      items(1, 2, 3),
      items(9, 1, 2, 3).replaceAll('n', 'm'),
      ['extra $[*]', 'missing $[*].name ×3', 'extra $[*].mame ×3'].sort(),
    ],
    [
      'shuffled, and all changed',
      items(1, 2, 3, 4),
      items(3, 1, 4, 2).replaceAll('"n', '"m'),
      ['extra $[*].mame ×4', 'missing $[*].name ×4', 'order $'],
    ],
    ['another thing in its place', items(1, 2, 3), items(1, 7, 3), ['extra $[*]', 'missing $[*]']],
    [
      'a key changed and nothing else',
      items(1, 2, 3),
      items(1, 2, 3).replace('"id":2', '"id":7'),
      ['value $[*].id'],
    ],
    [
      'a page that starts two late, of things that are alike',
      rows([1, 5], [2, 5], [3, 5]),
      rows([3, 5], [4, 5], [5, 5]),
      ['extra $[*] ×2', 'missing $[*] ×2'],
    ],
    [
      'the same, and what both have is wrong',
      rows([1, 5], [2, 5], [3, 5]),
      rows([3, 6], [4, 6], [5, 6]),
      ['extra $[*] ×2', 'missing $[*] ×2', 'value $[*].rate_ct'],
    ],
    [
      'things that are alike, the newest gone and another one made',
      rows([9, 5], [2, 5], [3, 5]),
      rows([10, 5], [2, 5], [3, 5]),
      ['extra $[*]', 'missing $[*]'],
    ],
    [
      'the type of all keys',
      '[{"id":1},{"id":2}]',
      '[{"id":"1"},{"id":"2"}]',
      ['type $[*].id (number-as-text) ×2'],
    ],
    ['numbers', '[1,2,3]', '[1,9,3]', ['value $[*]']],
    ['one of equal entries gone', '["a","x","a"]', '["x","a"]', ['missing $[*]']],
    ['lists in lists', '[[1,2],[3,4]]', '[[3,4],[1,2]]', ['order $']],
    ['lists in lists, inside', '[[1,2],[3,4]]', '[[2,1],[3,4]]', ['order $[*]']],
    ['empty against filled', '[]', '[1]', ['extra $[*]']],
    [
      'moved and changed a little',
      '[{"a":1,"b":1,"c":1},{"a":2,"b":2,"c":2},{"a":3,"b":3,"c":3}]',
      '[{"a":3,"b":3,"c":3},{"a":1,"b":1,"c":7},{"a":2,"b":2,"c":2}]',
      ['order $', 'value $[*].c'],
    ],
  ])('%s', (_, legacy, candidate, expected) => {
    expect(found(legacy, candidate)).toEqual(expected);
  });

  test('a shuffled list of 10,000 is one difference of order', () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 10_007);
    const shuffled = ids.toSorted((a, b) => ((a * 31) % 1009) - ((b * 31) % 1009));
    expect(found(items(...ids), items(...shuffled))).toEqual(['order $']);
    expect(found(items(...ids), items(...shuffled), { unordered: [{ path: '$', key: null }] })).toEqual([]);
  });
});

describe('rules', () => {
  test('what only differs where it is ignored is its own outcome', () => {
    const { outcome, differences, ignored, excused } = compareJson('{"a":1,"b":1}', '{"a":2,"b":1}', {
      ignore: ['$.a'],
    });
    expect({ outcome, differences, excused }).toEqual({ outcome: 'ignored', differences: [], excused: [1] });
    expect(linesOf(ignored)).toEqual(['value $.a']);
  });

  test('an ignored difference beside another one is a mismatch', () => {
    const { outcome, differences, ignored } = compareJson('{"a":1,"b":1}', '{"a":2,"b":2}', {
      ignore: ['$.a'],
    });
    expect([outcome, linesOf(differences), linesOf(ignored)]).toEqual([
      'mismatch',
      ['value $.b'],
      ['value $.a'],
    ]);
  });

  test.each<[string, Partial<CompareKeys>, string, string, string[]]>([
    ['ignored, missing', { ignore: ['$.a'] }, '{"a":1}', '{}', []],
    ['ignored, extra', { ignore: ['$.a'] }, '{}', '{"a":1}', []],
    [
      'ignored in a list',
      { ignore: ['$[*].at'] },
      '[{"at":1,"v":1},{"at":2,"v":2}]',
      '[{"at":3,"v":2},{"at":4,"v":1}]',
      ['order $'],
    ],
    [
      'ignored at any depth',
      { ignore: ['$..at'] },
      '{"at":1,"x":[{"y":{"at":2}}]}',
      '{"at":3,"x":[{"y":{"at":4}}]}',
      [],
    ],
    [
      'ignored under any name',
      { ignore: ['$.*.at'] },
      '{"x":{"at":1},"at":1}',
      '{"x":{"at":2},"at":2}',
      ['value $.at'],
    ],
    ['ignored by quoted name', { ignore: ['$["a.b"]'] }, '{"a.b":1}', '{"a.b":2}', []],
    ['the whole body', { ignore: ['$'] }, '{"a":1}', '[]', []],
    [
      'unordered',
      { unordered: [{ path: '$.t', key: null }] },
      '{"t":["a","b","b"]}',
      '{"t":["b","a","b"]}',
      [],
    ],
    [
      'unordered, one more of the same',
      { unordered: [{ path: '$.t', key: null }] },
      '{"t":["a","b","b"]}',
      '{"t":["b","a","a"]}',
      ['value $.t[*]'],
    ],
    [
      'unordered, one gone',
      { unordered: [{ path: '$.t', key: null }] },
      '{"t":["a","b"]}',
      '{"t":["b"]}',
      ['missing $.t[*]'],
    ],
    [
      'unordered inside unordered',
      {
        unordered: [
          { path: '$', key: null },
          { path: '$[*]', key: null },
        ],
      },
      '[[1,2],[3]]',
      '[[3],[2,1]]',
      [],
    ],
    [
      'unordered by key',
      { unordered: [{ path: '$', key: 'k' }] },
      '[{"k":1,"v":1},{"k":2,"v":2}]',
      '[{"k":2,"v":9},{"k":1,"v":1}]',
      ['value $[*].v'],
    ],
    [
      'unordered by key, another key',
      { unordered: [{ path: '$', key: 'k' }] },
      '[{"k":1,"v":1},{"k":2,"v":2}]',
      '[{"k":3,"v":2},{"k":1,"v":1}]',
      ['extra $[*]', 'missing $[*]'],
    ],
    [
      'unordered by a key that repeats',
      { unordered: [{ path: '$', key: 'k' }] },
      '[{"k":1,"v":1},{"k":1,"v":2}]',
      '[{"k":1,"v":2},{"k":1,"v":3}]',
      ['value $[*].v'],
    ],
    ['a tolerance', { tolerance: { '$.p': 0.01 } }, '{"p":0.1}', '{"p":0.11}', []],
    [
      'a tolerance, to the digit',
      { tolerance: { '$.p': 0.01 } },
      '{"p":0.1}',
      '{"p":0.1100000000000000000001}',
      ['value $.p (rounding)'],
    ],
    [
      'a tolerance of large numbers',
      { tolerance: { '$.p': 1 } },
      '{"p":9007199254740993}',
      '{"p":9007199254740992}',
      [],
    ],
    [
      'a tolerance is for numbers',
      { tolerance: { '$.p': 1 } },
      '{"p":1}',
      '{"p":"1"}',
      ['type $.p (number-as-text)'],
    ],
    [
      'a tolerance in an unordered list',
      { tolerance: { '$[*]': 0.5 }, unordered: [{ path: '$', key: null }] },
      '[1,2,3]',
      '[3.5,0.5,2]',
      [],
    ],
    [
      'a tolerance in entries of an unordered list',
      { tolerance: { '$[*].p': 0.5 }, unordered: [{ path: '$', key: null }] },
      '[{"p":1},{"p":2}]',
      '[{"p":2.5},{"p":1}]',
      [],
    ],
    ['equivalent as string', { equivalent: [{ path: '$.id', as: 'string' }] }, '{"id":7}', '{"id":"7"}', []],
    [
      'equivalent as string, other text',
      { equivalent: [{ path: '$.id', as: 'string' }] },
      '{"id":"7.0"}',
      '{"id":"7"}',
      ['value $.id (number-format)'],
    ],
    [
      'equivalent as number',
      { equivalent: [{ path: '$.p', as: 'number' }] },
      '{"p":"12.50"}',
      '{"p":12.5}',
      [],
    ],
    [
      'equivalent as number, another one',
      { equivalent: [{ path: '$.p', as: 'number' }] },
      '{"p":"12.50"}',
      '{"p":12.6}',
      ['type $.p (number-as-text)'],
    ],
    [
      'equivalent as number with a tolerance',
      { equivalent: [{ path: '$.p', as: 'number' }], tolerance: { '$.p': 0.1 } },
      '{"p":"12.50"}',
      '{"p":12.6}',
      [],
    ],
    [
      'equivalent as boolean',
      { equivalent: [{ path: '$.*', as: 'boolean' }] },
      '{"a":"Y","b":0}',
      '{"a":true,"b":false}',
      [],
    ],
    [
      'equivalent as date',
      { equivalent: [{ path: '$.*', as: 'date' }] },
      '{"a":"01.03.2027","b":1803859200}',
      '{"a":"2027-03-01T00:00:00Z","b":1803859200000}',
      [],
    ],
    [
      'equivalent never takes null',
      { equivalent: [{ path: '$.a', as: 'string' }] },
      '{"a":null}',
      '{"a":"null"}',
      ['type $.a (null)'],
    ],
    [
      'equivalent in an unordered list',
      { equivalent: [{ path: '$[*].id', as: 'string' }], unordered: [{ path: '$', key: 'id' }] },
      '[{"id":1},{"id":2}]',
      '[{"id":"2"},{"id":"1"}]',
      [],
    ],
  ])('%s', (_, keys, legacy, candidate, expected) => {
    expect(found(legacy, candidate, keys)).toEqual(expected);
  });

  test('a rule that took out nothing can be told', () => {
    const { excused } = compareJson('{"a":1,"t":[1,2]}', '{"a":2,"t":[2,1]}', {
      ignore: ['$.a', '$.gone'],
      unordered: [
        { path: '$.t', key: null },
        { path: '$.gone', key: null },
      ],
    });
    expect(excused).toEqual([1, 0, 1, 0]);
  });
});
