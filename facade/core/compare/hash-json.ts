import { readDecimal } from './decimal.ts';
import { convertible } from './equivalence.ts';
import {
  isContainer,
  isNumber,
  type JsonList,
  type JsonNumber,
  JsonObject,
  type JsonValue,
} from './json-value.ts';
import type { Place } from './rules.ts';

// Two 32-bit lanes make a hash of 53 bits, which a double holds: lists of thousands of entries meet no collision.
const { imul, floor } = Math;
const LANE_A = 0x9e3779b1;
const LANE_B = 0x85ebca77;
const HIGH = 2 ** 32;

/**
 * A hash of a value under the rules: values that the rules call equal have equal hashes. Ignored values and numbers
 * with a tolerance all hash alike, entries of unordered lists count in any order. The inverse does not hold, so a hash
 * only says what to pair, never what is equal. Memoised in the value: its place is always the same.
 */
export function hashJson(value: JsonValue, place: Place): number {
  if (place.ignore) return 1;
  if (!isContainer(value)) return hashScalar(value, place);
  if (value.hash === 0)
    value.hash = value instanceof JsonObject ? hashObject(value, place) : hashList(value, place);
  return value.hash;
}

function hashScalar(value: string | number | boolean | null | JsonNumber, place: Place): number {
  if (place.equivalent)
    return mix(hashText(convertible(value, place.equivalent.as, place.tolerance !== null)), 6);
  if (typeof value === 'string') return hashText(value);
  if (isNumber(value)) return place.tolerance ? 2 : hashNumber(value);
  return value === null ? 3 : value ? 4 : 5;
}

/** By value: a whole number that a `number` holds exactly is hashed as that, however it is written. */
function hashNumber(value: number | JsonNumber): number {
  if (typeof value === 'number') return mix(join(value | 0, floor(value / HIGH)), 8);
  const decimal = readDecimal(value.text);
  if (decimal === null || decimal.exponent === null) return hashText(value.text);
  const { digits, exponent, negative } = decimal;
  if (exponent >= 0 && digits.length + exponent <= 15)
    return hashNumber(Number(`${negative ? '-' : ''}${digits || '0'}e${exponent}`));
  return mix(hashText(digits), join(exponent, negative ? 1 : 0));
}

function hashObject({ names, values }: JsonObject, place: Place): number {
  let sum = 7;
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    const below = place.member(name);
    if (!below.ignore) sum = add(sum, mix(hashText(name), hashJson(values[index] as JsonValue, below)));
  }
  return finish(sum);
}

function hashList({ items }: JsonList, place: Place): number {
  const below = place.item();
  let all = place.unordered ? 11 : 13;
  for (const item of items) {
    const hash = hashJson(item, below);
    all = place.unordered ? add(all, mix(hash, 17)) : mix(all, hash);
  }
  return finish(all);
}

function hashText(text: string): number {
  let a = text.length;
  let b = ~text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = imul(a ^ code, LANE_A);
    b = imul(b ^ code, LANE_B);
    a ^= a >>> 15;
  }
  return join(a, b ^ (b >>> 13));
}

function mix(first: number, second: number): number {
  const a = imul((first | 0) ^ imul(second | 0, LANE_A), LANE_B);
  const b = imul(high(first) ^ imul(high(second), LANE_B) ^ (second | 0), LANE_A);
  return join(a ^ (a >>> 16), b ^ (b >>> 15));
}

function add(first: number, second: number): number {
  return join((first | 0) + (second | 0), high(first) + high(second));
}

/** Never 0: that means "not known" in the memo. */
function finish(hash: number): number {
  return hash === 0 ? 1 : hash;
}

function high(hash: number): number {
  return floor(hash / HIGH) | 0;
}

function join(low: number, upper: number): number {
  return (upper & 0x1fffff) * HIGH + (low >>> 0);
}
