import { deleteWhatOthersWorkOn } from './deleting.ts';
import { type Clerk, type Office, YEAR } from './office.ts';
import { flashOf } from './person.ts';

type Duty = (office: Office, clerk: Clerk) => Promise<void>;

/** What people write, how often of a hundred; together they touch the same rows all the time. */
export const WORK: readonly (readonly [share: number, duty: Duty])[] = [
  [18, writeSheet],
  [12, changeHours],
  [12, submitSheet],
  [12, approveSheet],
  [5, rejectSheet],
  [4, runPayments],
  [4, settlePayment],
  [10, saveSharedFreelancer],
  [3, saveSharedCustomer],
  [4, saveOwnForm],
  [3, assign],
  [2, makeAndForget],
  [8, deleteWhatOthersWorkOn],
  [2, importFile],
  [1, logInAgain],
];

/** Requests after which the office turns to the next day of its year. */
const DAY_LASTS = 250;

/** A sheet for one of few people on the day that all work on, so that the limit of a day is met and fought for. */
async function writeSheet(office: Office, clerk: Clerk): Promise<void> {
  const { books } = office;
  const today = Math.floor(books.requests / DAY_LASTS);
  const [month, day] = [1 + (Math.floor(today / 28) % 12), 1 + (today % 28)].map((n) =>
    String(n).padStart(2, '0'),
  );
  const frl = clerk.pick(office.sharedFreelancers);
  const hours = clerk.int(1, 40) / 4;
  const { status, json } = await clerk.person.ask('POST', '/api/timesheets', [200, 400], {
    json: {
      frl_id: frl,
      prj_id: clerk.pick(office.sharedProjects),
      tsh_day: `${day}.${month}.${YEAR}`,
      tsh_hours: hours,
      tsh_text: `load ${clerk.number}`,
    },
  });
  if (status === 400) return refused(office, json?.error, ['more than 24 hours']);
  if (status !== 200) return;
  books.make('timesheets', json.tsh_id);
  books.sheets.set(json.tsh_id, { id: json.tsh_id, frl, hours });
  office.months.add(`${YEAR}-${month}`);
  clerk.sheets.push({ id: json.tsh_id, state: 'draft' });
}

async function changeHours(office: Office, clerk: Clerk): Promise<void> {
  const mine = clerk.sheets.slice(-3);
  if (mine.length === 0) return;
  const sheet = clerk.pick(mine);
  const hours = clerk.int(1, 96) / 4;
  const { status, json } = await clerk.person.ask('PUT', `/api/timesheets/${sheet.id}`, [200, 400], {
    json: { tsh_hours: hours },
  });
  if (status === 400) return refused(office, json?.error, ['more than 24 hours', 'wrong state']);
  if (status !== 200) return;
  office.books.sheets.get(sheet.id)!.hours = hours;
  if (json.tsh_stat === 'draft') sheet.state = 'draft';
}

async function submitSheet(office: Office, clerk: Clerk): Promise<void> {
  const sheet = clerk.sheets.find(({ state }) => state === 'draft');
  if (!sheet) return;
  const { status } = await clerk.person.ask('POST', `/api/timesheets/${sheet.id}/submit`, [200, 400]);
  sheet.state = 'out';
  if (status !== 200) return;
  office.books.log('timesheets subm');
  office.submitted.push(sheet.id);
}

/** Many look at the same first sheets of the list: one of them wins. */
async function approveSheet(office: Office, clerk: Clerk): Promise<void> {
  const [id, at] = oneOfFirst(office.submitted, clerk);
  if (id === undefined) return;
  let won: boolean;
  if (clerk.int(1, 3) === 1) {
    const form = { back: '/timesheets?stat=subm' };
    const answer = await clerk.person.ask('POST', `/timesheets/${id}/approve`, [302], { form });
    const flash = flashOf(answer);
    won = flash === `Stundenzettel ${id} ist freigegeben.`;
    if (!won && flash !== 'Nicht freigegeben: wrong state')
      office.books.problem(`approval of ${id} left the message "${flash}"`);
  } else {
    const { status } = await clerk.person.ask('POST', `/api/timesheets/${id}/approve`, [200, 400]);
    won = status === 200;
  }
  if (office.submitted[at] === id) office.submitted.splice(at, 1);
  if (!won) return;
  office.books.log('timesheets appr');
  office.approved.push(id);
}

async function rejectSheet(office: Office, clerk: Clerk): Promise<void> {
  const [id, at] = oneOfFirst(clerk.int(1, 2) === 1 ? office.submitted : office.approved, clerk);
  if (id === undefined) return;
  const { status } = await clerk.person.ask('POST', `/api/timesheets/${id}/reject`, [200, 400], {
    json: { reason: `load ${clerk.number}` },
  });
  if (office.submitted[at] === id) office.submitted.splice(at, 1);
  if (status === 200) office.books.log('timesheets rej');
}

/** Several at once over the same month: each sheet is paid once. */
async function runPayments(office: Office, clerk: Clerk): Promise<void> {
  if (office.months.size === 0) return;
  const month = clerk.pick([...office.months]);
  const { status, json } = await clerk.person.ask('POST', '/api/payments/run', [200], { json: { month } });
  if (status !== 200) return;
  const { run } = office.books;
  run.payments += json.payments;
  run.timesheets += json.timesheets;
  run.cents += Number(json.sum.replace('.', ''));
  office.books.log('payments run', json.payments);
  if (json.payments === 0) return;
  const list = await clerk.person.ask('GET', `/api/payments?run=${month}&stat=open&size=20`, [200]);
  for (const { pay_id } of list.json?.rows ?? [])
    if (!office.payments.includes(pay_id)) office.payments.push(pay_id);
}

async function settlePayment(office: Office, clerk: Clerk): Promise<void> {
  const [id, at] = oneOfFirst(office.payments, clerk);
  if (id === undefined) return;
  const fails = clerk.int(1, 3) === 1;
  const { status } = await office.admin.ask(
    'POST',
    `/api/payments/${id}/${fails ? 'fail' : 'paid'}`,
    [200, 409],
    {
      json: fails ? { reason: 'load' } : {},
    },
  );
  if (office.payments[at] === id) office.payments.splice(at, 1);
  if (status === 200) office.books.log(`payments ${fails ? 'fail' : 'paid'}`);
}

const COLUMNS = ['frl_phone', 'city', 'notes', 'skills_csv', 'blk_reason'];

/**
 * Everybody saves the same few rows, each his own column: none of them may be lost. Each looks for what he saved the
 * last time before he saves again, since his own next value would hide that somebody took it back.
 */
async function saveSharedFreelancer(office: Office, clerk: Clerk): Promise<void> {
  const id = office.sharedFreelancers[clerk.number % office.sharedFreelancers.length]!;
  const column = COLUMNS[Math.floor(clerk.number / office.sharedFreelancers.length) % COLUMNS.length]!;
  const where = `freelancers ${id} ${column}`;
  const last = office.books.columns.get(where);
  if (last !== undefined) {
    const { status, json } = await clerk.person.ask('GET', `/api/freelancers/${id}`, [200]);
    if (status === 200 && json[column] !== last)
      office.books.problem(`${where}: acknowledged ${last}, is ${json[column]}`);
  }
  const value = `v${clerk.number}-${++clerk.turn}`;
  const { status } = await clerk.person.ask('PUT', `/api/freelancers/${id}`, [200], {
    json: { [column]: value },
  });
  if (status === 200) office.books.columns.set(where, value);
}

/** The same with customers, whose PUT writes back what it has read: the last one wins with all columns. */
async function saveSharedCustomer(office: Office, clerk: Clerk): Promise<void> {
  const id = office.sharedCustomers[clerk.number % office.sharedCustomers.length]!;
  const column = ['street', 'zip', 'cus_phone', 'vat_id'][clerk.number % 4]!;
  const value = `${clerk.number}-${++clerk.turn}`;
  const { status } = await clerk.person.ask('PUT', `/api/customers/${id}`, [200], {
    json: { [column]: value },
  });
  if (status === 200) office.books.contested.set(`customers ${id} ${column}`, value);
}

/** The form sends every field, so nobody else may work on this row. */
async function saveOwnForm(office: Office, clerk: Clerk): Promise<void> {
  const name = `Last, Nutzer ${clerk.number} ${++clerk.turn}`;
  if (clerk.freelancers.length === 0) {
    const { json } = await clerk.person.ask('POST', '/api/freelancers', [200], { json: { frl_name: name } });
    if (!json?.frl_id) return;
    clerk.freelancers.push(json.frl_id);
    office.books.make('freelancers', json.frl_id);
  }
  const id = clerk.freelancers[0]!;
  const form = { frl_name: name, rate: '95,50', notes: `load\r\n${clerk.turn}`, frl_stat: 'A' };
  const { status } = await clerk.person.ask('POST', `/freelancers/${id}/edit`, [302], { form });
  if (status === 302) office.books.columns.set(`freelancers ${id} frl_name`, name);
  await clerk.person.ask('GET', `/freelancers/${id}/edit`, [200]);
}

async function assign(office: Office, clerk: Clerk): Promise<void> {
  const path = `/api/projects/${clerk.pick(office.sharedProjects)}/freelancers`;
  const frl_id = clerk.pick(office.sharedFreelancers);
  if (clerk.int(1, 3) > 1)
    await clerk.person.ask('POST', path, [200], { json: { frl_id, role_txt: 'load' } });
  else await clerk.person.ask('DELETE', `${path}/${frl_id}`, [200, 404]);
}

/** A customer with a project and a sheet, really deleted: the database takes along what hangs on it. */
async function makeAndForget(office: Office, clerk: Clerk): Promise<void> {
  const { books } = office;
  const made = async (table: string, key: string, body: object) => {
    const { json } = await clerk.person.ask('POST', `/api/${table}`, [200], { json: body });
    const id: number | undefined = json?.[key];
    if (id !== undefined) books.make(table, id);
    return id;
  };
  const cus_id = await made('customers', 'cus_id', { cus_name: `Last ${clerk.number} GmbH` });
  if (cus_id === undefined) return;
  const prj_id = await made('projects', 'prj_id', { prj_title: 'Last', cus_id, date_from: `01.01.${YEAR}` });
  const frl_id = clerk.freelancers[0];
  if (prj_id === undefined || frl_id === undefined) return;
  const sheet = { frl_id, prj_id, tsh_day: `31.12.${YEAR}`, tsh_hours: 1, tsh_text: 'load' };
  const tsh_id = await made('timesheets', 'tsh_id', sheet);
  if (tsh_id === undefined || clerk.int(1, 2) === 1) return;
  const { status } = await office.admin.ask('DELETE', `/api/customers/${cus_id}?hard=1`, [200]);
  if (status !== 200) return;
  for (const [table, id] of [
    ['customers', cus_id],
    ['projects', prj_id],
    ['timesheets', tsh_id],
  ] as const)
    books.remove(table, id);
}

/** One runs at a time; whoever comes second is told so. */
async function importFile(office: Office, clerk: Clerk): Promise<void> {
  const lines = Array.from(
    { length: 25 },
    (_, i) => `30;LOAD-${clerk.number}-${++clerk.turn}-${i};CUS;C000000${clerk.int(1, 9)};load`,
  );
  const file = `00;FIBU;20260701;${clerk.number}\r\n${lines.join('\r\n')}\r\n99;25;0,00\r\n`;
  const { status, json } = await clerk.person.ask(
    'POST',
    `/api/imports?name=load-${clerk.number}.dat`,
    [200, 409],
    {
      file,
    },
  );
  if (status === 200) office.books.importedNotes += json.rec_ok;
}

async function logInAgain(_office: Office, { person }: Clerk): Promise<void> {
  await person.ask('POST', '/api/logout', [200]);
  await person.login();
}

function oneOfFirst(ids: readonly number[], clerk: Clerk): [number | undefined, number] {
  const at = clerk.int(0, Math.min(4, ids.length - 1));
  return [ids[at], at];
}

function refused(office: Office, error: unknown, expected: readonly string[]): void {
  if (!expected.includes(String(error)))
    office.books.problem(`refused with ${error}, not ${expected.join(' or ')}`);
}
