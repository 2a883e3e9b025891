import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import iconv from 'iconv-lite';
import { type Prng, prng } from '../seeding/prng.ts';

/** What the records may refer to: numbers that are in the database. */
export type FibuParties = {
  readonly customers: readonly string[];
  readonly projects: readonly string[];
  readonly freelancers: readonly number[];
  /** Invoices that came before; one with such a number is a duplicate. */
  readonly invoices: readonly string[];
};

/** What an import of the file must count, and every refused line in order. */
export type FibuExpected = {
  ok: number;
  dup: number;
  readonly bad: Map<string, number>;
  readonly rejects: { readonly line: number; readonly reason: string }[];
};

/** How the file ends: as it should, or with what is wrong with it as a whole. */
export type FibuEnd = 'right' | 'no trailer' | 'wrong count' | 'wrong sum' | 'cut off' | 'more behind';

/** An invoice of the file that credit notes may still take cents from. */
type OpenInvoice = { readonly no: string; readonly left: number };

type BadLine = (n: string, parties: FibuParties, invoice: OpenInvoice) => string | Buffer;

/** Every kind of bad line, with the reason that the rejects give for it; `n` makes its number one of its own. */
export const BAD_LINES: readonly (readonly [reason: string, line: BadLine])[] = [
  ['unknown type', (n) => `50;${n};something;new`],
  ['unknown type', () => 'garbage without any field'],
  ['number of fields', (n) => `10;${n};C0000001;;01.06.2026`],
  ['number of fields', (n) => `30;${n};CUS;C0000001;one;semicolon too many`],
  ['number invalid', () => '40;;R1;01.06.2026;10,00;no number'],
  ['number invalid', () => '30;with a blank;CUS;C0000001;text'],
  ['date invalid', (n) => `40;${n};R1;31.02.2026;10,00;`],
  [
    'date invalid',
    (n, { customers }) => `10;${n};${customers[0]};;2026-06-01;01.07.2026;100,00;19,00;119,00;O`,
  ],
  ['amount invalid', (n) => `40;${n};R1;01.06.2026;10.00;a point`],
  ['amount invalid', (n) => `40;${n};R1;01.06.2026;-10,00;negative`],
  [
    'amount invalid',
    (n, { freelancers }) => `20;${n};${freelancers[0]};06.2026;100.000.000,00;EUR;O;;too much`,
  ],
  [
    'net and vat are not gross',
    (n, { customers }) => `10;${n};${customers[0]};;01.06.2026;01.07.2026;100,00;19,00;119,01;O`,
  ],
  [
    'state invalid',
    (n, { customers }) => `10;${n};${customers[0]};;01.06.2026;01.07.2026;100,00;19,00;119,00;X`,
  ],
  ['month invalid', (n, { freelancers }) => `20;${n};${freelancers[0]};13.2026;10,00;EUR;O;;x`],
  ['currency invalid', (n, { freelancers }) => `20;${n};${freelancers[0]};06.2026;10,00;Euro;O;;x`],
  ['kind invalid', (n) => `30;${n};PRJ;P0000001;text`],
  ['text missing', (n, { customers }) => `30;${n};CUS;${customers[0]};`],
  ['customer unknown', (n) => `10;${n};C9999999;;01.06.2026;01.07.2026;100,00;19,00;119,00;O`],
  [
    'project unknown',
    (n, { customers }) => `10;${n};${customers[0]};P9999999;01.06.2026;01.07.2026;100,00;19,00;119,00;O`,
  ],
  ['freelancer unknown', (n) => `20;${n};2000000000;06.2026;10,00;EUR;O;;x`],
  ['freelancer unknown', (n) => `30;${n};FRL;99999999999;text`],
  ['invoice unknown', (n) => `40;${n};NOSUCH;01.06.2026;10,00;`],
  ['too long', (n, { freelancers }) => `20;${n};${freelancers[0]};06.2026;10,00;EUR;O;;${'x'.repeat(141)}`],
  ['too long', (n) => `30;${n};CUS;C0000001;${'y'.repeat(5000)}`],
  ['number invalid', () => `30;${'9'.repeat(21)};CUS;C0000001;number of 21`],
  ['too long', (n, _, { no }) => `40;${n};${no};01.06.2026;0,01;${'z'.repeat(256)}`],
  [
    'amount invalid',
    (n, { customers }) =>
      `10;${n};${customers[0]};;01.06.2026;01.07.2026;9.999.999.999,00;1,00;10.000.000.000,00;O`,
  ],
  ['date invalid', (n, { freelancers }) => `20;${n};${freelancers[0]};06.2026;10,00;EUR;B;7/5/2026;x`],
  ['state invalid', (n, { freelancers }) => `20;${n};${freelancers[0]};06.2026;10,00;EUR;X;;x`],
  ['customer unknown', (n) => `30;${n};CUS;c0000001;small letter`],
  [
    'credit above invoice',
    (n, _, { no, left }) => `40;${n};${no};10.06.2026;${german(left + 1)};a cent too much`,
  ],
  ['bad character', (n) => Buffer.from(`30;${n};CUS;C0000001;t\x81xt`, 'latin1')],
  ['bad character', (n) => `30;${n};CUS;C0000001;nul \0 inside`],
];

export type FibuOptions = {
  readonly seed?: number;
  readonly end?: FibuEnd;
  /** CRLF, LF and CR in turn, and empty lines between; else CRLF throughout. */
  readonly mixed?: boolean;
};

/**
 * Writes a FIBU file of `records` records between header and trailer: about one in twelve is bad, every kind in turn,
 * one in forty is there twice, at once or a thousand lines later, and one in a hundred is in the database already. The
 * same seed gives the same bytes. Gives what an import must count.
 */
export async function writeFibuFile(
  path: string,
  records: number,
  parties: FibuParties,
  { seed = 1, end = 'right', mixed = false }: FibuOptions = {},
): Promise<FibuExpected> {
  const file = new FibuFile(path, mixed ? prng(`fibu-ends/${seed}`) : null);
  const expected: FibuExpected = { ok: 0, dup: 0, bad: new Map(), rejects: [] };
  const refuse = (reason: string, line = file.line) => {
    expected.bad.set(reason, (expected.bad.get(reason) ?? 0) + 1);
    expected.rejects.push({ line, reason });
  };
  const r = prng(`fibu/${seed}`);
  let sum = 0;
  let bads = 0;
  let invoice: OpenInvoice = { no: '', left: 0 };
  const written: Good[] = [];
  await file.put(`00;FIBU;20260701;${String(seed).padStart(4, '0')}`);
  for (let n = 1; n <= records; n++) {
    const no = `S${seed}N${n}`;
    if (n % 12 === 0) {
      const [reason, line] = BAD_LINES[bads++ % BAD_LINES.length]!;
      const made = line(`B${no}`, parties, invoice);
      await file.put(made);
      // what could be read counts for the sum although it is refused
      if (typeof made === 'string') sum += readable(made, reason);
      refuse(reason);
    } else if (n % 40 === 1 && written.length > 0) {
      const again = r.chance(0.5) ? written.at(-1)! : written[0]!;
      await file.put(again.line);
      sum += again.amount;
      expected.dup += 1;
    } else if (n % 100 === 3 && parties.invoices.length > 0) {
      await file.put(
        `10;${r.pick(parties.invoices)};${r.pick(parties.customers)};;01.06.2026;01.07.2026;10,00;1,90;11,90;O`,
      );
      sum += 1190;
      expected.dup += 1;
    } else {
      const good = goodRecord(no, n, invoice, parties, r);
      await file.put(good.line);
      invoice = good.invoice;
      sum += good.amount;
      expected.ok += 1;
      written.push(good);
      if (written.length > FAR) written.shift();
    }
  }
  if (end === 'cut off') {
    // the line that broke off counts for nothing
    await file.put(`20;Z${'0'.repeat(8)};1`, '');
    refuse('number of fields');
  } else if (end !== 'no trailer') {
    const shownSum = german(end === 'wrong sum' ? sum + 1 : sum, true);
    await file.put(`99;${end === 'wrong count' ? records + 1 : records};${shownSum}`);
    if (end === 'wrong count' || end === 'wrong sum') refuse('trailer does not match');
  }
  if (end === 'more behind') {
    await file.put('30;BEHIND;CUS;C0000001;who reads this');
    refuse('after the trailer');
  }
  if (end === 'no trailer' || end === 'cut off') refuse('trailer missing', file.line + 1);
  await file.close();
  return expected;
}

/** How many lines lie between a record and its repetition. */
const FAR = 1500;

/** The lines of a file, with their ends and their numbers. */
class FibuFile {
  /** The number of the last record's line; empty lines count. */
  line = 0;
  #empty = 0;
  readonly #out;
  readonly #r: Prng | null;

  constructor(path: string, r: Prng | null) {
    this.#out = createWriteStream(path);
    this.#r = r;
  }

  async put(line: string | Buffer, end?: string): Promise<void> {
    const bytes = typeof line === 'string' ? iconv.encode(line, 'win1252') : line;
    const ended = end ?? (this.#r ? this.#r.pick(['\r\n', '\r\n', '\n', '\r']) : '\r\n');
    this.line += 1 + this.#empty;
    // never behind a CR: with the LF of an empty line it would be one end and not two
    this.#empty = this.#r?.chance(0.01) && ended.endsWith('\n') ? 1 : 0;
    const all = Buffer.concat([bytes, Buffer.from(ended + (this.#empty ? '\r\n' : ''))]);
    if (!this.#out.write(all)) await once(this.#out, 'drain');
  }

  async close(): Promise<void> {
    this.#out.end();
    await finished(this.#out);
  }
}

type Good = { readonly line: string; readonly amount: number; readonly invoice: OpenInvoice };

function goodRecord(no: string, n: number, invoice: OpenInvoice, parties: FibuParties, r: Prng): Good {
  const kind = invoice.no === '' ? 1 : r.int(1, 4);
  if (kind === 1) {
    const net = r.int(1, 5_000_000);
    const vat = Math.round(net * 0.19);
    const amount = net + vat;
    const project = r.chance(0.5) ? r.pick(parties.projects) : '';
    const line = `10;R${no};${r.pick(parties.customers)};${project};01.06.2026;01.07.2026;${german(net, r.chance(0.5))};${german(vat)};${german(amount)};${r.pick(['O', 'T', 'B', 'S'])}`;
    return { line, amount, invoice: { no: `R${no}`, left: amount } };
  }
  if (kind === 2) {
    const amount = r.int(1, 900_000);
    const line = `20;Z${no};${r.pick(parties.freelancers)};06.2026;${german(amount, true)};EUR;${r.pick(['O', 'B'])};;Honorar für Müller ${n}`;
    return { line, amount, invoice };
  }
  if (kind === 3) {
    const line = `30;N${no};INV;${invoice.no};bitte prüfen – § ${n} "nicht" in Anführungszeichen €`;
    return { line, amount: 0, invoice };
  }
  const amount = Math.floor(invoice.left / 2);
  const line = `40;G${no};${invoice.no};10.06.2026;${german(amount)};Kulanz`;
  return { line, amount, invoice: { no: invoice.no, left: invoice.left - amount } };
}

/** Cents as "1234,56" or "1.234,56". */
function german(cents: number, dots = false): string {
  const euros = String(Math.floor(cents / 100));
  const shown = dots ? euros.replace(/\B(?=(\d{3})+$)/g, '.') : euros;
  return `${shown},${String(cents % 100).padStart(2, '0')}`;
}

// These are refused only when the database is asked: their amounts were read.
const READ_BEFORE = new Set([
  'customer unknown',
  'project unknown',
  'freelancer unknown',
  'invoice unknown',
  'credit above invoice',
]);
function readable(line: string, reason: string): number {
  if (!READ_BEFORE.has(reason)) return 0;
  const f = line.split(';');
  const amount = f[0] === '10' ? f[8] : f[0] === '20' ? f[4] : f[0] === '40' ? f[4] : undefined;
  return amount ? Number(amount.replace(/\./g, '').replace(',', '')) : 0;
}
