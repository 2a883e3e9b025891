/** Each bucket ends this much above the one before, so that a latency read from it is within 1 % of the true one. */
export const GROWTH = 1.02;
/** 0.1 ms and 1 h: what lies outside counts as lying at the edge, so the number of buckets is bounded (880). */
const LOWEST = edge(0.1);
const HIGHEST = edge(3_600_000);

export type HistogramJson = { readonly first: number; readonly counts: readonly number[] };

/**
 * Latencies counted in buckets of constant relative width, as in DDSketch (Masson, Rim and Lee, VLDB 12, 2019): any
 * two merge without loss, in any order. Bucket `i` holds latencies in (GROWTH^(i-1), GROWTH^i] milliseconds.
 */
export class LatencyHistogram {
  /** Index of the bucket that `#counts` begins with. */
  #first = 0;
  #counts: number[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Indices from the first bucket that is not empty to the last; null without latencies. */
  get range(): { readonly first: number; readonly last: number } | null {
    return this.#total === 0 ? null : { first: this.#first, last: this.#first + this.#counts.length - 1 };
  }

  record(ms: number, times = 1): void {
    if (times > 0) this.#add(Math.min(HIGHEST, Math.max(LOWEST, edge(ms))), times);
  }

  merge(other: LatencyHistogram): void {
    for (const [at, count] of other.#counts.entries()) if (count > 0) this.#add(other.#first + at, count);
  }

  /** How many latencies lie after each bucket from `first` to `last`, which holds all of them. */
  countsAbove(first: number, last: number): number[] {
    const above: number[] = [];
    let sum = 0;
    for (let index = last; index >= first; index--) {
      above.push(sum);
      sum += this.#counts[index - this.#first] ?? 0;
    }
    return above.reverse();
  }

  /** Index of the bucket below which, itself included, a share `quantile` of all latencies lies. */
  bucketOf(quantile: number): number {
    let left = Math.max(1, Math.ceil(quantile * this.#total));
    const at = this.#counts.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return this.#first + at;
  }

  /** The latency that a share `quantile` of all does not exceed, in milliseconds; null without latencies. */
  quantile(quantile: number): number | null {
    return this.#total === 0 ? null : (2 * GROWTH ** this.bucketOf(quantile)) / (GROWTH + 1);
  }

  /** As if `more` further latencies had come that are spread as these are; counts are then no whole numbers. */
  grown(more: number): LatencyHistogram {
    const factor = this.#total === 0 ? 1 : 1 + more / this.#total;
    return LatencyHistogram.from({ first: this.#first, counts: this.#counts.map((count) => count * factor) });
  }

  toJSON(): HistogramJson {
    return { first: this.#first, counts: [...this.#counts] };
  }

  static from({ first, counts }: HistogramJson): LatencyHistogram {
    const histogram = new LatencyHistogram();
    for (const [at, count] of counts.entries()) if (count > 0) histogram.#add(first + at, count);
    return histogram;
  }

  #add(index: number, count: number): void {
    if (this.#total === 0) [this.#first, this.#counts] = [index, []];
    for (; index < this.#first; this.#first--) this.#counts.unshift(0);
    while (index >= this.#first + this.#counts.length) this.#counts.push(0);
    this.#counts[index - this.#first]! += count;
    this.#total += count;
  }
}

function edge(ms: number): number {
  return Math.ceil(Math.log(ms) / Math.log(GROWTH));
}
