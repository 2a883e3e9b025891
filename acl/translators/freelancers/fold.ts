const SPELLED_OUT: Readonly<Record<string, string>> = {
  ä: 'AE',
  ö: 'OE',
  ü: 'UE',
  Ä: 'AE',
  Ö: 'OE',
  Ü: 'UE',
  ß: 'SS',
};

/**
 * The legacy "matchcode" rule: umlauts spelled out, other accents dropped, upper case, printable ASCII only,
 * single spaces, trimmed. A name in Cyrillic folds to ''.
 */
export function fold(text: string): string {
  return text
    .replace(/[äöüÄÖÜß]/g, (letter) => SPELLED_OUT[letter]!)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/[^\x20-\x7e]/g, '')
    .replace(/ +/g, ' ')
    .replace(/^ | $/g, '');
}
