/** Length of an IBAN by country (SWIFT IBAN registry). */
const LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 ' +
    'LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 ' +
    'QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

/** Where the IBAN that begins at `from` ends, single spaces allowed; null when none does, by length and check digits. */
export function ibanEnd(text: string, from: number): number | null {
  const length = LENGTHS.get(text.slice(from, from + 2));
  if (length === undefined) return null;
  let [iban, at] = ['', from];
  while (iban.length < length) {
    if (text[at] === ' ' && iban.length > 0) at++;
    const character = text[at] ?? '';
    if (!/^[A-Z0-9]$/.test(character)) return null;
    iban += character;
    at++;
  }
  return /^[A-Za-z0-9]/.test(text.slice(at, at + 1)) || remainder(iban) !== 1 ? null : at;
}

/** ISO 13616: the first four characters last, letters as numbers from 10, modulo 97. */
function remainder(iban: string): number {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
