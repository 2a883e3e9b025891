import { describe, expect, test } from '@jest/globals';
import { DATA, PLAN, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { admin, control, folders } from '../test-kit/control-plane.ts';
import { addressOfNobody, ok, problem } from '../test-kit/fake-control.ts';
import { fig } from '../test-kit/terminal.ts';

const STAGES = 'stages: [canary 10%, canary 50%, candidate]\n';
const articles = (more = '') => folders.write({ 'routes/articles.yaml': ROUTE + STAGES + more });

describe('fig advance', () => {
  test('takes the next step of the plan with the version read just before, and prints before and after', async () => {
    control.route('articles', { stage: 'canary', percent: 10, version: 7 });
    const shown = await fig(['advance', 'articles', '--reason', 'all is well'], { admin, plan: articles() });
    expect(shown).toEqual({ code: EXIT.ok, out: 'articles: canary 10% → canary 50% (version 8)\n', err: '' });
    expect(control.requests).toEqual([
      { method: 'GET', path: '/v1/routes/articles', body: undefined },
      {
        method: 'POST',
        path: '/v1/routes/articles/transitions',
        body: { stage: 'canary', percent: 50, reason: 'all is well', expectedVersion: 7 },
      },
    ]);
  });

  test.each([
    [['--to', 'candidate'], { stage: 'candidate' }],
    [['--to', 'canary', '--percent', '2.5'], { stage: 'canary', percent: 2.5 }],
    [['--percent', '33.33%'], { stage: 'canary', percent: 33.33 }],
    [['--to', 'canary 5%'], { stage: 'canary', percent: 5 }],
    [['--to', 'retired', '--force'], { stage: 'retired', force: true }],
  ])('goes where %j says, without a plan', async (args, body) => {
    control.route('articles');
    const plan = folders.write({ 'plan.yaml': null });
    const { code } = await fig(['advance', 'articles', '--reason', 'x', ...args], { admin, plan });
    expect(code).toBe(EXIT.ok);
    expect(control.requests.at(-1)?.body).toEqual({ ...body, reason: 'x', expectedVersion: 0 });
  });

  test.each([
    [['--to', 'done'], '--to: expected one of legacy, shadow, canary, candidate, retired, got `done`.'],
    [['--percent', '250'], '--percent: expected a share from 0 to 100 %, got `250`.'],
    [['--percent', '0.001'], '--percent: expected a share in steps of 0.01 %, got `0.001`.'],
    [['--percent', '0'], '--percent: expected a share above 0 %, got `0`.'],
    [['--to', 'canary'], '--percent: expected a share with canary, got nothing.'],
    [['--to', 'candidate', '--percent', '5'], '--percent: expected no share with candidate, got `5`.'],
  ])('refuses %j and asks nobody', async (args, message) => {
    const { code, err } = await fig(['advance', 'articles', '--reason', 'x', ...args], { admin });
    expect(code).toBe(EXIT.usage);
    expect(err).toContain(message);
    expect(control.requests).toEqual([]);
  });

  describe('of a route whose data is copied', () => {
    const owned = (relay: string) =>
      folders.write({
        'plan.yaml': `${PLAN}relay: { url: ${relay} }\n`,
        'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n${STAGES}`,
        'data/articles.yaml': DATA,
      });
    const quarantined = (rows: number) =>
      control.answers.set('GET /v1/sets/articles/backfill', ok({ set: 'articles', quarantined: rows }));
    const advance = (...args: string[]) =>
      fig(['advance', 'articles', '--reason', 'x', ...args], { admin, plan: owned(admin) });

    test('notes the rows in quarantine', async () => {
      control.route('articles');
      quarantined(2);
      expect(await advance()).toEqual({
        code: EXIT.ok,
        out: 'articles: legacy → canary 10% (version 1)\n',
        err: '2 rows of articles are in quarantine: the candidate answers without them. See: npx fig backfill articles --quarantine\n',
      });
      quarantined(1);
      expect((await advance('--json')).err).toBe('');
      expect((await advance('--to', 'legacy', '--force')).err).toBe('');
    });

    test('gives their number with --json', async () => {
      control.route('articles');
      quarantined(1);
      expect(JSON.parse((await advance('--json')).out)).toMatchObject({
        after: { stage: 'canary' },
        quarantine: { set: 'articles', rows: 1 },
      });
    });

    test('says nothing when there are none, and when the relay is away', async () => {
      control.route('articles');
      quarantined(0);
      expect(await advance()).toMatchObject({ code: EXIT.ok, err: '' });
      const plan = owned(await addressOfNobody());
      const away = await fig(['advance', 'articles', '--reason', 'x', '--json'], { admin, plan });
      expect(away).toMatchObject({ code: EXIT.ok, err: '' });
      expect(JSON.parse(away.out)).not.toHaveProperty('quarantine');
    });
  });

  test('exits 4 when somebody else was faster', async () => {
    control.route('articles');
    control.answers.set(
      'POST /v1/routes/articles/transitions',
      problem(409, 'ROUTE_VERSION_STALE', 'expected version 0, got 1.'),
    );
    const { code, err } = await fig(['advance', 'articles', '--reason', 'x'], { admin, plan: articles() });
    expect(code).toBe(EXIT.conflict);
    expect(err).toBe('error: facade (409): expected version 0, got 1.\n');
  });

  test('exits 1 with the reason when the step is illegal', async () => {
    control.route('articles');
    control.answers.set(
      'POST /v1/routes/articles/transitions',
      problem(422, 'ROUTE_STEP_ILLEGAL', 'the next step is canary 10%.'),
    );
    const { code, err } = await fig(['advance', 'articles', '--to', 'candidate', '--reason', 'x', '--json'], {
      admin,
    });
    expect(code).toBe(EXIT.refused);
    expect(JSON.parse(err)).toMatchObject({
      error: { code: 'ROUTE_STEP_ILLEGAL', exitCode: 1, details: { status: 422 } },
    });
  });

  test('exits 1 after the last stage, at an unknown route, and at one that the plan does not have', async () => {
    control.route('articles', { stage: 'candidate' });
    control.route('other');
    const plan = articles();
    const advance = (route: string) => fig(['advance', route, '--reason', 'x'], { admin, plan });
    expect(await advance('articles')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is the last of its stages'),
    });
    expect(await advance('nothing')).toMatchObject({
      code: 1,
      err: expect.stringContaining('expected a route of the plan'),
    });
    expect(await advance('other')).toMatchObject({
      code: 1,
      err: expect.stringContaining('got none of that name'),
    });
  });

  test('lists the problems of a plan that it cannot use', async () => {
    control.route('articles');
    const plan = folders.write({ 'plan.yaml': 'version: 2\n' });
    const { code, err } = await fig(['advance', 'articles', '--reason', 'x'], { admin, plan });
    expect(code).toBe(EXIT.refused);
    expect(err).toContain('plan.yaml:1 version: expected 1');
  });
});
