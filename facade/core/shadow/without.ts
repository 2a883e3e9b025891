import type { Comparison, Difference } from '../compare/index.ts';

/** What of a comparison is left without the places at which one side differs from an answer of its own. */
export function without(comparison: Comparison, own: Comparison): Comparison {
  const places = new Map(own.differences.map((one) => [keyOf(one), new Set(one.places)]));
  const differences = comparison.differences.flatMap((one) => {
    const left = one.places.filter((place) => !places.get(keyOf(one))?.has(place));
    return left.length > 0 ? [shownAt(one, left)] : [];
  });
  const isLeft = differences.length + comparison.more > 0;
  return { ...comparison, outcome: isLeft ? 'mismatch' : 'match', differences };
}

/** Fewer places of a difference, with the sample of one of them where there is one. */
function shownAt(difference: Difference, places: readonly number[]): Difference {
  const more = difference.more.filter(({ place }) => places.includes(place));
  const isFirstLeft = difference.places[0] === places[0];
  return { ...difference, places, more, sample: (isFirstLeft ? null : more[0]?.sample) ?? difference.sample };
}

const keyOf = ({ kind, path }: Difference) => `${kind} ${path}`;
