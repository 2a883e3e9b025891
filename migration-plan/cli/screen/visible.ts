/** Control and format characters, and the ends of lines that only some programs know. */
export const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Text of requests and answers with what nobody sees in it written out: `\u{202e}`. SECURITY: control characters drive
 * the terminal, and those that turn the direction of a text make it read otherwise than it is, on a page as well.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, written);
}

/** The same of all that is not plain ASCII: two letters that look alike differ. */
export function spelled(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, written);
}

const written = (character: string) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
