import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LatencyHistogram } from './latency-histogram.ts';

const latencies = fc.array(fc.double({ min: 0.1, max: 3_000_000, noNaN: true }), {
  minLength: 1,
  maxLength: 60,
});

function histogramOf(list: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const ms of list) histogram.record(ms);
  return histogram;
}

const json = (histogram: LatencyHistogram) => JSON.parse(JSON.stringify(histogram)) as unknown;

describe('latency histogram', () => {
  it('gives each quantile within 1 %', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (list, quantile) => {
        const exact = [...list].sort((one, other) => one - other)[
          Math.max(0, Math.ceil(quantile * list.length) - 1)
        ]!;
        const found = histogramOf(list).quantile(quantile)!;
        expect(Math.abs(found / exact - 1)).toBeLessThanOrEqual(0.01);
      }),
    );
  });

  it('merges in any order and grouping, as if one had recorded all', () => {
    fc.assert(
      fc.property(latencies, latencies, latencies, (a, b, c) => {
        const merged = (...lists: number[][]) => {
          const sum = new LatencyHistogram();
          for (const list of lists) sum.merge(histogramOf(list));
          return json(sum);
        };
        expect(merged(a, b, c)).toEqual(json(histogramOf([...a, ...b, ...c])));
        expect(merged(c, a, b)).toEqual(merged(a, b, c));
        const pair = histogramOf(b);
        pair.merge(histogramOf(c));
        pair.merge(histogramOf(a));
        expect(json(pair)).toEqual(merged(a, b, c));
      }),
    );
  });

  it('survives JSON', () => {
    fc.assert(
      fc.property(latencies, (list) => {
        const histogram = histogramOf(list);
        expect(json(LatencyHistogram.from(histogram.toJSON()))).toEqual(json(histogram));
      }),
    );
  });

  it('stays bounded: what lies outside 0.1 ms and 1 h counts at the edge', () => {
    const histogram = histogramOf([0, 1e-9, 1e12, Number.MAX_VALUE]);
    expect(histogram.total).toBe(4);
    expect(histogram.toJSON().counts.length).toBeLessThan(900);
    expect(histogram.quantile(0)).toBeCloseTo(0.1, 2);
    expect(histogram.quantile(1)! / 3_600_000).toBeCloseTo(1, 1);
  });

  it('knows nothing without latencies', () => {
    expect(new LatencyHistogram().quantile(0.99)).toBeNull();
    expect(new LatencyHistogram().range).toBeNull();
  });
});
