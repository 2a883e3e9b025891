import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LatencyHistogram } from './latency-histogram.ts';
import { isFaster, isSlower, ratioBounds } from './slowness.ts';

const ALPHA = 0.05;

function histogramOf(list: readonly number[], times = 100): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const ms of list) histogram.record(ms, times);
  return histogram;
}

const latencies = fc.array(fc.double({ min: 1, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 30 });
const pairs = fc.record({ candidate: latencies, legacy: latencies });
const read = ({ candidate, legacy }: { candidate: number[]; legacy: number[] }) => ({
  candidate: histogramOf(candidate),
  legacy: histogramOf(legacy),
});

describe('the ratio of two p99', () => {
  it('lies within its bounds as it was observed, but for two buckets', () => {
    fc.assert(
      fc.property(pairs, (pair) => {
        const { candidate, legacy } = read(pair);
        const [low, high] = ratioBounds({ candidate, legacy }, ALPHA);
        const observed = candidate.quantile(0.99)! / legacy.quantile(0.99)!;
        expect(low).toBeLessThanOrEqual(observed * 1.0001);
        expect(high).toBeGreaterThanOrEqual(observed * 0.9999);
      }),
    );
  });

  it('is over or under a threshold exactly when its bounds are', () => {
    fc.assert(
      fc.property(pairs, fc.double({ min: 0.5, max: 3, noNaN: true }), (pair, ratio) => {
        const both = read(pair);
        const [low, high] = ratioBounds(both, ALPHA);
        fc.pre(Math.abs(low / ratio - 1) > 1e-9 && Math.abs(high / ratio - 1) > 1e-9);
        expect(isSlower(both, ratio, ALPHA)).toBe(low > ratio);
        expect(isFaster(both, ratio, ALPHA)).toBe(high < ratio);
      }),
    );
  });

  it('stays over it when an answer of the candidate takes longer', () => {
    fc.assert(
      fc.property(pairs, fc.double({ min: 1, max: 10, noNaN: true }), (pair, factor) => {
        const low = ratioBounds(read(pair), ALPHA)[0];
        const slower = pair.candidate.map((ms, at) => (at === 0 ? ms * factor : ms));
        expect(ratioBounds(read({ ...pair, candidate: slower }), ALPHA)[0]).toBeGreaterThanOrEqual(low);
      }),
    );
  });

  it('has no bound without latencies on a side', () => {
    const some = histogramOf([1, 2, 3]);
    expect(ratioBounds({ candidate: some, legacy: new LatencyHistogram() }, ALPHA)).toEqual([
      0,
      Number.POSITIVE_INFINITY,
    ]);
    expect(ratioBounds({ candidate: new LatencyHistogram(), legacy: some }, ALPHA)).toEqual([
      0,
      Number.POSITIVE_INFINITY,
    ]);
  });
});
