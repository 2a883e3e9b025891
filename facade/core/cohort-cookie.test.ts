import { describe, expect, test } from '@jest/globals';
import { openBuckets, routeMark, sealBuckets } from './cohort-cookie.ts';

const secret = Buffer.from('secret');
const buckets = new Map([
  [routeMark('articles'), 0],
  [routeMark('authors'), 0xffffffff],
]);

describe('the cohort cookie', () => {
  test('gives back the buckets that were sealed in it', () => {
    expect(openBuckets(sealBuckets(buckets, secret), secret)).toEqual(buckets);
  });

  test('is refused when one character of it was changed, or another secret signed it', () => {
    const value = sealBuckets(buckets, secret);
    for (let i = 0; i < value.length - 1; i++) {
      const changed = value.slice(0, i) + (value[i] === '0' ? '1' : '0') + value.slice(i + 1);
      expect(openBuckets(changed, secret)).toBeNull();
    }
    expect(openBuckets(value, Buffer.from('other'))).toBeNull();
  });

  test.each(['', '.', '1.', 'abc', '1.zz.zz'])('is refused when it is %j', (value) => {
    expect(openBuckets(value, secret)).toBeNull();
  });
});
