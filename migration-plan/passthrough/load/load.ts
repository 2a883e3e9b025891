import { runToEnd } from '#acl/testing/process.ts';
import { type Audit, audit, before } from './audit.ts';
import { Books } from './books.ts';
import type { Clerk, Office } from './office.ts';
import { Person } from './person.ts';
import { read } from './reading.ts';
import { openRows } from './rows.ts';
import { WORK } from './working.ts';

export type LoadOptions = {
  readonly publicUrl: string;
  /** The monolith's own database: what it holds at the end is audited past the monolith. */
  readonly databaseUrl: string;
  readonly users: number;
  /** Asked before each step of each user. */
  readonly enough: (requests: number) => boolean;
  /** The longest pause between two steps of one user. */
  readonly pauseMs: number;
  readonly seed: number;
  readonly sizes: { readonly freelancers: number; readonly customers: number; readonly projects: number };
};

export type LoadReport = Audit & {
  readonly books: Books;
  readonly seconds: number;
};

const READING_PERCENT = 55;
const SHARED = { freelancers: 10, customers: 4, projects: 5 };

/** Fifty people work in one office, the nightly job among them; then the tables are held to what they were told. */
export async function load(options: LoadOptions): Promise<LoadReport> {
  const books = new Books();
  const rows = await openRows(options.databaseUrl);
  const clerks = Array.from({ length: options.users }, (_, number) => clerkOf(number, options, books));
  const admin = new Person(options.publicUrl, 'admin', books);
  try {
    await Promise.all([admin.login(), ...clerks.map(({ person }) => person.login())]);
    const office = await openOffice(options, books, admin);
    const start = await before(rows);
    const started = performance.now();
    let nightly: Promise<unknown> | null = null;
    const work = clerks.map(async (clerk) => {
      while (!options.enough(books.requests)) {
        await step(office, clerk);
        nightly ??= books.requests > options.users * 10 ? nightlyJob(options.databaseUrl, books) : null;
        await new Promise((next) => setTimeout(next, clerk.int(0, options.pauseMs)));
      }
    });
    await Promise.all(work);
    await nightly;
    const seconds = (performance.now() - started) / 1000;
    return { books, seconds, ...(await audit(rows, books, start)) };
  } finally {
    for (const { person } of clerks) person.leave();
    admin.leave();
    await rows.close();
  }
}

async function step(office: Office, clerk: Clerk): Promise<void> {
  if (clerk.person.name === 'guest' || clerk.int(1, 100) <= READING_PERCENT) return read(office, clerk);
  let share = clerk.int(1, 100);
  for (const [of, duty] of WORK) {
    share -= of;
    if (share <= 0) return duty(office, clerk);
  }
}

/** Three in four may write; the rest look. */
function clerkOf(number: number, { publicUrl, seed }: LoadOptions, books: Books): Clerk {
  const random = mulberry32(seed * 1000 + number);
  const int = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  return {
    person: new Person(publicUrl, number % 4 === 3 ? 'guest' : number % 2 === 0 ? 'admin' : 'disp', books),
    number,
    int,
    pick: (from) => from[int(0, from.length - 1)]!,
    sheets: [],
    freelancers: [],
    customers: [],
    turn: 0,
  };
}

async function openOffice({ sizes }: LoadOptions, books: Books, admin: Person): Promise<Office> {
  const make = async (table: string, key: string, count: number, body: (n: number) => object) => {
    const ids: number[] = [];
    for (let n = 1; n <= count; n++) {
      const { json } = await admin.ask('POST', `/api/${table}`, [200], { json: body(n) });
      ids.push(json[key]);
      books.make(table, json[key]);
    }
    return ids;
  };
  const rate = (n: number) => 5000 + 137 * n;
  const sharedCustomers = await make('customers', 'cus_id', SHARED.customers, (n) => ({
    cus_name: `Gemeinsam ${n}`,
  }));
  return {
    books,
    admin,
    ...sizes,
    sharedCustomers,
    sharedFreelancers: await make('freelancers', 'frl_id', SHARED.freelancers, (n) => ({
      frl_name: `Gemeinsam, ${n}`,
      rate_ct: rate(n),
    })),
    sharedProjects: await make('projects', 'prj_id', SHARED.projects, (n) => ({
      prj_title: `Gemeinsam ${n}`,
      cus_id: sharedCustomers[0],
      date_from: '01.01.2014',
    })),
    submitted: [],
    approved: [],
    payments: [],
    months: new Set(),
    doomed: [],
  };
}

/** What cron starts: straight into the tables, while everybody works. */
async function nightlyJob(databaseUrl: string, books: Books): Promise<void> {
  const { code, stderr } = await runToEnd('legacy-monolith/nightly.ts', ['--database', databaseUrl]);
  if (code !== 0) books.problem(`the nightly job ended with ${code}: ${stderr}`);
}

/** Small seeded generator (mulberry32, public domain, by Tommy Ettinger). */
function mulberry32(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
