/** Beginnings and lengths of card numbers by network (ISO/IEC 7812, as the networks publish them). */
const NETWORKS: readonly (readonly [beginning: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|[68])/, [14]],
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16]],
  [/^62/, [16, 17, 18, 19]],
  [/^(?:5018|5020|5038|5893|6304|6759|676[1-3])/, [16, 17, 18, 19]],
];
/** How numbers are printed on cards; any other grouping is something else, for example a UUID. */
const GROUPS =
  /^(?:\d+|\d{4}(?:[ .\u00a0\u2007\u2009\u2011\u202f-]\d{4}){2,3}(?:[ .\u00a0\u2007\u2009\u2011\u202f-]\d{1,4})?|\d{4}[ .\u00a0\u2007\u2009\u2011\u202f-]\d{6}[ .\u00a0\u2007\u2009\u2011\u202f-]\d{4,5})$/;

/** Whether digits, perhaps in groups, are the number of a payment card: network, length and check digit (Luhn). */
export function isCardNumber(text: string): boolean {
  if (text.length > 24 || !GROUPS.test(text)) return false;
  const digits = text.replace(/\D/g, '');
  const known = NETWORKS.some(
    ([beginning, lengths]) => lengths.includes(digits.length) && beginning.test(digits),
  );
  return known && luhn(digits);
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
