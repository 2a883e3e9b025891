/** One kind of question; `n` makes it another one of its kind, `timesheets` says how many rows there are. */
export type Question = { readonly name: string; path(n: number, timesheets: number): string };
type Tail = (n: number, timesheets: number) => string;

const words = ['java', 'sql', 'mueller', 'schm', 'an', 'gmx', 'kr', 'ö', 'test', 'nord'];
const word = (n: number) => encodeURIComponent(words[n % words.length]!);
const month = (n: number) => `${2018 + (n % 8)}-${String(1 + (n % 12)).padStart(2, '0')}`;
const page = (n: number) => String(1 + n);
/** A number of which there are `ratio` as many as timesheets. */
const one =
  (ratio: number, step: number): Tail =>
  (n, timesheets) =>
    String(1 + ((n * step) % Math.ceil(timesheets * ratio)));
const list = (name: string, path: string, more: Tail = () => ''): Question => ({
  name,
  path: (n, timesheets) => `/api/${path}${more(n, timesheets)}`,
});

/** What people at the agency ask all day. */
export const questions: readonly Question[] = [
  list('freelancers', 'freelancers'),
  list('freelancers, a page far behind', 'freelancers?size=100&page=', (n) => String(50 + n)),
  list('freelancers, word', 'freelancers?q=', word),
  list('freelancers, skill and rate', 'freelancers?skill=java&rate_min=7000&sort=-rate&page=', page),
  list('freelancer', 'freelancers/', one(0.05, 37)),
  list('customers', 'customers'),
  list('customers, word', 'customers?q=', word),
  list('customers by town', 'customers?sort=city&page=', page),
  list('customer with most projects', 'customers/1'),
  list('customer', 'customers/', one(0.01, 13)),
  list('projects', 'projects'),
  list('projects, word', 'projects?q=', word),
  list('projects of a customer', 'projects?cus=', page),
  list('projects that run, by customer', 'projects?stat=run,hold&sort=cus&page=', page),
  list('project', 'projects/', one(0.025, 31)),
  list('timesheets', 'timesheets'),
  list('timesheets, last page', 'timesheets?page=999999'),
  list('timesheets, newest', 'timesheets?sort=-day&page=', page),
  list('timesheets by hours', 'timesheets?sort=-hours&page=', page),
  list('timesheets of a month', 'timesheets?month=', month),
  list('timesheets of a freelancer', 'timesheets?sort=-day&frl=', one(0.05, 37)),
  list('timesheets of a project', 'timesheets?sort=-day&prj=', one(0.025, 31)),
  list('timesheets to approve', 'timesheets?stat=subm'),
  list('timesheets that are paid, of a month', 'timesheets?stat=paid&month=', month),
  list('timesheets, word', 'timesheets?q=', word),
  list('timesheet', 'timesheets/', one(1, 1301)),
  list('payments', 'payments'),
  list('payments by amount', 'payments?sort=-amount&page=', page),
  list('payments of a run', 'payments?run=', month),
  list('payments of a freelancer', 'payments?frl=', one(0.05, 37)),
  list('payments that are open', 'payments?stat=open'),
  list('payment', 'payments/', one(0.3, 397)),
  list('imports', 'imports'),
  list('import', 'imports/', page),
  list('users', 'users'),
  list('monthly report', 'reports/monthly?month=', month),
];
