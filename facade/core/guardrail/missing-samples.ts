import type { Measure } from './measure.ts';

/** What a pass still takes. */
export type Missing = {
  /** Further samples, on each side where there are two, that go as they should. */
  readonly samples: number;
  /** How long they take at the rate of the last window; null when none came. */
  readonly ms: number | null;
};

/** More than this nobody waits for. */
const MOST = 1e9;

/**
 * The further samples that a pass needs: of comparisons, such that do not differ; of errors and latencies, such as
 * came so far. Null when that would not help: what was measured is over the threshold, or nothing was.
 */
export function missingSamples<Sample>(
  measure: Measure<Sample>,
  sample: Sample,
  samplesPerMs: number,
  minimum: number,
): Missing | null {
  const suffices = (more: number) => {
    const grown = measure.grown(sample, more);
    return measure.size(grown) >= minimum && measure.passes(grown);
  };
  // What holds takes one at least: also where there were enough, and none came of late.
  let [no, yes] = [0, 1];
  for (let step = 1; !suffices(yes); step *= 2) {
    [no, yes] = [yes, yes + step];
    if (yes > MOST) return null;
  }
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2);
    if (suffices(middle)) yes = middle;
    else no = middle;
  }
  return { samples: yes, ms: samplesPerMs > 0 ? Math.ceil(yes / samplesPerMs) : null };
}
