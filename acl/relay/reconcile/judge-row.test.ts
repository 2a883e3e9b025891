import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ColumnKind } from '../source/legacy-store.ts';
import { decimal, ExactNumber, parseExactly } from '../target/exact-json.ts';
import { canonicalColumn, canonicalJson } from './canonical.ts';
import { differingFields } from './differing-fields.ts';
import { type JudgedTable, judgeRow } from './judge-row.ts';

describe('numbers of an answer', () => {
  test('that JavaScript would round keep their digits, all others are as JSON.parse has them', () => {
    expect(
      parseExactly('{"a":9007199254740993,"b":[1.50,1e2,"9007199254740993"],"c":12345678901234567890}'),
    ).toEqual({
      a: new ExactNumber('9007199254740993'),
      b: [1.5, 100, '9007199254740993'],
      c: new ExactNumber('12345678901234567890'),
    });
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        expect(parseExactly(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 50 },
    );
  });

  test('differ where the last digit does', () => {
    const held = parseExactly('{"n":9007199254740993}');
    expect(differingFields({ n: 9007199254740992 }, held)).toEqual([
      { field: 'n', legacy: '9007199254740992', candidate: '9007199254740993' },
    ]);
    expect(differingFields({ n: 1.5 }, parseExactly('{"n":1.50000000000000000}'))).toEqual([]);
  });
});

test('a number has one writing', () => {
  const texts = ['9500', '0.10', '-0.0', '1e2', '1e400', '.5', '000120', '1.20e-3', 'x', '.', ''];
  expect(texts.map(decimal)).toEqual([
    '9500',
    '0.1',
    '0',
    '100',
    '1e400',
    '0.5',
    '120',
    '0.0012',
    null,
    null,
    null,
  ]);
});

describe('fields that differ', () => {
  test('are none exactly when the canonical texts are equal', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (a, b) => {
        const isEqual = canonicalJson(a) === canonicalJson(b);
        expect(differingFields(a, b).length === 0).toBe(isEqual);
        expect(differingFields(a, structuredClone(a))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('are named by their path, with long texts cut to where they part', () => {
    const long = 'x'.repeat(500);
    const fields = differingFields(
      { a: { b: [1, 2] }, c: null, d: '', e: [1], text: `${long}1${long}` },
      { a: { b: [1, 3] }, d: null, e: [1, 2], text: `${long}2${long}` },
    );
    expect(fields.map(({ field }) => field)).toEqual(['a.b[1]', 'c', 'd', 'e', 'text']);
    expect(fields[1]).toEqual({ field: 'c', legacy: 'null', candidate: null });
    expect(fields[4]?.legacy).toMatch(/^…x+1x+…$/);
    expect(fields[4]?.legacy?.length).toBeLessThan(90);
  });
});

describe('what a column holds', () => {
  test.each<[ColumnKind, unknown, unknown]>([
    ['number', '12.5000', 12.5],
    ['number', '0.0', '-0'],
    ['number', true, 1],
    ['number', Buffer.from([1]), true],
    ['number', '9007199254740993', new ExactNumber('9007199254740993')],
    ['instant', '2026-03-29 02:30:00', '2026-03-29T02:30:00.000Z'],
    ['instant', '2026-03-29 02:30:00.000 +00:00', '2026-03-29 02:30:00'],
    ['instant', '2026-03-29', '2026-03-29 00:00:00'],
    ['json', '{"b":1,"a":2.0}', { a: 2, b: 1 }],
    ['plain', Buffer.from('x'), 'x'],
    ['plain', 5, '5'],
    ['plain', null, undefined],
  ])('%s: %p is %p', (kind, a, b) => expect(canonicalColumn(kind, a)).toBe(canonicalColumn(kind, b)));

  test.each<[ColumnKind, unknown, unknown]>([
    ['number', '9007199254740993', 9007199254740992],
    ['number', '12.50', '12.51'],
    ['number', null, 0],
    ['instant', '2026-03-29 02:30:00.001', '2026-03-29 02:30:00'],
    ['instant', '0000-00-00', null],
    ['plain', '', null],
    ['plain', 'x ', 'x'],
    ['plain', 'X', 'x'],
    ['plain', '007', '7'],
    ['plain', '😀', '😁'],
    ['plain', Buffer.from([0xff]), Buffer.from([0xfe])],
  ])('%s: %p is not %p', (kind, a, b) => expect(canonicalColumn(kind, a)).not.toBe(canonicalColumn(kind, b)));
});

describe('a row', () => {
  const table: JudgedTable = {
    key: 'id',
    toSync: ({ id, note, price }) =>
      price === 'free'
        ? { key: String(id), rejected: 'price: expected a number' }
        : { key: String(id), value: { note: note || null, price }, quirks: note === '' ? ['blank'] : [] },
    fromSync: (value) => value as Record<string, unknown>,
    quirkColumns: { blank: ['note'] },
    kinds: new Map<string, ColumnKind>([['price', 'number']]),
  };
  const row = (columns: Record<string, unknown>) => ({ key: '1', columns: { id: 1, ...columns } });

  test('is equal, missing, extra or changed', () => {
    const here = row({ note: 'x', price: '1.50' });
    expect(judgeRow(table, here, { value: { note: 'x', price: '1.50' } })).toEqual({ kind: 'equal' });
    expect(judgeRow(table, here, undefined)).toEqual({ kind: 'missing', fields: [] });
    expect(judgeRow(table, undefined, { value: {} })).toEqual({ kind: 'extra', fields: [] });
    expect(judgeRow(table, undefined, undefined)).toEqual({ kind: 'equal' });
    expect(judgeRow(table, here, { value: { note: 'y', price: '1.50' } })).toMatchObject({
      ...{ kind: 'changed', fields: [{ field: 'note' }] },
    });
  });

  test('that no translation exists for says why, and one whose translator throws', () => {
    expect(judgeRow(table, row({ price: 'free' }), undefined)).toEqual({
      ...{ kind: 'untranslatable', reason: 'price: expected a number' },
    });
    const faulty = { ...table, toSync: () => assertNever() };
    expect(judgeRow(faulty, row({}), undefined)).toMatchObject({ reason: 'the translator failed: a fault' });
  });

  test('is compared with what comes back, but for the columns that its quirks explain', () => {
    const blank = row({ note: '', price: '1' });
    expect(judgeRow(table, blank, { value: { note: null, price: '1' } })).toEqual({ kind: 'equal' });
    const back = (fromSync: JudgedTable['fromSync'] & {}) =>
      judgeRow({ ...table, fromSync }, row({ note: 'x', price: '1.50' }), {
        value: { note: 'x', price: '1.50' },
      });
    expect(back(() => ({ price: 1.5 }))).toEqual({ kind: 'equal' });
    expect(back(() => ({ price: 1.4, colour: 'red' }))).toEqual({
      kind: 'changed',
      fields: [
        { field: 'column price', legacy: '1.5', candidate: '1.4' },
        { field: 'column colour', legacy: 'no such column', candidate: 'red' },
      ],
    });
    expect(back(() => assertNever())).toMatchObject({ fields: [{ candidate: 'failed: a fault' }] });
    // The quirk of another column explains nothing.
    const other = row({ note: '', price: '1' });
    expect(
      judgeRow({ ...table, fromSync: () => ({ price: 2 }) }, other, { value: { note: null, price: '1' } }),
    ).toMatchObject({ kind: 'changed' });
  });
});

function assertNever(): never {
  throw new Error('a fault');
}
