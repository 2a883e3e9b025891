import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { PlanFolders, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { fig } from '../test-kit/terminal.ts';

const folders = new PlanFolders();
afterEach(() => folders.removeAll());

const STAGES = 'stages: [canary 10%, canary 50%, candidate]\n';
const articles = () => folders.write({ 'routes/articles.yaml': ROUTE + STAGES });

describe('fig lint', () => {
  test('says that nothing is wrong, and exits 0', async () => {
    const plan = articles();
    expect(await fig(['lint'], { plan })).toEqual({
      code: EXIT.ok,
      out: `${plan}: no problems (1 route, 0 data sets)\n`,
      err: '',
    });
  });

  test('prints every problem with file and line, and exits 1', async () => {
    const plan = folders.write({ 'plan.yaml': 'version: 2\nexpos: true\n', 'routes/a.yaml': 'route: a\n' });
    const { code, out } = await fig(['lint'], { plan });
    expect(code).toBe(EXIT.refused);
    expect(out.split('\n').map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
      'plan.yaml:1 version',
      'plan.yaml:2 expos',
      'routes/a.yaml:1 match',
      'routes/a.yaml:1 candidate',
      `${plan}: 4 errors, 0 warnings`,
      '',
    ]);
  });

  test('reads the parity suites, too', async () => {
    const plan = folders.write({
      'routes/articles.yaml': ROUTE + STAGES,
      'parity/articles.parity.yaml': 'parity: articles\ncases: [{ name: a }]\n',
    });
    const { code, out } = await fig(['lint'], { plan });
    expect(code).toBe(EXIT.refused);
    expect(out).toContain('parity/articles.parity.yaml:2 cases[0]: expected either `request` or `steps`');
  });

  test('tells which operations of the contract are in no route; they stay with legacy', async () => {
    const operation = '{ responses: { 200: {} } }';
    const paths = (text: string) =>
      `paths: { /api/articles: { get: ${operation}, post: ${operation} }${text} }\n`;
    const plan = folders.write({
      'routes/articles.yaml': ROUTE + STAGES,
      'contract/openapi.yaml': paths(`, "/api/tags/{id}": { get: ${operation} }`),
    });
    const { code, out, err } = await fig(['lint'], { plan });
    expect([code, out]).toEqual([EXIT.ok, `${plan}: no problems (1 route, 0 data sets)\n`]);
    expect(err).toBe(
      '2 of 3 operations of contract/openapi.yaml are in no route and stay with legacy: POST /api/articles, GET /api/tags/{id}.\n',
    );
    expect(JSON.parse((await fig(['lint', '--json'], { plan })).out)).toMatchObject({
      unclaimedOperations: ['POST /api/articles', 'GET /api/tags/{id}'],
    });
    const broken = folders.write({ 'routes/articles.yaml': ROUTE + STAGES, 'contract/openapi.yaml': 'a: b' });
    expect(await fig(['lint'], { plan: broken })).toMatchObject({
      code: EXIT.refused,
      out: expect.stringContaining('contract/openapi.yaml: expected an OpenAPI document with `paths`'),
    });
  });

  test('shows warnings and still exits 0', async () => {
    const plan = fileURLToPath(new URL('../../model/test-kit/every-key/plan', import.meta.url));
    const { code, out } = await fig(['lint'], { plan, env: { SHADOW_TOKEN: 'x' } });
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(
      /^data\/articles\.yaml:7 requests\[0\]: warning: cutover will refuse: POST \/api\/issues\/run/m,
    );
  });

  test('answers in JSON', async () => {
    const plan = folders.write({ 'plan.yaml': 'version: 2\n' });
    const { code, out, err } = await fig(['lint', '--json'], { plan });
    expect(code).toBe(EXIT.refused);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      errors: 1,
      problems: [{ file: 'plan.yaml', line: 1 }],
    });
    expect(err).toBe('');
  });
});
