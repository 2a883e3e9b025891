/**
 * Upper case letter by letter, so that the length never changes: ß stays ß, and straße and strasse stay two words.
 * JavaScript's own rule writes STRASSE for both. Legacy's databases go letter by letter, and what is found by one
 * system and not by the other would be a difference that nobody asked for.
 */
export function upperByLetter(text: string): string {
  return text.replace(/[^A-Z]/gu, (letter) => {
    const large = letter.toUpperCase();
    return large.length === letter.length ? large : letter;
  });
}
