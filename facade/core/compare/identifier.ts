export type IdentifierKind = 'id' | 'date';

const DIGITS = /^\d+$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ULID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/i;
const HEX = /^[0-9a-f]{8,}$/i;
const DATE = /^\d{4}-\d\d(?:-\d\d)?$/;
const TOKEN = /^[\w~-]{16,}$/;
/** Three parts of a JWT, or what is as long without a space: nobody names a thing so. */
const DOTTED = /^[\w~-]{8,}(?:\.[\w~-]{8,}){1,4}$/;
const ADDRESS = /^[^\s@]+(?:@|%40)[^\s@]+\.[^\s@]+$/i;
const LONGEST = 128;
const LONGEST_DOTTED = 4_096;

/**
 * What a path segment or member name looks like: a number, UUID, ULID, hex of eight or more with a digit in it, or
 * token of sixteen or more with digits, small and capital letters, several such with dots (a JWT) and an e-mail address
 * is an `id`; `2027-03` and `2027-03-01` are a `date`.
 * Null for words. No pattern holds a repetition that can match the same text in two ways.
 */
export function identifierKind(text: string): IdentifierKind | null {
  if (text.length > LONGEST)
    return text.length <= LONGEST_DOTTED && DOTTED.test(text) && /\d/.test(text) ? 'id' : null;
  if (ADDRESS.test(text)) return 'id';
  if (!/\d/.test(text)) return null;
  if (DIGITS.test(text) || UUID.test(text)) return 'id';
  if (DATE.test(text)) return 'date';
  if (ULID.test(text) || HEX.test(text)) return 'id';
  return (TOKEN.test(text) || DOTTED.test(text)) && /[a-z]/.test(text) && /[A-Z]/.test(text) ? 'id' : null;
}
