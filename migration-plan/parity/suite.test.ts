import { afterEach, describe, expect, test } from '@jest/globals';
import { loadPlan } from '#plan/model/load-plan.ts';
import type { Plan } from '#plan/model/plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { PlanFolders, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { loadSuites } from './suite.ts';

const folders = new PlanFolders();
afterEach(() => folders.removeAll());

function load(suite: string, name = 'articles.parity.yaml', route = ROUTE) {
  const dir = folders.write({ 'routes/articles.yaml': route, [`parity/${name}`]: suite });
  const { plan } = loadPlan(dir, {});
  return loadSuites(plan as Plan, dir, { TOKEN: 'abc' });
}
const problemsOf = (suite: string, name?: string) => load(suite, name).problems.map(formatProblem);
const withCase = (text: string) =>
  `parity: articles\nusers:\n  ann: { request: POST /login }\ncases:\n  - ${text}\n`;

describe('a suite', () => {
  test('is read with the rules of route, suite, case and step together', () => {
    const { suites, problems } = load(
      `parity: articles
compare: { ignore: ["$.b"], headers: [etag] }
cases:
  - name: a
    compare: { ignore: ["$.c"], tolerance: { "$.n": 1 } }
    steps:
      - { request: GET /api/articles, compare: { ignore: ["$.d"], headers: [link] }, headers: { x: "\${TOKEN}" } }
  - { name: b, request: POST /api/articles, safe: true, json: { a: 1 } }
`,
      undefined,
      `${ROUTE}compare: { ignore: ["$.a"], headers: [vary] }\n`,
    );
    expect(problems).toEqual([]);
    const [a, b] = suites[0]!.cases;
    expect(a!.steps[0]).toMatchObject({
      headers: { x: 'abc' },
      compare: { ignore: ['$.a', '$.b', '$.c', '$.d'], tolerance: { '$.n': 1 }, headers: ['link'] },
    });
    expect(b).toMatchObject({ safe: true });
    expect(b!.steps[0]).toMatchObject({ compare: { ignore: ['$.a', '$.b'], headers: ['etag'] } });
  });

  test.each([
    ['{ name: a, request: GET /x }', true],
    ['{ name: a, request: HEAD /x }', true],
    ['{ name: a, request: POST /x }', false],
    ['{ name: a, request: POST /x, safe: true }', true],
    ['{ name: a, steps: [{ request: GET /x }, { request: DELETE /x }] }', false],
  ])('%s changes nothing: %s', (text, safe) => {
    expect(load(withCase(text)).suites[0]!.cases[0]).toMatchObject({ safe });
  });

  test.each([
    [
      'parity: article\ncases: [{ name: a, request: GET /x }]\n',
      'parity/articles.parity.yaml:1 parity: expected a route of the plan, got `article`. Did you mean `articles`?',
    ],
    [
      'parity: articles\ncases: []\n',
      'parity/articles.parity.yaml:2 cases: expected a list with an entry, got an empty list. Write e.g. `[{ name: list, request: GET /api/articles }]`.',
    ],
    [
      withCase('{ name: a, request: "get /x" }'),
      'parity/articles.parity.yaml:5 cases[0].request: expected `METHOD /path`, spaces in the path as `%20`, got `get /x`. Write e.g. `GET /api/articles`.',
    ],
    [
      withCase('{ name: a }'),
      'parity/articles.parity.yaml:5 cases[0]: expected either `request` or `steps`, got a mapping. Write one of the two.',
    ],
    [
      withCase('{ name: a, request: GET /x, as: anne }'),
      'parity/articles.parity.yaml:5 cases[0].as: expected one of `users`, got `anne`. Did you mean `ann`?',
    ],
    [
      withCase('{ name: a, steps: [{ request: GET /x, as: bob }] }'),
      'parity/articles.parity.yaml:5 cases[0].steps[0].as: expected one of `users`, got `bob`. Known: ann.',
    ],
    [
      withCase('{ name: a, request: POST /x, json: {}, body: y }'),
      'parity/articles.parity.yaml:5 cases[0].body: expected one body, got `json` and `body`. Leave one of them.',
    ],
    [
      withCase('{ name: a, status: 200, steps: [{ request: GET /x }] }'),
      'parity/articles.parity.yaml:5 cases[0].status: expected `status` in a step, got it beside `steps`. Move it into one of them.',
    ],
    [
      withCase('{ name: a, request: "GET /x/{{id}}" }'),
      'parity/articles.parity.yaml:5 cases[0]: expected a value for {{id}}, got none. Capture it in an earlier step: `capture: { id: $.id }`.',
    ],
    [
      withCase('{ name: a, request: GET /x, capture: { id: id } }'),
      'parity/articles.parity.yaml:5 cases[0].capture.id: expected a JSON path, or `header:NAME`, got `id`. Write e.g. `$.id`.',
    ],
    [
      `${withCase('{ name: a, request: GET /x }')}  - { name: a, request: GET /y }\n`,
      'parity/articles.parity.yaml:6 cases[1].name: expected each name once, got `a` again (cases[0]). Write another name.',
    ],
    [
      withCase('{ name: a, request: GET /x, statuss: 1 }'),
      'parity/articles.parity.yaml:5 cases[0].statuss: expected a known key, got `statuss`. Did you mean `status`?',
    ],
  ])('%j is refused with what to write', (suite, problem) => {
    expect(problemsOf(suite)).toEqual([problem]);
  });

  test('of another name than its route is refused', () => {
    expect(problemsOf(withCase('{ name: a, request: GET /x }'), 'other.parity.yaml')).toEqual([
      "parity/other.parity.yaml:1 parity: expected the route of the file's name, got `articles`. Call the file articles.parity.yaml.",
    ]);
  });
});
