import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { loadPlan } from './load-plan.ts';
import type { Plan } from './plan.ts';
import { formatProblem } from './problem.ts';
import { DATA, PlanFolders, ROUTE } from './test-kit/plan-folder.ts';
import { writersOutside } from './writers-outside.ts';

const folders = new PlanFolders();
afterEach(() => folders.removeAll());

/** A plan whose set `articles` is written by route `articles`, by `more`, and by what `others` say. */
function load(more: string, others: Record<string, string> = {}) {
  const loaded = loadPlan(
    folders.write({
      'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n`,
      'data/articles.yaml': DATA + more,
      ...others,
    }),
    {},
  );
  if (loaded.plan === null) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return { plan: loaded.plan, problems: loaded.problems };
}
const route = (name: string, match: string, data = 'none') =>
  `route: ${name}\nmatch: [${match}]\ncandidate: catalog\ndata: ${data}\n`;
const outside = (more: string, others: Record<string, string> = {}) =>
  writersOutside(load(more, others).plan, 'articles');

describe('what writes a data set from outside', () => {
  test('is nothing where the routes of the set are all that writes it', () => {
    expect(outside('')).toEqual([]);
    expect(load('').problems).toEqual([]);
  });

  test('is a request that no route matches, with what to do', () => {
    expect(outside('requests: [POST /api/issues/run]\n')).toEqual([
      'POST /api/issues/run writes articles from outside (no route matches it, so it stays with legacy): make a route of it that says `data: { owned: articles }`, or see that nobody sends it while the new service owns the tables and write `{ request: POST /api/issues/run, state: stopped }` in data/articles.yaml.',
    ]);
  });

  test('is a request of a route that owns nothing, or another set', () => {
    const other = DATA.replaceAll('articles', 'issues').replace('translators/issues', 'translators/articles');
    for (const data of ['none', 'shared', '{ owned: issues }'])
      expect(
        outside('requests: [POST /api/issues/run]\n', {
          'routes/issues.yaml': route('issues', '"/api/issues/*rest"', data),
          ...(data.startsWith('{') ? { 'data/issues.yaml': other } : {}),
        }),
      ).toEqual([expect.stringContaining('(it belongs to route issues): move it to a route that says')]);
  });

  test.each([
    ['POST /api/issues/run', true],
    ['post-office', false],
    ['"/api/issues/*rest"', true],
    ['POST /API/issues/:what', true],
    ['PUT /api/issues/run', false],
    ['POST /api/issues', false],
    ['POST /api/issues/run/again', false],
    ['"POST /api/issues/run/*rest"', false],
  ])('is no request that a route of the set matches: %s', (match, isWithin) => {
    const pattern = match === 'post-office' ? 'POST /office' : match;
    const others = { 'routes/issues.yaml': route('issues', pattern, '{ owned: articles }') };
    const data = `${DATA.replace('[articles]', '[articles, issues]')}requests: [POST /api/issues/run]\n`;
    expect(outside('', { ...others, 'data/articles.yaml': data })).toHaveLength(isWithin ? 0 : 1);
  });

  test('is a rest of many segments of which a route of the set matches but one', () => {
    const data = `${DATA.replace('[articles]', '[articles, issues]')}requests: ["POST /api/issues/*rest"]\n`;
    const within = (match: string) =>
      outside('', {
        'data/articles.yaml': data,
        'routes/issues.yaml': route('issues', match, '{ owned: articles }'),
      });
    expect(within('POST /api/issues/:what')).toHaveLength(1);
    expect(within('"POST /api/*rest"')).toEqual([]);
  });

  test('is what goes to the closer of two routes', () => {
    const data = `${DATA.replace('[articles]', '[articles, issues]')}requests: [POST /api/issues/run]\n`;
    const others = {
      'data/articles.yaml': data,
      'routes/issues.yaml': route('issues', 'POST /api/issues/:what', '{ owned: articles }'),
      'routes/runs.yaml': route('runs', 'POST /api/issues/run'),
    };
    expect(outside('', others)).toEqual([expect.stringContaining('it belongs to route runs')]);
  });

  test('is a route that is listed and does not own the set', () => {
    const data = DATA.replace('[articles]', '[articles, issues]');
    const others = { 'data/articles.yaml': data, 'routes/issues.yaml': route('issues', 'POST /api/issues') };
    expect(outside('', others)).toEqual([
      'route issues writes articles and does not say `data: { owned: articles }`: write that in routes/issues.yaml, or take it off `routes` of data/articles.yaml when it writes the tables no more.',
    ]);
  });

  test('is a job that runs, and neither a job nor a request that is stopped or moved', () => {
    expect(outside('jobs: [nightly, { name: weekly }]\n')).toEqual([
      expect.stringMatching(
        /^job nightly writes articles behind the API: stop it .* `\{ name: nightly, state: stopped \}`/,
      ),
      expect.stringMatching(/^job weekly writes articles/),
    ]);
    expect(
      outside(
        'jobs: [{ name: nightly, state: stopped }, { name: weekly, state: moved }]\nrequests: [{ request: POST /x, state: moved }, { request: POST /y, state: stopped }]\n',
      ),
    ).toEqual([]);
  });

  test('is a warning of lint where it stands, and refuses no plan', () => {
    const { problems } = load('requests: [POST /api/issues/run]\njobs: [nightly]\n');
    expect(problems.map(formatProblem)).toEqual([
      expect.stringMatching(
        /^data\/articles\.yaml:6 requests\[0\]: cutover will refuse: POST \/api\/issues\/run writes/,
      ),
      expect.stringMatching(/^data\/articles\.yaml:7 jobs\[0\]: cutover will refuse: job nightly writes/),
    ]);
    expect(new Set(problems.map(({ severity }) => severity))).toEqual(new Set(['warning']));
  });

  test('is not asked of a set that is not there', () => {
    expect(() => writersOutside(load('').plan, 'issues')).toThrow(RangeError);
  });
});

describe('the plan of this repository', () => {
  const { plan } = loadPlan(fileURLToPath(new URL('..', import.meta.url)), {});

  test('names what writes timesheets beside their route: the payment run, its page and another one, and two cascades', () => {
    expect(writersOutside(plan as Plan, 'timesheets').map((line) => line.split(' writes ')[0])).toEqual([
      'POST /api/payments/run',
      'POST /payments/run',
      'POST /api/payments/:id/fail',
      'POST /timesheets/:id/approve',
      'DELETE /api/projects/:id',
      'DELETE /api/customers/:id',
    ]);
    // So its route goes no further than where legacy answers everybody.
    const route = plan?.routes.find(({ name }) => name === 'timesheets');
    expect(route?.stages.map(({ stage }) => stage)).toEqual(['shadow']);
  });

  test('leaves nothing that would keep freelancers from their cutover', () => {
    expect(writersOutside(plan as Plan, 'freelancers')).toEqual([]);
  });
});
