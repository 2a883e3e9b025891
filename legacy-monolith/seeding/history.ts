import { isoDay, LAST_DAY, MONTHS, monthDays } from './calendar.ts';
import type { Damage } from './damage.ts';
import type { Engagement, Engagements } from './engagements.ts';
import { AUDITED, changed, type DataFile, dataFiles } from './files.ts';
import {
  cameBack,
  creditOn,
  FILES_HAVE_NUMBERS,
  filePayment,
  type Invoice,
  invoice,
  runPayments,
} from './money.ts';
import { prng } from './prng.ts';
import { decimal, type Row, type Sizes, type TableRow } from './row.ts';
import { type Sheet, sheetsOf } from './sheets.ts';
import { NOTE_TEXTS } from './words.ts';

/** What the history needs to know of customers and projects, by their numbers. */
export type Book = {
  readonly fibuName: (customerId: number) => string;
  readonly payDays: (customerId: number) => number;
  readonly isHome: (customerId: number) => boolean;
  readonly customerOf: (projectId: number) => number;
};

type Figures = { count: number; quarters: number; costCt: number; netCt: number };
type Context = {
  readonly seed: number;
  readonly sizes: Sizes;
  readonly plan: Engagements;
  readonly book: Book;
  readonly damage: Damage;
};

/** Everything that happened after people, customers and projects were there, month by month: hours, runs, files, figures. */
export function* history(context: Context): Generator<TableRow> {
  const { seed, sizes, plan, book, damage } = context;
  const fileOf = dataFiles(seed, damage);
  const order = plan.orderedBy('from', 'freelancerId');
  const ids = { payment: 0, timesheet: 0, invoice: 0, credit: 0, filePayment: 0 };
  let started = 0;
  let active: Engagement[] = [];
  let toInvoice = new Map<number, number>();
  let toCredit: Invoice[] = [];

  for (let month = 0; month < MONTHS.length; month++) {
    const { first, next } = monthDays(month);
    active = active.filter(({ to }) => to >= first);
    while (started < plan.length) {
      const engagement = plan.at(order[started]!);
      if (engagement.from >= next) break;
      active.push(engagement);
      started += 1;
    }
    const figures = new Map<number, Figures>();
    const of = (customerId: number): Figures => {
      const known = figures.get(customerId) ?? { count: 0, quarters: 0, costCt: 0, netCt: 0 };
      figures.set(customerId, known);
      return known;
    };

    // the file of the month speaks of the month before
    const file = fileOf(month);
    const brought: TableRow[] = [];
    const credits = toCredit;
    toCredit = [];
    for (const [projectId, costCt] of toInvoice) {
      const made = invoiceOf(projectId, costCt, month, file, of);
      brought.push(...made.rows);
      toCredit.push(made.invoice);
    }
    for (const one of credits) {
      const credit = creditOn(seed, one, ids.credit + 1);
      if (credit === null) continue;
      const { day, stamp } = file;
      ids.credit += 1;
      brought.push({
        table: 'credit_notes',
        row: { crn_id: ids.credit, ...credit, crn_date: isoDay(Math.min(day - 1, LAST_DAY)), ...stamp },
      });
    }
    toInvoice = new Map();
    const worked = hoursOf(month, active, toInvoice, of);
    for (let left = fromFiles(month, worked.payments); left > 0; left--) {
      ids.filePayment += 1;
      const row = filePayment(seed, ids.filePayment, month, sizes.freelancers, damage);
      const { imp_id, created } = file.stamp;
      ids.payment += 1;
      brought.push({
        table: 'payments',
        row: { pay_id: ids.payment, ...row, imp_id, created, changed: created },
      });
    }
    if (brought.length > 0) yield* file.rows(brought.length);
    yield* brought;
    yield* numbered(worked, month);
    if (month >= FILES_HAVE_NUMBERS) yield* statistics(figures, month);
  }

  function invoiceOf(
    projectId: number,
    costCt: number,
    month: number,
    file: DataFile,
    of: (customerId: number) => Figures,
  ): { invoice: Invoice; rows: TableRow[] } {
    const customerId = book.customerOf(projectId);
    const party = { customerId, payDays: book.payDays(customerId), isHome: book.isHome(customerId) };
    const id = ++ids.invoice;
    const made = invoice(seed, { id, month, projectId, costCt }, party, damage);
    if (!made.isCancelled && made.row.cus_id !== null) of(customerId).netCt += made.netCt;
    const { imp_id, created } = file.stamp;
    const rows: TableRow[] = [{ table: 'invoices', row: { ...made.row, imp_id, created, changed: created } }];
    const r = prng(`${seed}/invoice-note/${id}`);
    if (r.chance(0.02)) {
      const note = {
        not_kind: 'inv',
        frl_id: null,
        cus_id: null,
        inv_id: id,
        not_text: r.pick(NOTE_TEXTS),
        ext_no:
          month < FILES_HAVE_NUMBERS ? null : `N${MONTHS[month]!.slice(0, 4)}-${String(id).padStart(7, '0')}`,
        usr_id: null,
        imp_id,
        created,
      };
      rows.push({ table: 'notes', row: note });
    }
    return { invoice: made, rows };
  }

  /** How many payments the file of a month brings. */
  function fromFiles(month: number, ofTheRun: number): number {
    if (sizes.freelancers === 0) return 0;
    if (sizes.payments === undefined) return Math.round(ofTheRun / 2);
    const wanted = Math.round((sizes.payments * (month + 1)) / MONTHS.length);
    return Math.max(0, wanted - ids.payment - ofTheRun);
  }

  type Worked = { payments: number; people: { failed: Row | null; paid: Row | null; sheets: Sheet[] }[] };
  function hoursOf(
    month: number,
    engagements: readonly Engagement[],
    bill: Map<number, number>,
    of: (customerId: number) => Figures,
  ): Worked {
    const people = new Map<number, Sheet[]>();
    for (const engagement of [...engagements].sort((a, b) => a.freelancerId - b.freelancerId)) {
      const sheets = people.get(engagement.freelancerId) ?? [];
      for (const sheet of sheetsOf(seed, engagement, month, damage)) {
        sheets.push(sheet);
        const costCt = Math.floor((sheet.quarters * sheet.rateCt + 2) / 4);
        if (sheet.isApproved) {
          const sum = of(book.customerOf(engagement.projectId));
          sum.count += 1;
          sum.quarters += sheet.quarters;
          sum.costCt += costCt;
        }
        if (sheet.isPaid && sheet.isBillable)
          bill.set(engagement.projectId, (bill.get(engagement.projectId) ?? 0) + costCt);
      }
      if (sheets.length > 0) people.set(engagement.freelancerId, sheets);
    }
    let payments = 0;
    const all = [...people].map(([freelancerId, sheets]) => {
      const paid = sheets.filter(({ isPaid }) => isPaid);
      const cents = paid.reduce(
        (sum, { quarters, rateCt }) => sum + Math.floor((quarters * rateCt + 2) / 4),
        0,
      );
      if (paid.length === 0) return { failed: null, paid: null, sheets };
      if (damage.hits('lost-payment', `${freelancerId}/${month}`, 0.001)) {
        for (let more = 1; more < paid.length; more++) damage.planted('lost-payment');
        return { failed: null, paid: null, sheets };
      }
      const rows = runPayments(seed, { freelancerId, month, cents }, damage);
      payments += rows.failed ? 2 : 1;
      return { ...rows, sheets };
    });
    return { payments, people: all };
  }

  /** The run's payments, then the sheets in the order in which they were written. */
  function* numbered({ people }: Worked, month: number): Generator<TableRow> {
    const sheets: { row: Row; payId: number | null }[] = [];
    for (const { failed, paid, sheets: own } of people) {
      if (failed) yield* payment(failed, month);
      if (paid) yield* payment(paid, month);
      const payId = paid ? ids.payment : null;
      for (const { row, isPaid } of own) {
        const moved = isPaid && paid ? { ...row, pay_id: payId, changed: paid.created! } : row;
        sheets.push({ row: moved, payId });
      }
    }
    sheets.sort((a, b) =>
      String(a.row.created) < String(b.row.created) ? -1 : a.row.created === b.row.created ? 0 : 1,
    );
    for (const { row } of sheets) {
      const id = ++ids.timesheet;
      yield { table: 'timesheets', row: { tsh_id: id, ...row } };
      yield* decisions(id, row);
    }
  }

  function* payment(row: Row, month: number): Generator<TableRow> {
    const id = ++ids.payment;
    yield { table: 'payments', row: { pay_id: id, ...row } };
    if (month < AUDITED) return;
    yield changed('payments', id, String(row.created), 2, `run ${row.pay_run}`);
    if (row.pay_stat === 'fail')
      yield changed('payments', id, String(row.changed), 1, `fail: ${row.ref_txt}`);
    if (row.pay_stat === 'paid') yield changed('payments', id, String(row.changed), 1, 'paid');
  }

  // what was older was deleted when the disk was full
  function* decisions(id: number, row: Row): Generator<TableRow> {
    if (String(row.tsh_day) < '2025-01-01' || row.tsh_stat === 'draft') return;
    yield changed('timesheets', id, String(row.created), 2, 'subm');
    if (row.appr_at !== null)
      yield changed('timesheets', id, String(row.appr_at), Number(row.appr_usr_id ?? 2), 'appr');
    if (row.tsh_stat === 'rej')
      yield changed('timesheets', id, String(row.changed), 2, `rej: ${row.tsh_text}`);
  }

  /** One month as the nightly job counts it: by the name that the accounting program prints. */
  function* statistics(figures: ReadonlyMap<number, Figures>, month: number): Generator<TableRow> {
    const names = new Map<string, Figures>();
    for (const [customerId, { count, quarters, costCt, netCt }] of figures) {
      const name = book.fibuName(customerId);
      const sum = names.get(name) ?? { count: 0, quarters: 0, costCt: 0, netCt: 0 };
      names.set(name, {
        count: sum.count + count,
        quarters: sum.quarters + quarters,
        costCt: sum.costCt + costCt,
        netCt: sum.netCt + netCt,
      });
    }
    // it looks back three months: what it last said of this one
    const last = Math.min(LAST_DAY, monthDays(month + 2).next - 1);
    for (const [name, sum] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      yield {
        table: 'stat_month',
        row: {
          sta_month: MONTHS[month]!,
          cus_name: name,
          tsh_cnt: sum.count,
          hours: (sum.quarters / 4).toFixed(2),
          cost: decimal(sum.costCt),
          net: decimal(sum.netCt),
          created: `${isoDay(last)} 02:30:00`,
        },
      };
    }
  }
}

/** The most payments that the runs over a plan make. */
export function runPaymentsAtMost(seed: number, plan: Engagements): number {
  const people = new Map<string, number>();
  for (let index = 0; index < plan.length; index++) {
    const { freelancerId, from, to } = plan.at(index);
    for (let month = monthOf(from); month <= monthOf(to); month++)
      people.set(`${freelancerId}/${month}`, cameBack(seed, freelancerId, month) ? 2 : 1);
  }
  return [...people.values()].reduce((sum, n) => sum + n, 0);
}

function monthOf(day: number): number {
  const [year, month] = isoDay(day).split('-').map(Number) as [number, number];
  return (year - 2016) * 12 + month - 1;
}
