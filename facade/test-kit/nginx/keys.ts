/** Route that every vector belongs to: nginx hashes `articles:<key>`. */
export const VECTOR_ROUTE = 'articles';

/** Shares of the vectors, in 0.01 % steps, rising. */
export const VECTOR_SHARES = [1, 10, 100, 250, 1000, 2500, 3333, 5000, 7500, 9999] as const;

const SPECIAL = [
  '',
  '0',
  'a',
  'ab',
  'abc',
  'abcd',
  'with space',
  'a'.repeat(3000),
  // Raw bytes, as node:http hands them over: UTF-8 text and bytes that are no text at all.
  ...['jürgen', 'Борис', '日本語', '🌿'].map((text) => Buffer.from(text, 'utf8').toString('latin1')),
  '\u00ff',
  '\u0080\u0081\u00fe\u00ff',
];

/** 5,000 keys, the same on every machine: special ones, then ids of several shapes. Latin1: a character is a byte. */
export function vectorKeys(): string[] {
  const keys = [...SPECIAL];
  for (let i = keys.length; i < 5000; i++) {
    const word = Math.imul(i, 0x9e3779b1) >>> 0;
    keys.push(
      [`user-${i}`, `${word}`, `s%3A${word.toString(36)}.${i}`, byteString(word, i % 40)][i % 4] as string,
    );
  }
  return keys;
}

function byteString(seed: number, length: number): string {
  let state = seed;
  let text = '';
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // A header value cannot begin or end with a blank, nor hold control characters.
    text += String.fromCharCode(0x21 + ((state >>> 16) % 0xdf)).replace('\u007f', '~');
  }
  return text;
}
