import type { Partners } from './align.ts';
import { isNumber, JsonList, JsonObject, type JsonValue, numberText } from './json-value.ts';
import type { Place } from './rules.ts';

/** Numbers of one entry that are looked at. */
const MAX_NUMBERS = 8;

/**
 * Pairs anew what hashes alike in an unordered list whose entries hold numbers with a tolerance: in the order of
 * these numbers. For one number an entry that finds a pairing within the tolerance wherever there is one.
 */
export function sortByTolerant(
  a: readonly JsonValue[],
  b: readonly JsonValue[],
  place: Place,
  keysA: readonly number[],
  partner: Partners,
): Partners {
  const groups = new Map<number, number[]>();
  for (const [i, j] of partner.entries()) {
    if (j === -1) continue;
    const key = keysA[i] as number;
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  }
  const sorted = partner.slice();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const ofA = inOrder(group, a, place);
    const ofB = inOrder(
      group.map((i) => partner[i] as number),
      b,
      place,
    );
    for (const [n, i] of ofA.entries()) sorted[i] = ofB[n] as number;
  }
  return sorted;
}

function inOrder(positions: readonly number[], items: readonly JsonValue[], place: Place): number[] {
  return positions
    .map((position) => ({ position, numbers: tolerantNumbers(items[position] as JsonValue, place, []) }))
    .sort(
      (first, second) => compareNumbers(first.numbers, second.numbers) || first.position - second.position,
    )
    .map(({ position }) => position);
}

function tolerantNumbers(value: JsonValue, place: Place, found: number[]): number[] {
  if (found.length >= MAX_NUMBERS || place.ignore) return found;
  if (value instanceof JsonObject) {
    // Members may stand in another order on the other side.
    const members = value.names.map((name, index) => ({ name, index }));
    for (const { name, index } of members.sort((first, second) => (first.name < second.name ? -1 : 1)))
      tolerantNumbers(value.values[index] as JsonValue, place.member(name), found);
  } else if (value instanceof JsonList) {
    for (const item of value.items) tolerantNumbers(item, place.item(), found);
  } else if (place.tolerance) found.push(Number(isNumber(value) ? numberText(value) : value) || 0);
  return found;
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return a.length - b.length;
}
