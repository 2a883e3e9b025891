import { describe, expect, test } from '@jest/globals';
import { isTraceparent, newTraceparent } from './trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

describe('a traceparent', () => {
  test.each([
    `00-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-00`,
    `01-${TRACE}-${PARENT}-01`,
    `cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`,
  ])('%s is continued', (value) => expect(isTraceparent(value)).toBe(true));

  test.each([
    '',
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}-01-`,
    `cc-${TRACE}-${PARENT}-01.more`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}`,
    `0-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
  ])('%s is not', (value) => expect(isTraceparent(value)).toBe(false));

  test('that is made is valid, and no two are the same', () => {
    const made = Array.from({ length: 1_000 }, newTraceparent);
    expect(made.every(isTraceparent)).toBe(true);
    expect(new Set(made.map((value) => value.slice(3, 35))).size).toBe(1_000);
  });
});
