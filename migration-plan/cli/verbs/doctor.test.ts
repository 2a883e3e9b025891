import { describe, expect, test } from '@jest/globals';
import { DATA, PLAN, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { admin, control, folders } from '../test-kit/control-plane.ts';
import { addressOfNobody, problem } from '../test-kit/fake-control.ts';
import { fig } from '../test-kit/terminal.ts';

const STAGES = 'stages: [canary 10%, canary 50%, candidate]\n';
const articles = (more = '') => folders.write({ 'routes/articles.yaml': ROUTE + STAGES + more });

describe('fig doctor', () => {
  test('finds everything in place, with latency and versions', async () => {
    const origin = (name: string) => `${name}: { url: ${admin} }`;
    const plan = folders.write({
      'plan.yaml': `version: 1\npublicUrl: ${admin}\n${origin('legacy')}\n${origin('relay')}\ncandidates: { ${origin('catalog')} }\n`,
      'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n${STAGES}`,
      'data/articles.yaml': DATA.replace('http://127.0.0.1:4111', admin),
    });
    const { code, out } = await fig(['doctor'], { admin, plan });
    expect(out.split('\n').map((line) => line.slice(0, 26).trimEnd())).toEqual(
      [
        'ok    node',
        'ok    plan',
        'ok    facade admin',
        'ok    admin token',
        'ok    facade public',
        'ok    legacy',
        'ok    candidate catalog',
        'ok    service of articles',
        'ok    relay',
        'ok    relay token',
        '',
      ].map((line) => line.slice(0, 26)),
    );
    expect(out).toMatch(/relay +http:\S+ in \d+ ms, fake 1\.2\.3 \(build dev\)/);
    expect(code).toBe(EXIT.ok);
  });

  test('warns of a ledger that the facade does not trust', async () => {
    control.ledgerFault = 'ledger .fig/ledger.jsonl:2: it is not JSON. Stop the facade';
    const { out } = await fig(['doctor'], { admin, plan: articles() });
    expect(out).toMatch(
      /^warn {2}ledger +positions cannot be changed: ledger .fig\/ledger.jsonl:2: it is not JSON/m,
    );
  });

  test('names what is down, what to do about it, and exits 1', async () => {
    const away = await addressOfNobody();
    const plan = folders.write({
      'plan.yaml': PLAN.replaceAll(/http:\S+\d/g, away).concat(`publicUrl: ${admin}\n`),
    });
    const { code, out } = await fig(['doctor'], { admin, plan, env: { FIG_ADMIN_TOKEN: 'wrong' } });
    expect(code).toBe(EXIT.refused);
    // The plan starts nothing itself.
    expect(out).toMatch(/fail {2}legacy +http:\/\/127.0.0.1:\d+: connection refused\. Start it, or correct/);
    expect(out).toMatch(
      /fail {2}admin token +refused by \S+ Set FIG_TOKEN, FIG_ADMIN_TOKEN or \.fig\/admin-token/,
    );
  });

  test('reports a plan with problems, and answers in JSON', async () => {
    const plan = folders.write({ 'plan.yaml': 'version: 2\n' });
    const { code, out } = await fig(['doctor', '--json'], { admin, plan });
    expect(code).toBe(EXIT.refused);
    const { ok, checks } = JSON.parse(out);
    expect(ok).toBe(false);
    expect(checks).toContainEqual({
      check: 'plan',
      verdict: 'fail',
      found: expect.stringContaining('plan.yaml:1 version'),
      todo: 'Run: npx fig lint',
    });
  });

  test('fails a process that answers but is not ready', async () => {
    control.answers.set('/readyz', problem(503, 'DOWN', 'database away'));
    const { code, out } = await fig(['doctor'], { admin, plan: articles() });
    expect(code).toBe(EXIT.refused);
    expect(out).toMatch(/fail {2}facade admin +\S+\/readyz answers 503\. Look at its log/);
  });
});
