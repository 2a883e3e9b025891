import { exceeds, lowerIncrease, type Pair, upperIncrease } from './difference.ts';
import type { Measure } from './measure.ts';
import { grouped, rounded } from './number-words.ts';
import type { Count } from './wealth.ts';

/** The normal quantile of 1 - ALPHA. */
const Z = 1.6448536269514722;

const share = ({ hits, trials }: Count) => (trials === 0 ? null : hits / trials);

function increase({ candidate, legacy }: Pair): number | null {
  const [ours, theirs] = [share(candidate), share(legacy)];
  return ours === null || theirs === null ? null : ours - theirs;
}

/**
 * The candidate's share of errors minus legacy's. A pass holds for one look: a bound for all looks would take five
 * times the samples. With a threshold of 0 no sample is large enough to prove it: the candidate may not have more.
 */
export function errors(maxIncreaseRatio: number): Measure<Pair> {
  return {
    name: 'errors',
    threshold: maxIncreaseRatio,
    of: ({ answered }) => ({ candidate: { ...answered.candidate }, legacy: { ...answered.legacy } }),
    size: ({ candidate, legacy }) => Math.min(candidate.trials, legacy.trials),
    value: increase,
    passes: (pair) =>
      maxIncreaseRatio === 0 ? (increase(pair) ?? 1) <= 0 : upperIncrease(pair, Z) < maxIncreaseRatio,
    breaches: (pair, alpha) => exceeds(pair, maxIncreaseRatio, alpha),
    interval: (pair, alpha) => [lowerIncrease(pair, alpha), upperIncrease(pair, Z)],
    grown: ({ candidate, legacy }, more) => ({
      candidate: scaled(candidate, more),
      legacy: scaled(legacy, more),
    }),
    words: ({ candidate, legacy }) =>
      `the candidate failed ${grouped(candidate.hits)} of ${grouped(candidate.trials)} requests, legacy ${grouped(legacy.hits)} of ${grouped(legacy.trials)}`,
    figure: (ratio) => `${rounded(ratio * 100)} points`,
  };
}

function scaled({ hits, trials }: Count, more: number): Count {
  return trials === 0 ? { hits, trials } : { hits: (hits * (trials + more)) / trials, trials: trials + more };
}
