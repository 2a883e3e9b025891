/** A value at the edge of what the monolith's POST takes. */
export type AcceptedValue = {
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Accepted on SQLite; on the other by some versions or none, as the reason says. */
  readonly mayBeRefused?: { readonly on: 'MySQL'; readonly reason: string };
};

const names: readonly unknown[] = [
  ...[',', ', ,', ',,', 'Cher,', 'a,b', 'A,  B', 'A ,B', ', Ann', 'x'.repeat(120), '😀'.repeat(120)],
  ...[`${'😀'.repeat(59)}, ${'李'.repeat(59)}`, 'O\'Neil\\ "x"', 'control \u0001\u001f\u007f\u0085 x'],
  ...[
    'lone \ud800 surrogate',
    'N\0U\0L',
    '\ufeff\u00a0 trimmed \u3000',
    'line\u2028break\r\nbreak',
    '\uffff',
  ],
  ...['\u202eright to left', 'e\u0301 decomposed', '%_', '{"json":1}', 42, true, [1, 'b'], {}],
];
const emails: readonly unknown[] = [
  ...['no at sign', 'x'.repeat(160), '😀'.repeat(160), 'a\nb\tc', 'lone\udc00@x', 'İ@x', 'i̇@x', 'ŉ@x', 'ﬁ@x'],
  ...['"quoted, comma"@x', '0', 7, false, {}],
];
const rates: readonly unknown[] = [0, 2_147_483_647, '007', ' 12 ', 1e3, '2147483647'];
const currencies: readonly unknown[] = [
  ...['eur', 'E', '€', '😀😀😀', 'a b', ' x ', 'é', '\u0001', '1.5', 5, null, '', 'XXX', '\ud800'],
];
const skills: readonly unknown[] = [
  ...['x'.repeat(500), '😀'.repeat(500), Array.from({ length: 250 }, (_, i) => char(0x4e00 + i)).join()],
  ...[
    'a'.repeat(150),
    '%,_',
    '\\,"',
    "{a},'b',{},NULL",
    'a\u0001b',
    'ß,ẞ,SS,ss',
    'ſ,s',
    'ı,i,İ',
    5,
    null,
    ['a', 'A'],
  ],
  ...['c\0d', '\ud800,x', '\u200b', ',,,'],
];
const countries: readonly unknown[] = ['d', 'de', '😀😀', 'D1', '\\', 5, '\u0001'];
const days = ['29.02.2028', '01.01.0001', '31.12.9999', '28.02.1900', '31.12.0999', '29.02.0004'];
const notes: readonly unknown[] = [
  ...[
    'x'.repeat(65_535),
    'ü'.repeat(32_767),
    'a\r\nb\u0000c',
    '\ud83d',
    '<b>&amp;</b>',
    'null',
    0,
    [],
    ' \t ',
  ],
];

/** One row for each; those with an address or a name of their own keep it. */
export const acceptedValues: readonly AcceptedValue[] = [
  ...names.map((frl_name) => value('frl_name', { frl_name })),
  ...emails.map((frl_email) => value('frl_email', { frl_email })),
  value('frl_email', { frl_email: 'straße@pair' }),
  value('frl_email', { frl_email: 'k@pair' }),
  ...['STRAẞE@pair', '\u212a@pair'].map((frl_email) => ({
    ...value('frl_email', { frl_email }),
    mayBeRefused: { on: 'MySQL' as const, reason: 'the collation of the newer servers calls it a duplicate' },
  })),
  ...['😀'.repeat(40), '\u0001', 0, ' '].map((frl_phone) => value('frl_phone', { frl_phone })),
  ...['A', 'I', 'B'].map((frl_stat) => value('frl_stat', { frl_stat, blk_reason: '😀'.repeat(255) })),
  ...rates.map((rate_ct) => value('rate_ct', { rate_ct })),
  ...currencies.map((cur) => value('cur', { cur })),
  ...skills.map((skills_csv) => value('skills_csv', { skills_csv })),
  ...['😀'.repeat(80), ' ', 0].map((city) => value('city', { city })),
  ...countries.map((country) => value('country', { country })),
  ...[...days, '', null].map((avail_from) => value('avail_from', { avail_from })),
  ...notes.map((text) => value('notes', { notes: text })),
];

function value(field: string, body: Readonly<Record<string, unknown>>): AcceptedValue {
  const shown = JSON.stringify(body[field]) ?? 'undefined';
  return {
    name: `${field} ${shown.slice(0, 40)} (${shown.length})`,
    body: { frl_name: 'Some, One', ...body },
  };
}

function char(code: number): string {
  return String.fromCodePoint(code);
}
