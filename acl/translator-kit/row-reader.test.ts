import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RowReader } from './row-reader.ts';

/** What is read, or why nothing is. */
function reading<T>(raw: unknown, read: (reader: RowReader) => T): T | string {
  const reader = new RowReader({ c: raw });
  const value = read(reader);
  return reader.reasons.length > 0 ? reader.reasons.join('; ') : value;
}
const decimal = (raw: unknown, scale = 2) => reading(raw, (reader) => reader.decimal('c', scale));

describe('a decimal', () => {
  test.each([
    ['12.5', '12.50'],
    [12.5, '12.50'],
    ['0012.50', '12.50'],
    ['12.', '12.00'],
    [0, '0.00'],
    [7n, '7.00'],
    ['-0.00', '0.00'],
    ['-0.50', '-0.50'],
    ['12.500', '12.50'],
    ['999999999999999.99', '999999999999999.99'],
  ])('%p is %s', (raw, expected) => {
    expect(decimal(raw)).toBe(expected);
  });

  test.each(['12.345', '1e3', 1e21, '.5', '', ' 1', '1,5', 'NaN', null, undefined, true, {}])(
    '%p is none: no digit is cut off, and nothing is guessed',
    (raw) => {
      expect(decimal(raw)).toMatch(/^c: expected a decimal with up to 2 places, got /);
    },
  );

  test('of any size comes back as it was written', () => {
    const whole = fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n });
    fc.assert(
      fc.property(whole, fc.nat(9999), (units, parts) => {
        const text = `${units}.${String(parts).padStart(4, '0')}`;
        expect(decimal(text, 4)).toBe(text);
      }),
    );
  });
});

test.each([
  ['integer', '2147483647', 2_147_483_647],
  ['integer', 2_147_483_648, "c: expected a whole number from -2147483648 to 2147483647, got '2147483648'"],
  ['integer', '1.5', "c: expected a whole number from -2147483648 to 2147483647, got '1.5'"],
  ['integer', null, 'c: expected a whole number from -2147483648 to 2147483647, got NULL'],
  ['boolean', 1, true],
  ['boolean', '0', false],
  ['boolean', false, false],
  ['boolean', 2, "c: expected 0 or 1, got '2'"],
  ['boolean', undefined, 'c: expected 0 or 1, got no such column'],
  ['date', '2026-02-28', '2026-02-28'],
  ['date', '2026-02-29', "c: expected a day that exists, got '2026-02-29'"],
  ['date', '0000-00-00', "c: expected a day that exists, got '0000-00-00'"],
  ['instant', '2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z'],
  ['instant', '2026-01-02 24:00:00', "c: expected a date with a time, got '2026-01-02 24:00:00'"],
  ['text', '', ''],
  ['text', 7, "c: expected a text, got '7'"],
] as const)('%s of %p is %p', (method, raw, expected) => {
  expect(reading<unknown>(raw, (reader) => reader[method]('c'))).toBe(expected);
});

test('NULL is null where it may be, and everything else is read as ever', () => {
  const read = (raw: unknown) => reading(raw, (reader) => reader.nullable('c', reader.date));
  expect([read(null), read('2026-02-28')]).toEqual([null, '2026-02-28']);
  expect(read('x')).toMatch(/^c: expected a day/);
});
