const germanLetters: Readonly<Record<string, string>> = {
  ä: 'AE',
  ö: 'OE',
  ü: 'UE',
  Ä: 'AE',
  Ö: 'OE',
  Ü: 'UE',
  ß: 'SS',
};

/**
 * The matchcode rule: German letters spelled out, accents dropped, ASCII upper case, every other character
 * dropped, runs of spaces made one, trimmed. Text without Latin letters folds to ''.
 */
export function fold(text: string): string {
  return text
    .replace(/[äöüÄÖÜß]/g, (letter) => germanLetters[letter] ?? letter)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/[^\x20-\x7e]/g, '')
    .replace(/ +/g, ' ')
    .trim();
}
