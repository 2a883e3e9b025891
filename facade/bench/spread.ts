/** What several rounds gave. */
export type Spread = { readonly median: number; readonly least: number; readonly most: number };

export function spread(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function formatSpread({ median: middle, least, most }: Spread, digits: number): string {
  return `${middle.toFixed(digits)} [${least.toFixed(digits)} to ${most.toFixed(digits)}]`;
}

/**
 * Where the median of what was drawn from lies, with 95 % confidence, whatever its distribution: two order statistics
 * (binomial, p = 1/2). With fewer than six values nothing can be said, and it is everything.
 */
export function medianInterval(values: readonly number[]): { readonly low: number; readonly high: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  let outside = 0;
  let ways = 1;
  let cut = 0;
  for (let k = 0; k < n; k++) {
    outside += ways / 2 ** n;
    if (outside > 0.025) break;
    cut = k + 1;
    ways = (ways * (n - k)) / (k + 1);
  }
  if (cut === 0) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return { low: sorted[cut - 1] as number, high: sorted[n - cut] as number };
}
