import { ALPHA, type Measure } from './measure.ts';
import { rounded } from './number-words.ts';
import { isFaster, isSlower, type Latencies, ratioBounds } from './slowness.ts';

/** The candidate's p99 divided by legacy's. */
export function p99(maxRatio: number): Measure<Latencies> {
  return {
    name: 'p99',
    threshold: maxRatio,
    of: ({ latency }) => latency,
    size: ({ candidate, legacy }) => Math.min(candidate.total, legacy.total),
    value: ({ candidate, legacy }) => {
      const [ours, theirs] = [candidate.quantile(0.99), legacy.quantile(0.99)];
      return ours === null || theirs === null ? null : ours / theirs;
    },
    passes: (latencies) => isFaster(latencies, maxRatio, ALPHA),
    breaches: (latencies, alpha) => isSlower(latencies, maxRatio, alpha),
    interval: (latencies, alpha) => {
      const [low, high] = [ratioBounds(latencies, alpha)[0], ratioBounds(latencies, ALPHA)[1]];
      return [low, Number.isFinite(high) ? high : null];
    },
    grown: ({ candidate, legacy }, more) => ({
      candidate: candidate.grown(more),
      legacy: legacy.grown(more),
    }),
    words: ({ candidate, legacy }) =>
      `the p99 is ${milliseconds(candidate.quantile(0.99))} at the candidate and ${milliseconds(legacy.quantile(0.99))} at legacy`,
    figure: (ratio) => `${rounded(ratio)} times`,
  };
}

function milliseconds(ms: number | null): string {
  return ms === null ? 'unknown' : `${rounded(ms)} ms`;
}
