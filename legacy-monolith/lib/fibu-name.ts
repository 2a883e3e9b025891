import iconv from 'iconv-lite';

/** What the accounting program can print of a name: its own letters, forty of them. */
export function fibuName(name: string): string {
  return iconv.decode(iconv.encode(name, 'win1252'), 'win1252').slice(0, 40).trim();
}
