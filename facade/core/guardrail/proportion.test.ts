import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { binomial, seeded } from '../../test-kit/random.ts';
import { isAbove, isBelow, lowerBound, upperBound } from './proportion.ts';

const ALPHA = 0.05;
const RUNS = Number(process.env.FIG_SIMULATED_RUNS ?? 2_000);
const counts = fc
  .tuple(fc.nat(20_000), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([trials, share]) => ({ hits: Math.round(trials * share), trials }));

describe('bounds of a share', () => {
  it('needs 3,861 trials without a hit to be sure of less than 0.1 %', () => {
    expect(upperBound({ hits: 0, trials: 3_860 }, ALPHA)).toBeGreaterThan(0.001);
    expect(upperBound({ hits: 0, trials: 3_861 }, ALPHA)).toBeLessThan(0.001);
  });

  it('say nothing without trials', () => {
    expect(lowerBound({ hits: 0, trials: 0 }, ALPHA)).toBe(0);
    expect(upperBound({ hits: 0, trials: 0 }, ALPHA)).toBe(1);
  });

  it('enclose the observed share', () => {
    fc.assert(
      fc.property(
        counts.filter(({ trials }) => trials > 0),
        (count) => {
          const share = count.hits / count.trials;
          expect(lowerBound(count, ALPHA)).toBeLessThanOrEqual(share);
          expect(upperBound(count, ALPHA)).toBeGreaterThanOrEqual(share);
        },
      ),
    );
  });

  it('rise with each hit and fall with each trial that is none', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 100 }), (count, more) => {
        const hit = { hits: count.hits + more, trials: count.trials + more };
        const miss = { hits: count.hits, trials: count.trials + more };
        const slack = 1e-12;
        for (const bound of [lowerBound, upperBound]) {
          expect(bound(hit, ALPHA)).toBeGreaterThanOrEqual(bound(count, ALPHA) - slack);
          expect(bound(miss, ALPHA)).toBeLessThanOrEqual(bound(count, ALPHA) + slack);
        }
      }),
    );
  });

  it.each([0.0005, 0.001, 0.02, 0.1])(
    'hold at all of 100 looks in 95 %% of runs, each, when the share is %d',
    (share) => {
      const random = seeded(1);
      let [above, below] = [0, 0];
      for (let run = 0; run < RUNS; run++) {
        let hits = 0;
        let [tooHigh, tooLow] = [false, false];
        for (let look = 1; look <= 100; look++) {
          hits += binomial(random, 200, share);
          const count = { hits, trials: 200 * look };
          tooHigh ||= isAbove(count, share, ALPHA);
          tooLow ||= isBelow(count, share, ALPHA);
        }
        if (tooHigh) above++;
        if (tooLow) below++;
      }
      expect(above / RUNS).toBeLessThan(0.05);
      expect(below / RUNS).toBeLessThan(0.05);
    },
  );
});
