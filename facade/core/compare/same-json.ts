import { readDecimal, sameDecimal } from './decimal.ts';
import { isNumber, JsonList, type JsonNumber, JsonObject, type JsonValue, numberText } from './json-value.ts';
import { pairMembers } from './pair-members.ts';

/** Equal as data, without any rule: numbers by value, members in any order. */
export function sameJson(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (isNumber(a)) return isNumber(b) && sameNumber(a, b);
  if (a instanceof JsonList) {
    if (!(b instanceof JsonList) || a.items.length !== b.items.length) return false;
    for (let index = 0; index < a.items.length; index++)
      if (!sameJson(a.items[index] as JsonValue, b.items[index] as JsonValue)) return false;
    return true;
  }
  return a instanceof JsonObject && b instanceof JsonObject && sameObject(a, b);
}

export function sameNumber(a: number | JsonNumber, b: number | JsonNumber): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  const [textA, textB] = [numberText(a), numberText(b)];
  if (textA === textB) return true;
  const first = readDecimal(textA);
  const second = readDecimal(textB);
  return first !== null && second !== null && sameDecimal(first, second);
}

function sameObject(a: JsonObject, b: JsonObject): boolean {
  if (a.names.length !== b.names.length) return false;
  let index = 0;
  for (; index < a.names.length && a.names[index] === b.names[index]; index++)
    if (!sameJson(a.values[index] as JsonValue, b.values[index] as JsonValue)) return false;
  if (index === a.names.length) return true;
  const partner = pairMembers(a, b);
  for (; index < a.names.length; index++) {
    const other = partner[index] as number;
    if (other === -1 || !sameJson(a.values[index] as JsonValue, b.values[other] as JsonValue)) return false;
  }
  return true;
}
