import { describe, expect, test } from '@jest/globals';
import { heldBuckets, openBuckets, routeMark, sealBuckets } from './cohort-cookie.ts';

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
    for (let i = 0; i < value.length; i++) {
      const changed = value.slice(0, i) + (value[i] === '0' ? '1' : '0') + value.slice(i + 1);
      expect(openBuckets(changed, secret)).toBeNull();
    }
    for (const other of [
      `${value}=`,
      `"${value}"`,
      `${value}"`,
      encodeURIComponent(`${value}~`),
      ` ${value}`,
    ])
      expect(openBuckets(other, secret)).toBeNull();
    expect(openBuckets(value, Buffer.from('other'))).toBeNull();
  });

  test('sent several times, in any order, holds the smallest bucket of each route that is signed', () => {
    const [articles, authors] = [routeMark('articles'), routeMark('authors')];
    const one = sealBuckets(new Map([[articles, 7]]), secret);
    const two = sealBuckets(
      new Map([
        [articles, 3],
        [authors, 9],
      ]),
      secret,
    );
    const forged = sealBuckets(new Map([[articles, 1]]), Buffer.from('other'));
    const held = [...heldBuckets([two], secret)].sort();
    for (const values of [
      [one, two],
      [two, one],
      [two, two, one],
      [forged, two, one],
      [one, 'nonsense', two],
      [`"${one}"`, '', two],
    ])
      expect([...heldBuckets(values, secret)].sort()).toEqual(held);
    expect(heldBuckets([one, one, one, one, two], secret)).toEqual(new Map());
    expect(heldBuckets([], secret)).toEqual(new Map());
  });

  test.each(['', '.', '1.', 'abc', '1.zz.zz'])('is refused when it is %j', (value) => {
    expect(openBuckets(value, secret)).toBeNull();
  });
});
