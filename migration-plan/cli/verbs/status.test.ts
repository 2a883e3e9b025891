import { styleText } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { loadPlan } from '#plan/model/load-plan.ts';
import { DATA, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
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
      'ROUTE     STAGE               SHARE  WRITES    VERSION  NEXT        EVIDENCE  NEEDS',
      'articles  legacy              0%     as reads  3        canary 10%  -         a reason: fig advance articles --reason …',
      'authors   canary              10%    as reads  0        canary 50%  -         articles (legacy) to come as far',
      'tags      candidate (killed)  0%     as reads  0        -           -         killed: fig resume tags',
      'gone      canary (paused)     2.5%   as reads  0        -           -         paused: fig resume gone',
      'Moved: 0 of 4 routes · 0 of 4 matches of the plan (0 %) · no requests since the facade started',
      '',
    ]);
    expect(err).toBe('new: in the plan, not served yet. Run: npx fig reload\n');
  });

  test('shows who decides about a route and until when it was to move, where the plan says so', async () => {
    const plan = folders.write({
      'routes/articles.yaml': `${ROUTE}${STAGES}owner: content-team\ntargetDate: 2026-01-31\n`,
      'routes/tags.yaml': `route: tags\nmatch: [/tags]\ncandidate: catalog\n${STAGES}targetDate: 2026-01-31\n`,
      'routes/users.yaml': `route: users\nmatch: [/users]\ncandidate: catalog\n${STAGES}targetDate: 9999-12-31\n`,
    });
    control.route('articles', {});
    control.route('tags', { stage: 'candidate', percent: 100 });
    control.route('users', {});
    const [header, ...rows] = (await fig(['status'], { admin, plan })).out.split('\n');
    expect(header).toMatch(/ NEEDS {2,}OWNER {2,}TARGET$/);
    expect(rows[0]).toMatch(/ … {2}content-team {2}2026-01-31 \(past\)$/);
    expect(rows[1]).toMatch(/ {2}- {2,}2026-01-31$/);
    expect(rows[2]).toMatch(/ {2}- {2,}9999-12-31$/);
  });

  test('says of which routes reads are held at the owner of their data, and why', async () => {
    const plan = articles();
    const fenced = 'reads of articles go to its owner: the set lags 7000 ms, and its maxLag is 5000 ms';
    control.route('articles', { stage: 'canary', percent: 10, fenced });
    expect((await fig(['status'], { admin, plan })).err).toBe(`articles: ${fenced} (FENCED).\n`);
    const json = JSON.parse((await fig(['status', '--json'], { admin, plan })).out);
    expect(json.routes[0].fenced).toBe(fenced);
  });

  test('says of which routes another build answers as well, and that no step rests on what was seen', async () => {
    const plan = articles();
    const mixed = { build: 'b2', at: '2026-11-23T11:00:00.000Z' };
    const known = { route: 'articles', at: 'canary 10%', since: null, build: 'b1', hash: 'h', bakeLeftMs: 0 };
    const judged = { verdict: 'pass', guardrails: [{ name: 'mismatch', verdict: 'pass' }] };
    const body = { ...known, ...judged, mixed, parity: null, parityGap: null };
    control.answers.set('/v1/routes/articles/evidence', { status: 200, body });
    control.route('articles', { stage: 'canary', percent: 10 });
    const { out, err } = await fig(['status'], { admin, plan });
    expect(out).toMatch(/ pass, mixed with build b2 +one build alone: fig next articles\n/);
    expect(err).toBe(
      'articles: build b2 has answered as well, last at 2026-11-23T11:00:00.000Z: what was seen is of no build alone, and no step rests on it. It is seen anew once that has been silent for ten seconds.\n',
    );
    const json = JSON.parse((await fig(['status', '--json'], { admin, plan })).out);
    expect(json.routes[0]).toMatchObject({ mixed, evidence: 'pass, mixed with build b2' });
  });

  test('shows what is known of a route, how old it is, and how much has moved', async () => {
    const plan = folders.write({
      'routes/articles.yaml':
        ROUTE.replace('GET /api/articles', 'GET /api/articles, GET /api/articles/:id') + STAGES,
      'routes/tags.yaml': `route: tags\nmatch: [/tags]\ncandidate: catalog\n${STAGES}`,
      'parity/articles.parity.yaml': 'parity: articles\n',
      'contract/openapi.yaml':
        'paths: { /api/articles: { get: { responses: { 200: {} } } }, "/api/articles/{id}": { get: { responses: { 200: {} } } }, /tags: { get: { responses: { 200: {} } } }, /other: { get: { responses: { 200: {} } } } }',
    });
    control.route('articles', { stage: 'canary', percent: 50 });
    control.route('tags', { stage: 'candidate' });
    const parity = {
      ...{ verdict: 'pass', suite: 's', passed: 3, failed: 0, errors: 0, skipped: 0, unsentWrites: 0 },
      ...{
        at: new Date(Date.now() - 3 * 3_600_000 + 60_000).toISOString(),
        actor: 'ci',
        hash: 'h',
        build: null,
        stale: null,
      },
    };
    const known = { route: 'articles', at: 'canary 50%', since: null, build: null, hash: 'h', bakeLeftMs: 0 };
    const judged = { ...known, verdict: 'pass', guardrails: [{ name: 'mismatch', verdict: 'pass' }], parity };
    const answer = (more: object) =>
      control.answers.set('/v1/routes/articles/evidence', {
        status: 200,
        body: { ...judged, parityGap: null, ...more },
      });
    control.metrics = [
      'fig_requests_total{route="articles",upstream="legacy",reason="COHORT",status="200"} 600',
      'fig_requests_total{route="articles",upstream="candidate",reason="COHORT",status="200"} 500',
      'fig_requests_total{route="",upstream="legacy",reason="UNMATCHED",status="200"} 100',
      'fig_requests_total{route="",upstream="none",reason="ROUTE_NOT_FOUND",status="404"} 7',
      'fig_request_seconds_count{route="articles",upstream="legacy"} 600',
    ].join('\n');
    answer({});
    const { out } = await fig(['status'], { admin, plan });
    expect(out).toMatch(
      /canary +50% .* candidate +pass, parity pass 3 h ago +a reason: fig advance articles/,
    );
    expect(out).toContain(
      'Moved: 1 of 2 routes · 1 of 4 operations of the contract (25 %) · 41.7 % of 1,200 requests since the facade started\n',
    );
    answer({ parityGap: 'It is old.' });
    expect((await fig(['status'], { admin, plan })).out).toContain('a parity run: fig next articles');
    answer({ verdict: 'hold' });
    expect((await fig(['status'], { admin, plan })).out).toMatch(
      /hold, parity pass 3 h ago +more evidence: fig next/,
    );
    answer({ verdict: 'breach' });
    expect((await fig(['status'], { admin, plan })).out).toContain(
      'what differs to be mended: fig observations',
    );
    const stale = {
      ...parity,
      at: new Date(Date.now() - 26 * 3_600_000 + 60_000).toISOString(),
      stale: 'age',
    };
    answer({ parity: stale, parityGap: 'It is old.' });
    expect((await fig(['status'], { admin, plan })).out).toMatch(
      /pass, parity stale: pass 26 h ago +a parity run: fig next articles/,
    );
    answer({ parity: { ...parity, stale: 'build' }, parityGap: 'It is of another build.' });
    const coloured = await fig(['status'], { admin, plan, columns: 200 });
    expect(coloured.out).toContain(
      styleText('yellow', 'pass, parity stale: pass 3 h ago, of another build', { validateStream: false }),
    );
    expect(JSON.parse((await fig(['status', '--json'], { admin, plan })).out).routes[0].parityStale).toBe(
      'build',
    );
    answer({ verdict: 'breach' });
    const { routes, moved } = JSON.parse((await fig(['status', '--json'], { admin, plan })).out);
    expect(routes[0]).toMatchObject({
      route: 'articles',
      evidence: 'breach, parity pass 3 h ago',
      parityStale: null,
      owner: null,
    });
    expect(moved).toMatchObject({ routes: { moved: 1, of: 2 }, requests: { moved: 500, of: 1200 } });
  });

  test('counts writes of owned data as moved when their writer has', async () => {
    const plan = folders.write({
      'routes/articles.yaml': `${ROUTE.replace('GET /api/articles', 'GET /api/articles, POST /api/articles, /api/any')}data: { owned: articles }\n${STAGES}`,
      'data/articles.yaml': DATA,
    });
    control.route('articles', { stage: 'candidate' });
    const moved = async () => /· (\d of \d matches)/.exec((await fig(['status'], { admin, plan })).out)?.[1];
    expect(await moved()).toBe('1 of 3 matches');
    Object.assign(control.routes[0] as object, { writer: 'candidate' });
    expect(await moved()).toBe('3 of 3 matches');
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

  test('says where writes go: to the writer of owned data, else where reads go', async () => {
    control.route('articles', { data: { owned: 'articles' } });
    control.route('authors', { data: 'shared', stage: 'candidate' });
    control.route('tags', { data: 'none' });
    const plan = folders.write({});
    const { out } = await fig(['status'], { admin, plan });
    expect(out).toMatch(/articles +legacy +0% +legacy +0/);
    expect(out).toMatch(/authors +candidate +100% +as reads +0/);
    expect(out).toMatch(/tags +legacy +0% +as reads +0/);
    const { routes } = JSON.parse((await fig(['status', '--json'], { admin, plan })).out);
    expect(routes.map(({ writer, writes }: Record<string, string>) => [writer, writes])).toEqual([
      ['legacy', 'legacy'],
      ['legacy', 'as reads'],
      ['legacy', 'as reads'],
    ]);
  });

  test.each([40, 80, 120, 200])(
    'keeps 200 routes within a terminal of %i columns, and cuts nothing',
    async (columns) => {
      const plan = articles();
      control.route('articles', { hash: hashOf(plan) });
      for (let index = 0; index < 200; index++) control.route(`route-with-a-long-name-${index}`);
      const { out } = await fig(['status'], { admin, plan, columns, env: { NO_COLOR: '1' } });
      const lines = out.split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      // What wide output says narrow output says, too.
      const words = out.replaceAll(/\s+/g, ' ');
      expect(words).toContain('a reason: fig advance articles --reason …');
      expect(words.match(/not in this plan: fig reload, or another --plan/g)).toHaveLength(200);
      expect(words).toContain('no requests since the facade started');
    },
  );

  test('stands side by side as far as there is room, the rest beneath its row', async () => {
    const plan = articles();
    control.route('articles', { hash: hashOf(plan) });
    const shown = async (columns: number) =>
      (await fig(['status'], { admin, plan, columns, env: { NO_COLOR: '1' } })).out.split('\n').slice(0, -2);
    expect(await shown(110)).toHaveLength(2);
    expect(await shown(80)).toEqual([
      'ROUTE     STAGE   SHARE  WRITES    VERSION  NEXT        EVIDENCE',
      'articles  legacy  0%     as reads  0        canary 10%  -',
      '  needs a reason: fig advance articles --reason …',
      'Moved: 0 of 1 routes · 0 of 1 matches of the plan (0 %)',
    ]);
    expect(await shown(40)).toEqual([
      'ROUTE     STAGE   SHARE  WRITES',
      'articles  legacy  0%     as reads',
      '  version 0 · next canary 10%',
      '  needs a reason: fig advance articles',
      '  --reason …',
      'Moved: 0 of 1 routes',
      '0 of 1 matches of the plan (0 %)',
    ]);
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
