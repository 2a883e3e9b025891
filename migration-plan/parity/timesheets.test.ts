import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MYSQL_URL, mysqlDatabase, sqliteDatabase } from '#acl/testing/databases.ts';
import { startWorld, TIMESHEETS, type World } from '#acl/testing/world.ts';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan } from '#plan/model/plan.ts';
import { readContract } from './contract-coverage.ts';
import { type CaseReport, explain } from './report.ts';
import { runSuite } from './run-suite.ts';
import { loadSuites, type Suite } from './suite.ts';

const PLAN = 'migration-plan';
const kinds = [
  { name: 'SQLite', create: sqliteDatabase },
  ...(MYSQL_URL ? [{ name: 'MySQL', create: mysqlDatabase }] : []),
];
if (!MYSQL_URL) test.skip('timesheets on MySQL: FIG_TEST_MYSQL_URL names no server', () => {});

describe.each(kinds)('the timesheets suite on $name', ({ create }) => {
  let world: World;
  let plan: Plan;
  let suite: Suite;
  beforeAll(async () => {
    world = await startWorld(await create(), 60, async () => {}, TIMESHEETS);
    expect(await world.backfill()).toMatchObject({ state: 'done', quarantined: 0 });
    plan = loadPlan(PLAN, {}).plan as Plan;
    const { suites, problems } = loadSuites(plan, PLAN, {});
    expect(problems).toEqual([]);
    suite = suites.find(({ route }) => route.name === 'timesheets') as Suite;
  });
  afterAll(() => world?.stop());

  const runWith = (writes: boolean) =>
    runSuite(suite, {
      plan,
      legacyUrl: world.legacy,
      candidateUrl: world.gateway,
      writes,
      timeoutMs: 10_000,
      contract: readContract(join(PLAN, 'contract/openapi.yaml')),
    });
  const notPassed = (cases: readonly CaseReport[]) =>
    cases.filter(({ outcome }) => outcome !== 'passed').map((one) => [one.name, ...explain(one)]);

  test('sends nothing that writes unless it is told to', async () => {
    const { counts, cases } = await runWith(false);
    expect(cases.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name)).toEqual(
      suite.cases.filter(({ safe }) => !safe).map(({ name }) => name),
    );
    expect(counts).toMatchObject({ failed: 0, error: 0 });
    expect(counts.passed).toBeGreaterThan(20);
  });

  test('passes whole', async () => {
    const { counts, cases, coverage } = await runWith(true);
    expect(notPassed(cases)).toEqual([]);
    expect(counts).toEqual({ passed: suite.cases.length, failed: 0, error: 0, skipped: 0 });
    // A body of a megabyte has no place in a suite; no request makes a search break, or is answered while its sheet goes.
    expect(coverage?.missing.filter((one) => !one.endsWith(' 413'))).toEqual([
      'GET /api/timesheets 500',
      'POST /api/timesheets 404',
    ]);
  });

  test('has a case for each endpoint of the route that is answered well, and one that is refused', () => {
    const asked = suite.cases
      .flatMap(({ steps }) => steps)
      .map(({ request, status }) => {
        const path = request.path.replace(/\?.*/, '').replace(/\/(\{\{\w+\}\}|\d+x?|one)(?=\/|$)/, '/:id');
        return `${request.method} ${path} ${(status ?? 0) < 400 ? 'well' : 'refused'}`;
      });
    for (const { method, pattern } of suite.route.match)
      expect(asked).toEqual(
        expect.arrayContaining([`${method} ${pattern} well`, `${method} ${pattern} refused`]),
      );
  });
});
