import iconv from 'iconv-lite';
import { readDate } from '../dates.ts';
import { readMonth } from '../hours.ts';
import { MAX_INT } from '../input.ts';

/** Amounts are cents. `no` is the record's own number, by which it is known again. */
export type FibuRecord =
  | {
      readonly type: 'invoice';
      readonly no: string;
      readonly cusNo: string;
      readonly prjNo: string | null;
      readonly date: string;
      readonly due: string;
      readonly net: bigint;
      readonly vat: bigint;
      readonly gross: bigint;
      readonly stat: string;
    }
  | {
      readonly type: 'payment';
      readonly no: string;
      readonly frlId: number;
      readonly run: string;
      readonly amount: bigint;
      readonly cur: string;
      readonly stat: string;
      readonly paidAt: string | null;
      readonly ref: string;
    }
  | {
      readonly type: 'note';
      readonly no: string;
      readonly kind: 'frl' | 'cus' | 'inv';
      readonly of: string;
      readonly text: string;
    }
  | {
      readonly type: 'credit';
      readonly no: string;
      readonly invNo: string;
      readonly date: string;
      readonly amount: bigint;
      readonly reason: string;
    };

/** What is wrong with a line, in the words of the rejects list. */
export type Bad = { readonly bad: string };

// As many as have been counted.
type Fields = [string, string, string, string, string, string, string, string, string, string];

const INVOICE_STAT: Record<string, string> = { O: 'open', T: 'part', B: 'paid', S: 'canc' };
const PAYMENT_STAT: Record<string, string> = { O: 'open', B: 'paid', F: 'fail' };
const NUMBER = /^[A-Za-z0-9./-]{1,20}$/;
/** What the columns hold: DECIMAL(12,2) and DECIMAL(10,2). */
const LARGEST = 999_999_999_999n;
const LARGEST_PAYMENT = 9_999_999_999n;

/** Windows-1252 as text; null for the five bytes that it does not have and for control characters. */
export function decodeLine(bytes: Buffer): string | null {
  const text = iconv.decode(bytes, 'win1252');
  return /[\ufffd\p{Cc}]/u.test(text) ? null : text;
}

/** Cents of "1234,56" or "1.234,56"; null for anything else, "1234.56" too: it could be either. */
export function readAmount(v: string): bigint | null {
  if (!/^(\d{1,10}|\d{1,3}(\.\d{3}){1,3}),\d\d$/.test(v)) return null;
  return BigInt(v.replace(/[.,]/g, ''));
}

/** Reads one line between header and trailer. Fields are trimmed; quotes mean nothing. */
export function readRecord(line: string): FibuRecord | Bad {
  const f = line.split(';').map((field) => field.trim());
  switch (f[0]) {
    case '10':
      return invoice(f);
    case '20':
      return payment(f);
    case '30':
      return note(f);
    case '40':
      return credit(f);
    default:
      return { bad: 'unknown type' };
  }
}

function invoice(f: string[]): FibuRecord | Bad {
  if (f.length !== 10) return { bad: 'number of fields' };
  const [, no, cusNo, prjNo, day, dueDay, netText, vatText, grossText, statText] = f as unknown as Fields;
  if (!NUMBER.test(no)) return { bad: 'number invalid' };
  const date = readDate(day);
  const due = readDate(dueDay);
  if (!date || !due) return { bad: 'date invalid' };
  const [net, vat, gross] = [readAmount(netText), readAmount(vatText), readAmount(grossText)];
  if (net === null || vat === null || gross === null || gross > LARGEST) return { bad: 'amount invalid' };
  if (net + vat !== gross) return { bad: 'net and vat are not gross' };
  const stat = Object.hasOwn(INVOICE_STAT, statText) ? INVOICE_STAT[statText] : undefined;
  if (!stat) return { bad: 'state invalid' };
  return { type: 'invoice', no, cusNo, prjNo: prjNo || null, date, due, net, vat, gross, stat };
}

function payment(f: string[]): FibuRecord | Bad {
  if (f.length !== 9) return { bad: 'number of fields' };
  const [, no, frl, runText, amountText, cur, statText, paidText, ref] = f as unknown as Fields;
  if (!NUMBER.test(no)) return { bad: 'number invalid' };
  if (!/^\d{1,10}$/.test(frl) || Number(frl) > MAX_INT) return { bad: 'freelancer unknown' };
  const run = readMonth(runText);
  if (!run) return { bad: 'month invalid' };
  const amount = readAmount(amountText);
  if (amount === null || amount > LARGEST_PAYMENT) return { bad: 'amount invalid' };
  if (!/^[A-Z]{3}$/.test(cur)) return { bad: 'currency invalid' };
  const stat = Object.hasOwn(PAYMENT_STAT, statText) ? PAYMENT_STAT[statText] : undefined;
  if (!stat) return { bad: 'state invalid' };
  const paidAt = paidText === '' ? null : readDate(paidText);
  if (paidText !== '' && !paidAt) return { bad: 'date invalid' };
  if (ref.length > 140) return { bad: 'too long' };
  return { type: 'payment', no, frlId: Number(frl), run, amount, cur, stat, paidAt, ref };
}

function note(f: string[]): FibuRecord | Bad {
  if (f.length !== 5) return { bad: 'number of fields' };
  const [, no, kindText, of, text] = f as unknown as Fields;
  if (!NUMBER.test(no)) return { bad: 'number invalid' };
  const kind = kindText.toLowerCase();
  if (kind !== 'frl' && kind !== 'cus' && kind !== 'inv') return { bad: 'kind invalid' };
  if (text === '') return { bad: 'text missing' };
  if (kind === 'frl' && (!/^\d{1,10}$/.test(of) || Number(of) > MAX_INT))
    return { bad: 'freelancer unknown' };
  return { type: 'note', no, kind, of, text };
}

function credit(f: string[]): FibuRecord | Bad {
  if (f.length !== 6) return { bad: 'number of fields' };
  const [, no, invNo, day, amountText, reason] = f as unknown as Fields;
  if (!NUMBER.test(no)) return { bad: 'number invalid' };
  const date = readDate(day);
  if (!date) return { bad: 'date invalid' };
  const amount = readAmount(amountText);
  if (amount === null || amount > LARGEST) return { bad: 'amount invalid' };
  if (reason.length > 255) return { bad: 'too long' };
  return { type: 'credit', no, invNo, date, amount, reason };
}

/** What counts for the control sum of the trailer. */
export function amountOf(record: FibuRecord): bigint {
  return record.type === 'invoice' ? record.gross : record.type === 'note' ? 0n : record.amount;
}
