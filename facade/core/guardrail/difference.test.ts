import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exceeds, lowerIncrease, upperIncrease } from './difference.ts';

const count = fc
  .tuple(fc.integer({ min: 1, max: 20_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([trials, share]) => ({ hits: Math.floor(trials * share ** 4), trials }));
const pairs = fc.record({ candidate: count, legacy: count });
const increases = fc.double({ min: 0, max: 0.2, noNaN: true });
const ALPHA = 0.025;
const Z = 1.645;

describe('the increase of one share over another', () => {
  it('lies within its bounds as it was observed', () => {
    fc.assert(
      fc.property(pairs, (pair) => {
        const { candidate, legacy } = pair;
        const observed = candidate.hits / candidate.trials - legacy.hits / legacy.trials;
        expect(lowerIncrease(pair, ALPHA)).toBeLessThanOrEqual(observed + 1e-9);
        expect(upperIncrease(pair, Z)).toBeGreaterThanOrEqual(observed - 1e-9);
      }),
    );
  });

  it('is over a threshold exactly when its lower bound is', () => {
    fc.assert(
      fc.property(pairs, increases, (pair, increase) => {
        const low = lowerIncrease(pair, ALPHA);
        fc.pre(Math.abs(low - increase) > 1e-6);
        expect(exceeds(pair, increase, ALPHA)).toBe(low > increase);
      }),
    );
  });

  it('stays over it when the candidate fails once more, or legacy once less', () => {
    fc.assert(
      fc.property(pairs, increases, (pair, increase) => {
        fc.pre(exceeds(pair, increase, ALPHA));
        const { candidate, legacy } = pair;
        const failed = { hits: candidate.hits + 1, trials: candidate.trials + 1 };
        const worse = { hits: Math.min(candidate.hits + 1, candidate.trials), trials: candidate.trials };
        const better = { hits: Math.max(legacy.hits - 1, 0), trials: legacy.trials };
        expect(exceeds({ candidate: failed, legacy }, increase, ALPHA)).toBe(true);
        expect(exceeds({ candidate: worse, legacy }, increase, ALPHA)).toBe(true);
        expect(exceeds({ candidate, legacy: better }, increase, ALPHA)).toBe(true);
      }),
    );
  });

  it('has an upper bound that no further failure of the candidate lowers', () => {
    fc.assert(
      fc.property(pairs, ({ candidate, legacy }) => {
        const worse = { hits: Math.min(candidate.hits + 1, candidate.trials), trials: candidate.trials };
        expect(upperIncrease({ candidate: worse, legacy }, Z)).toBeGreaterThanOrEqual(
          upperIncrease({ candidate, legacy }, Z) - 1e-12,
        );
      }),
    );
  });

  it('is unknown without samples on a side', () => {
    const none = { hits: 0, trials: 0 };
    const some = { hits: 10, trials: 10 };
    expect(lowerIncrease({ candidate: some, legacy: none }, ALPHA)).toBeLessThan(0);
    expect(upperIncrease({ candidate: none, legacy: some }, Z)).toBe(1);
  });
});
