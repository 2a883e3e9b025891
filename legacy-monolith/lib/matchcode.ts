const UMLAUTS: Record<string, string> = { ä: 'AE', ö: 'OE', ü: 'UE', Ä: 'AE', Ö: 'OE', Ü: 'UE', ß: 'SS' };

/**
 * The "matchcode" of a name: plain upper-case ASCII that can be sorted and searched on any database.
 * 2014-03-11 mk: from the old Delphi client, letter by letter. DO NOT CHANGE, the match columns hold its results.
 * What has no ASCII letter is dropped (Ł, ı, all of Cyrillic and Greek).
 */
export function fold(s: string): string {
  return String(s)
    .replace(/[äöüÄÖÜß]/g, (c) => UMLAUTS[c]!)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[a-z]/g, (c) => c.toUpperCase())
    .replace(/[^\x20-\x7E]/g, '')
    .replace(/ +/g, ' ')
    .trim();
}
