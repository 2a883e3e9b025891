import { ALPHA, type Measure } from './measure.ts';
import { grouped, inPercent } from './number-words.ts';
import { isAbove, isBelow, lowerBound, upperBound } from './proportion.ts';
import type { Count } from './wealth.ts';

/**
 * Comparisons; `doubtful` ones differ, and it is not known yet whether by noise or by what was on its way. `uncompared`: pairs of answers beside them
 * that nobody could compare.
 */
export type Compared = Count & { readonly doubtful: number; readonly uncompared: number };

/** With more than this share uncompared, the rest does not stand for all. */
const MOST_UNCOMPARED = 0.1;

/**
 * The share of comparisons that differ. With a threshold of 0 no sample is large enough to prove it: none may differ.
 * What is doubtful speaks against a pass, and never for a breach; so does what was not compared, where it is much.
 */
export function mismatch(maxRatio: number): Measure<Compared> {
  return {
    name: 'mismatch',
    threshold: maxRatio,
    of: ({ compared }) => ({ ...compared }),
    size: ({ trials }) => trials,
    value: ({ hits, trials }) => (trials === 0 ? null : hits / trials),
    passes: (count) =>
      maxRatio === 0 ? atWorst(count).hits === 0 : isBelow(atWorst(count), maxRatio, ALPHA),
    breaches: (count, alpha) => (maxRatio === 0 ? count.hits > 0 : isAbove(count, maxRatio, alpha)),
    interval: (count, alpha) => [lowerBound(count, alpha), upperBound(atWorst(count), ALPHA)],
    grown: ({ trials, ...count }, more) => ({ ...count, trials: trials + more }),
    words: ({ hits, trials, doubtful, uncompared }) =>
      [
        `${grouped(hits)} of ${grouped(trials)} compared answers differ`,
        ...(doubtful === 0
          ? []
          : [
              `${grouped(doubtful)} more differ where it is not known yet whether by a fault, by noise or by data on their way`,
            ]),
        ...(uncompared === 0 ? [] : [`${grouped(uncompared)} could not be compared`]),
      ].join(', and '),
    figure: inPercent,
  };
}

function atWorst({ hits, trials, doubtful, uncompared }: Compared): Count {
  const all = trials + uncompared;
  return uncompared > MOST_UNCOMPARED * all
    ? { hits: hits + doubtful + uncompared, trials: all }
    : { hits: hits + doubtful, trials };
}
