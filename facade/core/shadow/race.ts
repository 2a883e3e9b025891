import type { Comparison, Difference } from '../compare/index.ts';

/**
 * What two second asks of one request found, as if it were one: a place that differed in either of them. Each side may
 * have changed while they were made.
 */
export function united(one: Comparison, other: Comparison): Comparison {
  const differences = new Map(one.differences.map((difference) => [keyOf(difference), difference]));
  for (const difference of other.differences) {
    const known = differences.get(keyOf(difference));
    const places = known ? [...new Set([...known.places, ...difference.places])] : difference.places;
    differences.set(keyOf(difference), { ...(known ?? difference), places });
  }
  return { ...one, differences: [...differences.values()], more: one.more + other.more };
}

const keyOf = ({ kind, path }: Difference) => `${kind} ${path}`;
