import { GROWTH, type LatencyHistogram } from './latency-histogram.ts';
import { type Count, hedged, logWealthAbove, logWealthBelow } from './wealth.ts';

/** The latencies of both sides over the same time. */
export type Latencies = { readonly candidate: LatencyHistogram; readonly legacy: LatencyHistogram };

/** A p99 is the latency that this share of answers exceeds. */
const TAIL = 0.01;

/** Whether the candidate's p99 is more than `ratio` times legacy's, at level `alpha` over all looks together. */
export function isSlower({ candidate, legacy }: Latencies, ratio: number, alpha: number): boolean {
  return isAbove(candidate, legacy, Math.ceil(inBuckets(ratio)), alpha);
}

/** Whether the candidate's p99 is less than `ratio` times legacy's, at level `alpha` over all looks together. */
export function isFaster({ candidate, legacy }: Latencies, ratio: number, alpha: number): boolean {
  return isAbove(legacy, candidate, Math.ceil(-inBuckets(ratio)), alpha);
}

/**
 * Bounds of the candidate's p99 divided by legacy's, each at level `alpha` over all looks together. They stand on
 * edges of buckets, rounded outward by two at most. 0 and Infinity where the samples give no bound.
 */
export function ratioBounds({ candidate, legacy }: Latencies, alpha: number): readonly [number, number] {
  return [
    GROWTH ** largestShift(candidate, legacy, alpha),
    GROWTH ** -largestShift(legacy, candidate, alpha),
  ];
}

/** Buckets by which one p99 certainly lies above the other; -Infinity when the samples give no bound. */
function largestShift(upper: LatencyHistogram, lower: LatencyHistogram, alpha: number): number {
  if (!upper.range || !lower.range) return Number.NEGATIVE_INFINITY;
  let yes = upper.range.first - lower.range.last - 3;
  let no = upper.range.last - lower.range.first + 3;
  if (!isAbove(upper, lower, yes, alpha)) return Number.NEGATIVE_INFINITY;
  while (no - yes > 1) {
    const middle = Math.floor((yes + no) / 2);
    if (isAbove(upper, lower, middle, alpha)) yes = middle;
    else no = middle;
  }
  return yes;
}

/**
 * Whether the p99 of `upper` is above that of `lower` by more than `shift` buckets. Answers slower than a p99 are 1 %
 * of all, so each bucket in which the lower p99 may lie makes two claims about counts, which are refuted together as
 * in `exceeds`. Howard and Ramdas, "Sequential estimation of quantiles", Bernoulli 28 (2022).
 */
function isAbove(upper: LatencyHistogram, lower: LatencyHistogram, shift: number, alpha: number): boolean {
  if (!upper.range || !lower.range) return false;
  const rich = Math.log(1 / alpha);
  const [above, below] = [memo(upper, logWealthAbove), memo(lower, logWealthBelow)];
  const refuted = (bucket: number) => above(bucket + shift) + below(bucket - 1) >= rich;
  // Where the two samples have their p99 the claims are hardest to refute: begin there.
  const likely = lower.bucketOf(1 - TAIL);
  const first = Math.min(lower.range.first, upper.range.first - 1 - shift);
  const last = Math.max(lower.range.last + 1, upper.range.last - shift);
  for (let bucket = likely; bucket <= last; bucket++) if (!refuted(bucket)) return false;
  for (let bucket = likely; bucket >= first; bucket--) if (!refuted(bucket)) return false;
  return true;
}

/** Log wealth from the latencies after a bucket. Before the first and after the last one it does not change. */
function memo(histogram: LatencyHistogram, logWealth: (count: Count, share: number) => number) {
  const { first, last } = histogram.range!;
  const above = histogram.countsAbove(first - 1, last);
  const known = new Map<number, number>();
  return (bucket: number): number => {
    const hits = above[Math.min(Math.max(bucket, first - 1), last) - first + 1]!;
    const found = known.get(hits) ?? hedged(logWealth({ hits, trials: histogram.total }, TAIL));
    known.set(hits, found);
    return found;
  };
}

function inBuckets(ratio: number): number {
  return Math.log(ratio) / Math.log(GROWTH);
}
