import type { Books } from './books.ts';
import type { Row, Rows } from './rows.ts';

/** How much there was before the load; what it did is the difference. */
export type Before = { readonly payments: number; readonly log: ReadonlyMap<string, number> };
export type Audit = {
  /** What is not as it was acknowledged, one line each. */
  readonly faults: readonly string[];
  /** Fields of contested customers that somebody saved and somebody else took back: the monolith's own way. */
  readonly takenBack: number;
};

/** A day's work at most, over all sheets of one person that are not rejected. */
const HOURS_A_DAY = 24;
const KEYS: Readonly<Record<string, string>> = {
  freelancers: 'frl_id',
  customers: 'cus_id',
  projects: 'prj_id',
  timesheets: 'tsh_id',
};

export async function before(rows: Rows): Promise<Before> {
  const [last] = await rows.read('SELECT COALESCE(MAX(pay_id), 0) AS v FROM payments');
  return { payments: Number(last!.v), log: await logLines(rows) };
}

/** Holds the tables to what was acknowledged. */
export async function audit(rows: Rows, books: Books, start: Before): Promise<Audit> {
  const contested = await columnFaults(rows, books.contested);
  const faults = [
    ...(await rowFaults(rows, books)),
    ...(await columnFaults(rows, books.columns)),
    ...(await sheetFaults(rows, books)),
    ...(await dayFaults(rows)),
    ...(await paymentFaults(rows, books, start)),
    ...(await logFaults(rows, books, start)),
  ];
  return { faults, takenBack: contested.length };
}

async function rowFaults(rows: Rows, books: Books): Promise<string[]> {
  const faults: string[] = [];
  for (const [table, key] of Object.entries(KEYS)) {
    const there = new Set((await rows.read(`SELECT ${key} AS v FROM ${table}`)).map(({ v }) => Number(v)));
    for (const id of books.made.get(table) ?? [])
      if (!there.has(id)) faults.push(`${table} ${id} is missing`);
    for (const id of books.gone.get(table) ?? []) if (there.has(id)) faults.push(`${table} ${id} is back`);
  }
  const [notes] = await rows.read("SELECT COUNT(*) AS v FROM notes WHERE ext_no LIKE 'LOAD-%'");
  if (Number(notes!.v) !== books.importedNotes)
    faults.push(`imports acknowledged ${books.importedNotes} notes, there are ${notes!.v}`);
  return faults;
}

async function columnFaults(rows: Rows, columns: ReadonlyMap<string, string | number>): Promise<string[]> {
  const faults: string[] = [];
  for (const [where, value] of columns) {
    const [table, id, column] = where.split(' ') as [string, string, string];
    const [row] = await rows.read(`SELECT ${column} AS v FROM ${table} WHERE ${KEYS[table]} = ${Number(id)}`);
    if (String(row?.v) !== String(value)) faults.push(`${where}: acknowledged ${value}, is ${row?.v}`);
  }
  return faults;
}

async function sheetFaults(rows: Rows, books: Books): Promise<string[]> {
  const kept = new Map(
    (await rows.read('SELECT tsh_id, tsh_hours FROM timesheets')).map((r) => [r.tsh_id, r]),
  );
  return [...books.sheets.values()].flatMap(({ id, hours }) => {
    const row = kept.get(id);
    return row && Number(row.tsh_hours) !== hours
      ? [`timesheets ${id}: acknowledged ${hours} hours, has ${row.tsh_hours}`]
      : [];
  });
}

async function dayFaults(rows: Rows): Promise<string[]> {
  const over = await rows.read(
    `SELECT frl_id, tsh_day, SUM(tsh_hours) AS hours FROM timesheets
      WHERE tsh_stat <> 'rej' AND tsh_text LIKE 'load%' GROUP BY frl_id, tsh_day HAVING SUM(tsh_hours) > ${HOURS_A_DAY}`,
  );
  return over.map((r) => `freelancer ${r.frl_id} works ${r.hours} hours on ${r.tsh_day}`);
}

async function paymentFaults(rows: Rows, books: Books, start: Before): Promise<string[]> {
  const faults: string[] = [];
  const payments = await rows.read(
    `SELECT pay_id, amount, pay_stat FROM payments WHERE pay_id > ${start.payments} AND ext_no IS NULL`,
  );
  const sheets = await rows.read('SELECT tsh_id, tsh_stat, tsh_hours, rate_ct, pay_id FROM timesheets');
  const of = new Map<number, Row[]>();
  for (const sheet of sheets) {
    const inPayment = sheet.pay_id !== null;
    if (books.sheets.has(Number(sheet.tsh_id)) && inPayment !== (sheet.tsh_stat === 'paid'))
      faults.push(`timesheet ${sheet.tsh_id} is ${sheet.tsh_stat} and belongs to payment ${sheet.pay_id}`);
    if (inPayment) of.set(Number(sheet.pay_id), [...(of.get(Number(sheet.pay_id)) ?? []), sheet]);
  }
  let cents = 0;
  for (const { pay_id, amount, pay_stat } of payments) {
    const paid = Math.round(Number(amount) * 100);
    cents += paid;
    const worth = (of.get(Number(pay_id)) ?? []).reduce(
      (sum, t) => sum + Math.floor((Math.round(Number(t.tsh_hours) * 100) * Number(t.rate_ct) + 50) / 100),
      0,
    );
    if (worth !== (pay_stat === 'fail' ? 0 : paid))
      faults.push(`payment ${pay_id} (${pay_stat}) is over ${paid} cents, its timesheets are worth ${worth}`);
  }
  if (payments.length !== books.run.payments || cents !== books.run.cents)
    faults.push(
      `runs acknowledged ${books.run.payments} payments over ${books.run.cents} cents, there are ${payments.length} over ${cents}`,
    );
  return faults;
}

async function logFaults(rows: Rows, books: Books, start: Before): Promise<string[]> {
  const lines = await logLines(rows);
  const kinds = new Set([...lines.keys(), ...books.logged.keys()]);
  return [...kinds].flatMap((kind) => {
    const written = (lines.get(kind) ?? 0) - (start.log.get(kind) ?? 0);
    const acknowledged = books.logged.get(kind) ?? 0;
    return written === acknowledged ? [] : [`${kind}: acknowledged ${acknowledged}, in the log ${written}`];
  });
}

/** How often each kind of change is in the log: `timesheets appr`, `payments run`. */
async function logLines(rows: Rows): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { chg_tab, chg_txt } of await rows.read('SELECT chg_tab, chg_txt FROM chg_log')) {
    if (chg_tab !== 'timesheets' && chg_tab !== 'payments') continue;
    const kind = `${chg_tab} ${String(chg_txt).split(/[ :]/, 1)[0]}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
