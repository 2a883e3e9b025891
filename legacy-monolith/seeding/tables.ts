import { hashPassword } from '../lib/password.ts';
import { dayNumber, FIRST_DAY, isoDay, LAST_DAY, officeTime } from './calendar.ts';
import { customer, freelancer, project, type Row, type Sizes } from './people.ts';
import { prng } from './prng.ts';
import { assignmentsOf, monthsOfWork } from './work.ts';

export type TableRow = { readonly table: string; readonly row: Row };

/** Tables in an order in which no row comes before one that it refers to. */
export const TABLES = [
  'users',
  'import_log',
  'customers',
  'freelancers',
  'projects',
  'project_freelancers',
  'payments',
  'timesheets',
  'invoices',
  'credit_notes',
  'notes',
] as const;

const DEMO_USERS = [
  ['admin', 'Administrator', 'adm'],
  ['disp', 'Dörte Disponentin', 'dis'],
  ['guest', 'Gast', 'ro'],
] as const;

/** Every row of the database, one at a time, the same for the same seed and sizes. */
export function* allRows(seed: number, sizes: Sizes): Generator<TableRow> {
  for (const [index, [login, name, role]] of DEMO_USERS.entries()) {
    const salt = Math.floor(prng(`${seed}/user/${login}`).next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
    yield {
      table: 'users',
      row: {
        usr_id: index + 1,
        usr_login: login,
        usr_name: name,
        usr_pass: hashPassword(login, salt),
        usr_role: role,
        usr_active: 1,
        created: officeTime(FIRST_DAY, 0),
      },
    };
  }
  yield* imports(seed);
  for (let id = 1; id <= sizes.customers; id++) {
    yield { table: 'customers', row: customer(seed, id, sizes.customers) };
  }
  for (let id = 1; id <= sizes.freelancers; id++) {
    yield { table: 'freelancers', row: freelancer(seed, id, sizes.freelancers) };
    yield* notesOn(seed, 'freelancer', id);
  }
  for (let id = 1; id <= sizes.customers; id++) yield* notesOn(seed, 'customer', id);
  let weights = 0;
  for (let id = 1; id <= sizes.projects; id++) {
    yield { table: 'projects', row: project(seed, id, sizes) };
    for (const assignment of assignmentsOf(seed, id, sizes)) {
      weights += assignment.weight;
      yield { table: 'project_freelancers', row: assignment.row };
    }
  }
  yield* hoursAndMoney(seed, sizes, weights);
}

function* imports(seed: number): Generator<TableRow> {
  for (let id = 1; id <= importOf(LAST_DAY); id++) {
    const r = prng(`${seed}/import/${id}`);
    const day = FIRST_DAY + id * 91;
    const bad = r.chance(0.3) ? r.int(1, 9) : 0;
    const ok = r.int(20, 400);
    yield {
      table: 'import_log',
      row: {
        imp_id: id,
        imp_file: `FIBU_${isoDay(day).replaceAll('-', '')}.DAT`,
        imp_hash: Array.from({ length: 64 }, () => r.int(0, 15).toString(16)).join(''),
        imp_stat: bad > 0 ? 'part' : 'ok',
        rec_total: ok + bad,
        rec_ok: ok,
        rec_bad: bad,
        usr_id: r.chance(0.8) ? 1 : null,
        started: officeTime(day, 0.1),
        finished: officeTime(day, 0.2),
      },
    };
  }
}

// Quarterly files.
function importOf(day: number): number {
  return Math.max(1, Math.floor((day - FIRST_DAY) / 91));
}

function* notesOn(seed: number, kind: 'freelancer' | 'customer', id: number): Generator<TableRow> {
  const r = prng(`${seed}/note/${kind}/${id}`);
  if (!r.chance(0.05)) return;
  yield {
    table: 'notes',
    row: {
      not_kind: kind === 'freelancer' ? 'frl' : 'cus',
      frl_id: kind === 'freelancer' ? id : null,
      cus_id: kind === 'customer' ? id : null,
      inv_id: null,
      not_text: r.pick([
        'bitte zurückrufen',
        'contract signed',
        'umowa wysłana',
        'Adresse prüfen!',
        'звонил дважды',
      ]),
      usr_id: r.chance(0.9) ? r.int(1, 2) : null,
      imp_id: null,
      created: officeTime(r.int(FIRST_DAY, LAST_DAY), r.next()),
    },
  };
}

function* hoursAndMoney(seed: number, sizes: Sizes, weights: number): Generator<TableRow> {
  let weightSoFar = 0;
  let timesheets = 0;
  let money = 0;
  for (let id = 1; id <= sizes.projects; id++) {
    for (const assignment of assignmentsOf(seed, id, sizes)) {
      weightSoFar += assignment.weight;
      const target = Math.min(sizes.timesheets, Math.round((weightSoFar / weights) * sizes.timesheets));
      for (const work of monthsOfWork(seed, assignment, target - timesheets)) {
        let payId: number | null = null;
        if (work.paidCt > 0) {
          payId = ++money;
          yield* moneyOf(seed, payId, work.month, work.paidCt, assignment);
        }
        for (const row of work.timesheets) {
          timesheets += 1;
          const paid = row.tsh_stat === 'paid' ? payId : null;
          yield { table: 'timesheets', row: { tsh_id: timesheets, ...row, pay_id: paid } };
        }
      }
    }
  }
}

type Parties = { readonly freelancerId: number; readonly customerId: number; readonly projectId: number };

function* moneyOf(
  seed: number,
  id: number,
  month: string,
  paidCt: number,
  parties: Parties,
): Generator<TableRow> {
  const r = prng(`${seed}/money/${id}`);
  const day = dayNumber(`${month}-28`) + r.int(5, 12);
  const imported = r.chance(0.3) ? importOf(Math.min(day, LAST_DAY)) : null;
  const times = { created: officeTime(day, r.next()), changed: officeTime(day + 2, r.next()) };
  yield {
    table: 'payments',
    row: {
      pay_id: id,
      frl_id: parties.freelancerId,
      pay_run: month,
      amount: decimal(paidCt),
      cur: 'EUR',
      pay_stat: 'paid',
      paid_at: officeTime(day + 2, r.next()),
      ref_txt: `HONORAR ${month}`,
      imp_id: imported,
      ...times,
    },
  };
  const netCt = Math.round(paidCt * (1.1 + r.int(0, 20) / 100));
  const vatCt = Math.round(netCt * 0.19);
  yield {
    table: 'invoices',
    row: {
      inv_id: id,
      inv_no: `R${month.slice(0, 4)}-${String(id).padStart(7, '0')}`,
      cus_id: parties.customerId,
      prj_id: parties.projectId,
      inv_date: isoDay(day),
      due_date: isoDay(day + 30),
      net: decimal(netCt),
      vat: decimal(vatCt),
      gross: decimal(netCt + vatCt),
      inv_stat: r.pickEarly(['paid', 'paid', 'open', 'part', 'canc']),
      imp_id: imported,
      ...times,
    },
  };
  if (!r.chance(0.02)) return;
  yield {
    table: 'credit_notes',
    row: {
      crn_no: `G${month.slice(0, 4)}-${String(id).padStart(7, '0')}`,
      inv_id: id,
      crn_date: isoDay(day + 20),
      amount: decimal(Math.round(netCt / r.int(2, 10))),
      reason: r.chance(0.2) ? null : r.pick(['Stunden falsch', 'Kulanz', 'wrong rate', 'Storno']),
      imp_id: imported,
      created: officeTime(day + 20, r.next()),
    },
  };
}

// Cents as DECIMAL text, so that no float is ever in between.
function decimal(ct: number): string {
  return `${Math.floor(ct / 100)}.${String(ct % 100).padStart(2, '0')}`;
}
