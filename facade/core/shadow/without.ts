import type { Comparison, Difference } from '../compare/index.ts';

/**
 * What of a comparison is left without the places that have changed; null where more has changed than is known. What was
 * there before and is not, or the other way round, must lie on the same sides in both. A value that has changed into
 * another one excuses another value alone: who answers null there has not come from either of them.
 */
export function without(comparison: Comparison, changed: Comparison): Comparison | null {
  if (changed.more > 0) return null;
  const excused = new Set<string>();
  for (const { kind, path, places } of changed.differences)
    for (const place of places)
      excused.add(placeOf(path, place, kind === 'value' || kind === 'order' ? kind : ANY));
  return leaving(
    comparison,
    ({ kind, path }, place) =>
      !excused.has(placeOf(path, place, ANY)) && !excused.has(placeOf(path, place, kind)),
  );
}

/**
 * What of a comparison differs in an earlier one as well. Entries of a list come and go: one that one side has alone must
 * be the same entry in both. What is wrong in an entry may be so in another one the next time.
 */
export function alsoIn(earlier: Comparison, comparison: Comparison): Comparison {
  const known = new Set(
    earlier.differences.flatMap((one) => one.places.map((place) => alikePlaceOf(one, place))),
  );
  return leaving(comparison, (one, place) => known.has(alikePlaceOf(one, place)));
}

const alikePlaceOf = ({ kind, path }: Difference, place: number) =>
  (kind === 'missing' || kind === 'extra') && path.endsWith('[*]')
    ? placeOf(path, place, kind)
    : placeOf(path, 0, kind);

function leaving(
  comparison: Comparison,
  isLeft: (difference: Difference, place: number) => boolean,
): Comparison {
  const differences = comparison.differences.flatMap((one) => {
    const left = one.places.filter((place) => isLeft(one, place));
    return left.length > 0 ? [shownAt(one, left)] : [];
  });
  const outcome = differences.length + comparison.more > 0 ? 'mismatch' : 'match';
  return { ...comparison, outcome, differences };
}

const ANY = '*';
const placeOf = (path: string, place: number, kind: string) => `${kind} ${place} ${path}`;

/** Fewer places of a difference, with the sample of one of them where there is one. */
function shownAt(difference: Difference, places: readonly number[]): Difference {
  const more = difference.more.filter(({ place }) => places.includes(place));
  const isFirstLeft = difference.places[0] === places[0];
  return { ...difference, places, more, sample: (isFirstLeft ? null : more[0]?.sample) ?? difference.sample };
}
