import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RateLimiter } from './rate-limiter.ts';

const taken = (limiter: RateLimiter, times: number, now: number, rate = 10, key = 'a') =>
  Array.from({ length: times }, () => limiter.take(key, rate, now)).filter((wait) => wait === 0).length;

describe('a rate limiter', () => {
  test('lets the allowance of a second through at once, and then one in each step', () => {
    const limiter = new RateLimiter();
    expect(taken(limiter, 20, 5_000)).toBe(10);
    expect(limiter.take('a', 10, 5_000)).toBeCloseTo(100);
    expect(limiter.take('a', 10, 5_099)).toBeCloseTo(1);
    expect(taken(limiter, 5, 5_100)).toBe(1);
    expect(taken(limiter, 20, 7_000)).toBe(10);
  });

  test('knows rates below one a second', () => {
    const limiter = new RateLimiter();
    expect(taken(limiter, 5, 1_000, 0.5)).toBe(1);
    expect(taken(limiter, 5, 2_999, 0.5)).toBe(0);
    expect(taken(limiter, 5, 3_000, 0.5)).toBe(1);
  });

  test('never lets more through than the rate and one second of allowance, for any times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(300), { maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (waits, rate) => {
          const limiter = new RateLimiter();
          let now = 0;
          let through = 0;
          for (const wait of waits) {
            now += wait;
            if (limiter.take('a', rate, now) === 0) through++;
          }
          expect(through).toBeLessThanOrEqual(rate + (now * rate) / 1000 + 1);
        },
      ),
    );
  });

  test('keeps keys apart, and no more of them than it may', () => {
    const limiter = new RateLimiter(100);
    for (let i = 0; i < 10_000; i++) expect(limiter.take(`key ${i}`, 1, 0)).toBe(0);
    expect(limiter.size).toBeLessThanOrEqual(200);
    // The last ones and those of the generation before.
    expect(limiter.take('key 9999', 1, 0)).toBeGreaterThan(0);
    expect(limiter.take('key 9850', 1, 0)).toBeGreaterThan(0);
  });

  test('holds a limit together with another one that it tells of what it let in', () => {
    const [one, other] = [new RateLimiter(), new RateLimiter()];
    const tell = (now: number) => {
      for (const [key, requests] of one.untold()) other.add(key, requests, 10, now);
    };
    tell(0);
    expect(taken(one, 10, 1_000)).toBe(10);
    tell(1_000);
    expect(one.untold()).toEqual([]);
    expect(taken(other, 20, 1_000)).toBe(0);
    expect(taken(other, 20, 1_500)).toBe(5);
    expect(taken(other, 20, 1_500, 10, 'b')).toBe(10);
  });
});
