import { describe, expect, test } from '@jest/globals';
import { loadPlan } from '#plan/model/load-plan.ts';
import { ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { admin, control, folders } from '../test-kit/control-plane.ts';
import { fig } from '../test-kit/terminal.ts';

const STAGES = 'stages: [canary 10%, canary 50%, candidate]\n';
const articles = (more = '') => folders.write({ 'routes/articles.yaml': ROUTE + STAGES + more });
const hashOf = (plan: string) => loadPlan(plan, {}).plan?.routes[0]?.hash;

describe('fig status', () => {
  test('shows where each route stands, its next step and what that needs', async () => {
    const plan = folders.write({
      'routes/articles.yaml': ROUTE + STAGES,
      'routes/authors.yaml': `route: authors\nmatch: [/authors]\ncandidate: catalog\ndependsOn: [articles]\n${STAGES}`,
      'routes/tags.yaml': `route: tags\nmatch: [/tags]\ncandidate: catalog\n${STAGES}`,
      'routes/new.yaml': 'route: new\nmatch: [/new]\ncandidate: catalog\n',
    });
    control.route('articles', { hash: hashOf(plan), version: 3 });
    control.route('authors', { stage: 'canary', percent: 10 });
    control.route('tags', { stage: 'candidate', killed: true });
    control.route('gone', { stage: 'canary', percent: 2.5, paused: true });
    const { code, out, err } = await fig(['status'], { admin, plan });
    expect(code).toBe(EXIT.ok);
    expect(out.split('\n')).toEqual([
      'ROUTE     STAGE               SHARE  WRITER  VERSION  NEXT        NEEDS',
      'articles  legacy              0%     legacy  3        canary 10%  a reason: fig advance articles --reason …',
      'authors   canary              10%    legacy  0        canary 50%  articles (legacy) to come as far',
      'tags      candidate (killed)  0%     legacy  0        -           killed: fig resume tags',
      'gone      canary (paused)     2.5%   legacy  0        -           paused: fig resume gone',
      '',
    ]);
    expect(err).toBe('new: in the plan, not served yet. Run: npx fig reload\n');
  });

  test('says when the facade runs another version of a route', async () => {
    control.route('articles', { hash: 'a'.repeat(64) });
    const { out } = await fig(['status'], { admin, plan: articles() });
    expect(out).toContain('the plan that stands here: fig reload');
  });

  test('says what to do when there is no route', async () => {
    const { code, out } = await fig(['status'], { admin, plan: folders.write({}) });
    expect(code).toBe(EXIT.ok);
    expect(out).toContain(`No routes at ${admin}. Add one`);
  });

  test.each([40, 80, 120])('keeps 200 routes within a terminal of %i columns', async (columns) => {
    for (let index = 0; index < 200; index++) control.route(`route-with-a-long-name-${index}`);
    const { out } = await fig(['status'], { admin, plan: articles(), columns, env: { NO_COLOR: '1' } });
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(201);
    const narrowest = 7 * 6 + 6 * 2;
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.max(columns, narrowest));
  });

  test('colours for a terminal alone, and not with NO_COLOR', async () => {
    control.route('articles');
    const plan = articles();
    expect((await fig(['status'], { admin, plan })).out).not.toContain('\u001b');
    expect((await fig(['status'], { admin, plan, columns: 100 })).out).toContain('\u001b[');
    expect((await fig(['status'], { admin, plan, columns: 100, env: { NO_COLOR: '1' } })).out).not.toContain(
      '\u001b',
    );
  });

  test('works without a valid plan, and says so', async () => {
    control.route('articles');
    const { code, out, err } = await fig(['status'], { admin, plan: folders.write({ 'plan.yaml': '' }) });
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('articles');
    expect(err).toContain('npx fig lint');
  });

  test('shows a route whose position is unknown', async () => {
    control.route('articles', {
      stage: null,
      percent: null,
      writer: null,
      paused: null,
      killed: null,
      version: null,
    });
    const { code, out } = await fig(['status'], { admin, plan: articles() });
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('a ledger that can be trusted');
  });

  test('warns of a ledger that the facade does not trust', async () => {
    control.route('articles');
    control.ledgerFault = 'ledger .fig/ledger.jsonl:2: it is not JSON. Stop the facade';
    const { code, err } = await fig(['status'], { admin, plan: articles() });
    expect(code).toBe(EXIT.ok);
    expect(err).toContain('Positions cannot be changed: ledger .fig/ledger.jsonl:2: it is not JSON');
    const { out } = await fig(['status', '--json'], { admin, plan: articles() });
    expect(JSON.parse(out).ledgerFault).toBe(control.ledgerFault);
  });

  test('answers in JSON', async () => {
    const plan = articles();
    control.route('articles', { hash: hashOf(plan) });
    const { out } = await fig(['status', '--json'], { admin, plan });
    expect(JSON.parse(out)).toMatchObject({
      admin,
      routes: [{ route: 'articles', stage: 'legacy', share: '0%', next: 'canary 10%' }],
      notServed: [],
    });
  });
});
