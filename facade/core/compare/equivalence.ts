import { canonicalDecimal, readDecimal } from './decimal.ts';
import { readInstant } from './instant.ts';
import { isNumber, type JsonValue, numberText } from './json-value.ts';
import type { Equivalence } from './rules.ts';

const YES = new Set(['true', '1', 'yes', 'y', 'on']);
const NO = new Set(['false', '0', 'no', 'n', 'off']);
/** Seconds since 1970 stay under it until the year 5138; milliseconds have been over it since 1973. */
const FIRST_MILLISECONDS = 1e11;

/**
 * Both values say the same once converted: `string` a number or boolean and the text it is written as (or the
 * canonical form of the number) · `number` a number and text that holds it · `boolean` true/false, 1/0, and the words
 * true, yes, y, on / false, no, n, off in any case · `date` texts and epoch numbers (seconds or milliseconds) of one
 * moment. Null, lists and objects are never converted.
 */
export function equivalent(a: JsonValue, b: JsonValue, as: Equivalence): boolean {
  if (as === 'string') return textsOf(a).some((text) => textsOf(b).includes(text));
  const first = convert(a, as);
  return first !== null && first === convert(b, as);
}

function textsOf(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'boolean') return [String(value)];
  return isNumber(value) ? [numberText(value), plainDecimal(numberText(value))] : [];
}

function plainDecimal(text: string): string {
  const value = readDecimal(text);
  if (value === null || value.exponent === null || Math.abs(value.exponent) > 40) return text;
  const { digits, exponent, negative } = value;
  const padded = exponent >= 0 ? digits + '0'.repeat(exponent) : digits.padStart(1 - exponent, '0');
  const plain = exponent >= 0 ? padded || '0' : `${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
  return negative ? `-${plain}` : plain;
}

function convert(value: JsonValue, as: Exclude<Equivalence, 'string'>): string | null {
  const text = isNumber(value) ? numberText(value) : typeof value === 'boolean' ? String(value) : value;
  if (typeof text !== 'string') return null;
  if (as === 'number') return typeof value !== 'boolean' && readDecimal(text) ? canonicalDecimal(text) : null;
  if (as === 'date') return momentOf(value, text);
  const word = text.toLowerCase();
  return YES.has(word) ? 'true' : NO.has(word) ? 'false' : null;
}

function momentOf(value: JsonValue, text: string): string | null {
  if (typeof value === 'string') return readInstant(text)?.ms.toString() ?? null;
  if (!isNumber(value)) return null;
  const number = Number(text);
  return Number.isFinite(number)
    ? String(Math.abs(number) < FIRST_MILLISECONDS ? number * 1000 : number)
    : null;
}

/** A key that equivalent values share, for hashing; coarser than `equivalent`. */
export function convertible(value: JsonValue, as: Equivalence, withTolerance: boolean): string {
  if (as === 'number' && withTolerance && convert(value, 'number') !== null) return 'any number';
  if (as !== 'string') {
    const converted = convert(value, as);
    if (converted !== null) return converted;
  }
  if (isNumber(value)) return canonicalDecimal(numberText(value));
  return typeof value === 'string' ? canonicalDecimal(value) : String(value);
}
