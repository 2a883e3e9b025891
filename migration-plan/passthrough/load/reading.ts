import type { Clerk, Office } from './office.ts';

const LISTS = [
  '/api/freelancers?q=an&sort=-rate',
  '/api/freelancers?skill=java&page=3&size=50',
  '/api/customers?q=gmbh&sort=city',
  '/api/projects?stat=run&sort=-from',
  '/api/timesheets?stat=subm,appr&sort=-day&size=100',
  '/api/payments?sort=-amount&page=2',
  '/api/imports',
  '/api/me',
  '/freelancers?q=m&page=2',
  '/customers',
  '/projects?sort=cus',
  '/timesheets?month=2025-03',
  '/payments?stat=open',
  '/imports',
];

/** Everything that is only looked at: lists, details, the report, now and then a download. */
export async function read(office: Office, { person, pick, int }: Clerk): Promise<void> {
  const kind = int(1, 100);
  if (kind <= 55) await person.ask('GET', pick(LISTS), [200]);
  else if (kind <= 70) await person.ask('GET', `/api/freelancers/${int(1, office.freelancers)}`, [200]);
  else if (kind <= 78) await person.ask('GET', `/api/projects/${int(1, office.projects)}`, [200]);
  else if (kind <= 84) await person.ask('GET', `/api/customers/${int(1, office.customers)}`, [200]);
  else if (kind <= 90) await person.ask('GET', `/freelancers/${int(1, office.freelancers)}/edit`, [200]);
  else if (kind <= 95) await person.ask('GET', `/reports/monthly?month=2025-0${int(1, 9)}`, [200]);
  else if (kind <= 97) await person.ask('GET', `/timesheets.csv?month=2025-0${int(1, 9)}`, [200]);
  else await person.ask('GET', `/payments/${int(1, 50)}/statement.pdf`, [200]);
}
