import { type Clerk, type Office, YEAR } from './office.ts';

/** What may come of work on a row that goes while it is worked on: done, not there any more, or not there at all. */
type Work = {
  readonly method: string;
  readonly path: string;
  readonly json: object;
  /** Refusals of a 400; a 404 and a 200 are fine with all of them. */
  readonly refusals: readonly string[];
};

const NOT_FOUND = ['customer not found', 'project not found', 'timesheet not found'];

/**
 * Several people work on a customer and its project, and one of them deletes either for good meanwhile. None of this is
 * in the books: what is acknowledged here may be gone with the next request.
 */
export async function deleteWhatOthersWorkOn(office: Office, clerk: Clerk): Promise<void> {
  const doomed = office.doomed.at(-1) ?? (await makeDoomed(office, clerk));
  if (!doomed) return;
  const { cus_id, prj_id } = doomed;
  const frl_id = clerk.pick(office.sharedFreelancers);
  const work = clerk.pick<Work>([
    {
      method: 'POST',
      path: '/api/timesheets',
      json: { frl_id, prj_id, tsh_day: `31.12.${YEAR - 1}`, tsh_hours: 0.25, tsh_text: 'doomed' },
      refusals: ['project unknown', 'more than 24 hours'],
    },
    { method: 'POST', path: `/api/projects/${prj_id}/freelancers`, json: { frl_id }, refusals: [] },
    {
      method: 'POST',
      path: '/api/projects',
      json: { prj_title: 'Bald weg', cus_id, date_from: `01.01.${YEAR}` },
      refusals: ['customer unknown'],
    },
    { method: 'PUT', path: `/api/projects/${prj_id}`, json: { cus_id }, refusals: ['customer unknown'] },
    { method: 'PUT', path: `/api/customers/${cus_id}`, json: { city: 'Ulm' }, refusals: [] },
    { method: 'POST', path: `/api/customers/${cus_id}/deactivate`, json: {}, refusals: [] },
    {
      method: 'POST',
      path: '/api/customers',
      json: { cus_name: 'Tochter', cus_parent_id: cus_id },
      refusals: ['parent unknown'],
    },
  ]);
  const { method, path, json, refusals } = work;
  const working = clerk.person.ask(method, path, [200, 400, 404], { json });
  if (clerk.int(1, 3) === 1 && office.doomed.at(-1) === doomed) {
    office.doomed.pop();
    const target = clerk.int(1, 2) === 1 ? `/api/customers/${cus_id}?hard=1` : `/api/projects/${prj_id}`;
    await office.admin.ask('DELETE', target, [200, 404]);
  }
  const { status, json: said } = await working;
  const expected = { 400: refusals, 404: NOT_FOUND }[status];
  if (expected && !expected.includes(said?.error))
    office.books.problem(`${method} ${path} was refused with ${said?.error}`);
}

async function makeDoomed(office: Office, { person }: Clerk): Promise<Office['doomed'][number] | null> {
  const customer = await person.ask('POST', '/api/customers', [200], { json: { cus_name: 'Bald weg' } });
  const cus_id: number | undefined = customer.json?.cus_id;
  if (cus_id === undefined) return null;
  const json = { prj_title: 'Bald weg', cus_id, date_from: `01.01.${YEAR}` };
  const project = await person.ask('POST', '/api/projects', [200], { json });
  const prj_id: number | undefined = project.json?.prj_id;
  if (prj_id === undefined) return null;
  const doomed = { cus_id, prj_id };
  office.doomed.push(doomed);
  return doomed;
}
