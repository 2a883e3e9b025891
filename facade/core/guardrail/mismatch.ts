import { ALPHA, type Measure } from './measure.ts';
import { grouped, inPercent } from './number-words.ts';
import { isAbove, isBelow, lowerBound, upperBound } from './proportion.ts';
import type { Count } from './wealth.ts';

/** The share of comparisons that differ. With a threshold of 0 no sample is large enough to prove it: none may differ. */
export function mismatch(maxRatio: number): Measure<Count> {
  return {
    name: 'mismatch',
    threshold: maxRatio,
    of: ({ compared }) => ({ ...compared }),
    size: ({ trials }) => trials,
    value: ({ hits, trials }) => (trials === 0 ? null : hits / trials),
    passes: (count) => (maxRatio === 0 ? count.hits === 0 : isBelow(count, maxRatio, ALPHA)),
    breaches: (count, alpha) => (maxRatio === 0 ? count.hits > 0 : isAbove(count, maxRatio, alpha)),
    interval: (count, alpha) => [lowerBound(count, alpha), upperBound(count, ALPHA)],
    grown: ({ hits, trials }, more) => ({ hits, trials: trials + more }),
    words: ({ hits, trials }) => `${grouped(hits)} of ${grouped(trials)} compared answers differ`,
    figure: inPercent,
  };
}
