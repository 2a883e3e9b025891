import { businessDay, isoDay, LAST_DAY, MONTHS, monthDays, officeTime } from './calendar.ts';
import type { Damage } from './damage.ts';
import { type Prng, prng } from './prng.ts';
import { decimal, type Row } from './row.ts';
import { runDay, runTime } from './sheets.ts';
import { CREDIT_REASONS, PAYMENT_TEXTS } from './words.ts';

/** Months of the run are two behind: what is younger may be open. */
const SETTLED = MONTHS.length - 2;
/** What the agency puts on top of what it pays. */
const MARK_UP_PERCENT = 20;

/** What one freelancer is paid for a month, and, now and then, the transfer of it that came back. */
export function runPayments(
  seed: number,
  { freelancerId, month, cents }: { freelancerId: number; month: number; cents: number },
  damage: Damage,
): { failed: Row | null; paid: Row } {
  const key = `${freelancerId}/${month}`;
  const r = prng(`${seed}/payment/${key}`);
  const failed = cameBack(seed, freelancerId, month);
  const at = failed ? officeTime(runDay(month) + r.int(6, 12), r.next()) : runTime(seed, month);
  const common = {
    frl_id: freelancerId,
    pay_run: MONTHS[month]!,
    amount: decimal(cents),
    cur: 'EUR',
    ext_no: null,
    imp_id: null,
  };
  const due = businessDay(runDay(month) + (failed ? 14 : r.int(2, 6)));
  const isPaid = month < SETTLED || (due <= LAST_DAY && r.chance(0.75));
  const paidAt = isPaid ? officeTime(due, r.next()) : null;
  const zero = paidAt !== null && month < 30 && damage.hits('zero-date', `y${key}`, 0.01);
  return {
    failed: failed
      ? {
          ...common,
          pay_stat: 'fail',
          paid_at: null,
          ref_txt: r.pick(['IBAN ungültig', 'Konto erloschen', 'returned by bank']),
          created: runTime(seed, month),
          changed: officeTime(runDay(month) + 4, r.next()),
        }
      : null,
    paid: {
      ...common,
      pay_stat: isPaid ? 'paid' : 'open',
      paid_at: zero ? '0000-00-00 00:00:00' : paidAt,
      ref_txt: `HONORAR ${MONTHS[month]}`,
      created: at,
      changed: paidAt ?? at,
    },
  };
}

/** Whether the bank sent the transfer back, so that there are two payments for the month. */
export function cameBack(seed: number, freelancerId: number, month: number): boolean {
  return month < SETTLED && prng(`${seed}/came-back/${freelancerId}/${month}`).chance(0.006);
}

/** A payment from a data file: expenses, advances, whatever has no hours. */
export function filePayment(
  seed: number,
  no: number,
  month: number,
  freelancers: number,
  damage: Damage,
): Row {
  const r = prng(`${seed}/file-payment/${no}`);
  const recent = month > SETTLED;
  const stat = r.chance(recent ? 0.4 : 0) ? 'open' : r.chance(0.01) ? 'fail' : 'paid';
  const day = businessDay(monthDays(month).first + r.int(4, 24));
  const nobody = damage.hits('payment-of-nobody', no, 0.002);
  const ref = `${r.pickEarly(PAYMENT_TEXTS)}${r.chance(0.3) ? ` ${MONTHS[month]}` : ''}`;
  return {
    frl_id: nobody ? null : 1 + Math.floor(r.next() ** 2 * freelancers),
    pay_run: MONTHS[Math.max(0, month - 1)]!,
    amount: decimal(r.chance(0.1) ? r.int(100_000, 900_000) : r.int(500, 80_000)),
    cur: r.chance(0.01) ? 'CHF' : 'EUR',
    pay_stat: stat,
    paid_at: stat === 'paid' ? `${isoDay(Math.min(day, LAST_DAY))} 00:00:00` : null,
    ref_txt: r.chance(0.05) ? null : ref,
    ext_no:
      month < FILES_HAVE_NUMBERS ? null : `Z${MONTHS[month]!.slice(0, 4)}-${String(no).padStart(7, '0')}`,
  };
}
/** January 2019. */
export const FILES_HAVE_NUMBERS = MONTHS.indexOf('2019-01');

/** Who is billed, and how. */
export type Party = { readonly customerId: number; readonly payDays: number; readonly isHome: boolean };
export type Invoice = {
  readonly row: Row;
  readonly grossCt: number;
  readonly netCt: number;
  readonly isCancelled: boolean;
};

/** The invoice for the paid, billable hours of a project in the month before `month`, with the agency's mark-up. */
export function invoice(
  seed: number,
  { id, month, projectId, costCt }: { id: number; month: number; projectId: number; costCt: number },
  { customerId, payDays, isHome }: Party,
  damage: Damage,
): Invoice {
  const r = prng(`${seed}/invoice/${id}`);
  const day = businessDay(monthDays(month).first + r.int(3, 9));
  const date = isoDay(day);
  const netCt = Math.round((costCt * (100 + MARK_UP_PERCENT)) / 100);
  const vatCt = Math.round((netCt * vatPercent(date, isHome)) / 100);
  const stat = statOf(day + payDays, r);
  const nobody = damage.hits('invoice-of-nobody', id, 0.003);
  return {
    grossCt: netCt + vatCt,
    netCt,
    isCancelled: stat === 'canc',
    row: {
      inv_id: id,
      inv_no: `R${date.slice(0, 4)}-${String(id).padStart(7, '0')}`,
      cus_id: nobody ? null : customerId,
      prj_id: nobody ? null : projectId,
      inv_date: date,
      due_date: isoDay(day + payDays),
      net: decimal(netCt),
      vat: decimal(vatCt),
      gross: decimal(netCt + vatCt),
      inv_stat: stat,
    },
  };
}

// The year of the lower rate was a long one for everybody's software.
function vatPercent(date: string, isHome: boolean): number {
  if (!isHome) return 0;
  return date >= '2020-07-01' && date < '2021-01-01' ? 16 : 19;
}

function statOf(due: number, r: Prng): string {
  const late = LAST_DAY - due;
  if (late < 0) return r.chance(0.3) ? 'paid' : 'open';
  const share = r.next();
  if (late < 40) return share < 0.75 ? 'paid' : share < 0.95 ? 'open' : 'part';
  return share < 0.955 ? 'paid' : share < 0.975 ? 'canc' : share < 0.985 ? 'part' : 'open';
}

/** The credit note on an invoice, if there is one: all of a cancelled one, a part of a few others. */
export function creditOn(seed: number, of: Invoice, no: number): Row | null {
  const r = prng(`${seed}/credit/${of.row.inv_id}`);
  if (!of.isCancelled && !r.chance(0.02)) return null;
  const date = String(of.row.inv_date);
  const cents = of.isCancelled ? of.grossCt : Math.max(1, Math.floor(of.grossCt / r.int(3, 20)));
  return {
    crn_no: `G${date.slice(0, 4)}-${String(no).padStart(7, '0')}`,
    inv_id: of.row.inv_id!,
    amount: decimal(cents),
    reason: of.isCancelled ? 'Storno' : r.chance(0.2) ? null : r.pick(CREDIT_REASONS),
  };
}
