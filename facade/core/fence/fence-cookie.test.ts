import { describe, expect, test } from '@jest/globals';
import { routeMark, sealBuckets } from '../cohort-cookie.ts';
import { openFences, sealFences, setMark } from './fence-cookie.ts';

const secret = Buffer.from('secret');
const fences = new Map([
  [setMark('articles'), { atMs: 1_795_880_000_123, position: '9007199254740993' }],
  [setMark('authors'), { atMs: 1_795_880_000_456, position: null }],
]);

describe('the fence cookie', () => {
  test('gives back the fences that were sealed in it', () => {
    expect(openFences(sealFences(fences, secret), secret)).toEqual(fences);
  });

  test('is refused when one character of it was changed, or another secret signed it', () => {
    const value = sealFences(fences, secret);
    for (let i = 0; i < value.length - 1; i++) {
      const changed = value.slice(0, i) + (value[i] === '0' ? '1' : '0') + value.slice(i + 1);
      expect(openFences(changed, secret)).toBeNull();
    }
    expect(openFences(value, Buffer.from('other'))).toBeNull();
  });

  test('is not another value that the same secret signed', () => {
    expect(openFences(sealBuckets(new Map([[routeMark('articles'), 7]]), secret), secret)).toBeNull();
  });

  test.each(['', '.', 'fence1.', 'fence1.x.y', 'abc'])('is refused when it is %j', (value) => {
    expect(openFences(value, secret)).toBeNull();
  });
});
