import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { EXIT } from '../exit-code.ts';
import { admin, control, folders } from '../test-kit/control-plane.ts';
import { ok, problem } from '../test-kit/fake-control.ts';
import { fig } from '../test-kit/terminal.ts';

const field = {
  endpoint: 'GET /api/articles',
  path: '$.articles[*].price',
  kind: 'value',
  severity: 'major',
  reasons: ['rounding'],
  count: 20,
  noise: 0,
  verdict: 'counts',
  suggestion: null,
  firstSeen: '2026-11-23T10:00:00.000Z',
  lastSeen: '2026-11-23T11:00:00.000Z',
  samples: [
    {
      seen: 'w',
      at: '$.articles[2].price',
      curl: `curl 'http://a/api/articles?earlier'`,
      legacy: '1.5',
      candidate: '1.25',
    },
    {
      seen: 'x',
      at: '$.articles[3].price',
      curl: `curl 'http://a/api/articles'`,
      legacy: '12.5',
      candidate: '"<b>\u001b[31m"',
    },
  ],
};
const noisy = {
  ...field,
  path: '$.requestId',
  verdict: 'noise',
  noise: 1,
  suggestion: {
    rule: 'ignore',
    yaml: 'ignore: ["$.requestId"]',
    reason: 'differs from itself',
    hides: ['GET /b'],
  },
};
const latency = { p50Ms: 1, p95Ms: 2, p99Ms: 3 };
const observations = {
  route: 'articles',
  hash: 'h',
  build: 'b1',
  since: '2026-11-23T09:00:00.000Z',
  eligible: 100,
  rowsLeftOut: 0,
  sampledOut: 1,
  dropped: 2,
  skipped: { unsafe: 7 },
  sent: 90,
  inFlight: 0,
  failed: 3,
  discarded: { conditional: 4 },
  compared: { match: 60, mismatch: 20, ignored: 3 },
  endpoints: [{ template: 'GET /api/articles', match: 60, mismatch: 20, ignored: 3 }],
  fields: [field, noisy],
  latency: { legacy: latency, candidate: { p50Ms: null, p95Ms: null, p99Ms: null } },
};
const PATH = '/v1/routes/articles/observations';

beforeEach(() => {
  control.route('articles');
  control.answers.set(PATH, ok(observations));
});

describe('fig observations', () => {
  test('tells what legacy itself varies, after what counts, before there are enough reads to call it noise', async () => {
    const early = { ...field, path: '$.time', noise: 1, count: 1 };
    control.answers.set(PATH, ok({ ...observations, fields: [early, field] }));
    const { out } = await fig(['observations', 'articles'], { admin });
    expect(out.indexOf('$.articles[*].price')).toBeLessThan(out.indexOf('$.time'));
    expect(out).toMatch(
      /\$\.time value \(rounding\), in 1 answer of .*\n {2}since .*\n {2}noise\? {4}legacy differs from itself in 100 % of its second answers\n/,
    );
    expect(out.match(/noise\?/g)).toHaveLength(1);
    expect((await fig(['observations', 'articles', '--suggest'], { admin })).out).toBe(
      'articles: nothing to propose yet. Legacy differs from itself, too, at $.time; what is noise is told after 20 reads of each endpoint.\n',
    );
  });

  test('shows what differs, how often, since when, at which endpoint, with a sample side by side', async () => {
    const { code, out, err } = await fig(['observations', 'articles'], { admin });
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('compared  60 match, 20 mismatch, 3 ignored');
    expect(out).toContain('90 sent, 1 sampled out, 2 dropped, 7 skipped (unsafe 7)');
    expect(out).toContain('3 failed, 0 in flight, 4 discarded (conditional 4)');
    expect(out).toContain('major $.articles[*].price value (rounding), in 20 answers of GET /api/articles');
    expect(out).toContain(
      '  at        $.articles[3].price\n  legacy    12.5\n  candidate "<b>\\u{1b}[31m"\n',
    );
    // The latest of the samples.
    expect(out).not.toContain('earlier');
    expect(out).toContain(`  curl 'http://a/api/articles'`);
    expect(out).toContain('candidate no answers');
    expect(out).not.toContain('$.requestId');
    expect(err).toContain('1 more differ between two answers of legacy as well');
  });

  test('says wherever it tells figures that those of another build are among them', async () => {
    const mixed = { build: 'b2\u001b', at: '2026-11-23T11:00:00.000Z' };
    control.answers.set(PATH, ok({ ...observations, mixed }));
    const words =
      'build b2  has answered as well, last at 2026-11-23T11:00:00.000Z: what was seen is of no build alone, and no step rests on it. It is seen anew once that has been silent for ten seconds.';
    const { out } = await fig(['observations', 'articles'], { admin });
    expect(out.split('\n').slice(0, 2)).toEqual([
      `articles, build b1, since ${observations.since}`,
      `mixed     ${words}`,
    ]);
    expect((await fig(['observations'], { admin })).err).toContain(`articles: ${words}\n`);
    expect((await fig(['observations', 'articles', '--suggest'], { admin })).out).toContain(`# ${words}\n`);
    const { out: json } = await fig(['observations', 'articles', '--json'], { admin });
    expect(JSON.parse(json)).toMatchObject({ mixed });
    const file = join(mkdtempSync(join(tmpdir(), 'fig-test-')), 'page.html');
    await fig(['observations', '--html', file], { admin });
    expect(readFileSync(file, 'utf8')).toContain(`<p class="major">Mixed: ${words}</p>`);
  });

  test('lists all routes without one, and answers JSON as the API does', async () => {
    const { out } = await fig(['observations'], { admin });
    expect(out).toMatch(/^articles +100 +90 +60 +20 +3 +3 +4$/m);
    const { out: json } = await fig(['observations', 'articles', '--json'], { admin });
    expect(JSON.parse(json)).toEqual(observations);
    expect(JSON.parse((await fig(['observations', '--json'], { admin })).out)).toEqual({
      routes: [observations],
    });
  });

  test('proposes rules with their reason, and what they would hide', async () => {
    const { out } = await fig(['observations', 'articles', '--suggest'], { admin });
    expect(out).toContain(
      '# differs from itself\n# Not without a look: it would hide a difference that counts at GET /b.\n# ignore: ["$.requestId"]\n',
    );
    control.answers.set(PATH, ok({ ...observations, fields: [] }));
    expect((await fig(['observations', 'articles', '--suggest'], { admin })).out).toBe(
      'articles: nothing to propose.\n',
    );
  });

  test('puts no rule that hides something into the line that is to be pasted', async () => {
    const harmless = {
      ...noisy,
      path: '$.at',
      suggestion: { ...noisy.suggestion, yaml: 'ignore: ["$.at"]', hides: [] },
    };
    const { suggestion } = { ...harmless, suggestion: { ...harmless.suggestion, yaml: 'ignore: ["$.id"]' } };
    const fields = [noisy, harmless, { ...harmless, path: '$.id', suggestion }];
    control.answers.set(PATH, ok({ ...observations, fields }));
    const { out } = await fig(['observations', 'articles', '--suggest'], { admin });
    expect(out.split('\n').filter((line) => !line.startsWith('#') && line !== '')).toEqual([
      'ignore: ["$.at", "$.id"]',
    ]);
    expect(out).toContain('\n# ignore: ["$.requestId"]\n');
    const odd = { ...harmless.suggestion, yaml: 'ignore: ["$.\u009b2J\u202e"]' };
    control.answers.set(PATH, ok({ ...observations, fields: [{ ...harmless, suggestion: odd }] }));
    expect((await fig(['observations', 'articles', '--suggest'], { admin })).out).toContain(
      '\nignore: ["$.\\u009b2J\\u202e"]\n',
    );
  });

  test('writes out what nobody would see, in the terminal and on the page', async () => {
    const curl = "curl -H 'x-odd: a' --data-raw 'one\ntwo\u202e' 'http://a/'";
    const [sample] = field.samples;
    const turned = {
      ...field,
      path: '$.a\u200f',
      samples: [{ ...sample, candidate: '"x\u202ey\u2028"', curl }],
    };
    const letters = { ...sample, legacy: '"caf\u00e9"', candidate: '"cafe\u0301"' };
    const alike = { ...field, path: '$.name', reasons: ['unicode-form'], samples: [letters] };
    control.answers.set(PATH, ok({ ...observations, fields: [turned, alike] }));
    const { out } = await fig(['observations', 'articles'], { admin });
    expect(out).toContain('$.a\\u{200f} value');
    expect(out).toContain('  candidate "x\\u{202e}y\\u{2028}"\n');
    expect(out).toContain("--data-raw 'one\\u{a}two\\u{202e}' 'http://a/'\n");
    expect(out).toContain('  legacy    "caf\\u{e9}"\n  candidate "cafe\\u{301}"\n');
    const file = join(mkdtempSync(join(tmpdir(), 'fig-test-')), 'page.html');
    await fig(['observations', '--html', file], { admin });
    const page = readFileSync(file, 'utf8');
    expect(page).not.toMatch(/[\u200f\u202e\u2028]/);
    expect(page).toContain('&quot;cafe\\u{301}&quot;');
  });

  test('writes a page that holds nothing of an answer as markup', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'fig-test-')), 'page.html');
    const { code, err } = await fig(['observations', 'articles', '--html', file], { admin });
    expect([code, err]).toEqual([EXIT.ok, expect.stringContaining(file)]);
    const page = readFileSync(file, 'utf8');
    expect(page).toContain('<code>$.articles[*].<wbr>price</code>');
    expect(page).toContain('&quot;&lt;b&gt;');
    expect(page).not.toContain('<b>"');
    expect(page).not.toMatch(/<script|src=|href=/);
    const refused = await fig(['observations', '--html', '/nowhere/page.html'], { admin });
    expect([refused.code, refused.err]).toEqual([
      EXIT.refused,
      expect.stringContaining('--html: expected a file'),
    ]);
  });

  test('says that there is no such route', async () => {
    control.answers.set('/v1/routes/nothing/observations', problem(404, 'ROUTE_UNKNOWN', 'expected a route'));
    const { code, err } = await fig(['observations', 'nothing'], { admin });
    expect([code, err]).toEqual([EXIT.refused, expect.stringContaining('expected a route')]);
  });
});

describe('fig next', () => {
  const guardrail = {
    name: 'mismatch',
    verdict: 'hold',
    explanation: '0 of 100 answers differ, which may still be more than 0.1 %.',
    missing: { samples: 3761, ms: 130_000 },
  };
  const evidence = {
    route: 'articles',
    at: 'shadow',
    since: null,
    build: null,
    hash: 'h',
    verdict: 'hold',
    guardrails: [guardrail],
    bakeLeftMs: 0,
    parity: null,
    parityGap: null,
  };
  let plan: string;
  beforeEach(() => {
    plan = folders.write({
      'routes/articles.yaml':
        'route: articles\nmatch: [/api/articles]\ncandidate: catalog\nstages: [shadow, canary 10%, candidate]\n',
    });
    Object.assign(control.routes[0] as object, { stage: 'shadow' });
    control.answers.set('/v1/routes/articles/evidence', ok(evidence));
  });

  test('says how many samples a pass still needs and how long they take', async () => {
    const { code, out } = await fig(['next'], { admin, plan });
    expect(code).toBe(EXIT.ok);
    expect(out).toBe(
      [
        'articles at shadow, next canary 10%',
        `  hold   mismatch: ${guardrail.explanation}`,
        '         3,761 more samples for a pass, about 3 min at the present rate',
        '  nothing to do but wait',
        '',
      ].join('\n'),
    );
  });

  test('names the facade that it asked, and that traffic is missing, where waiting does not help', async () => {
    const silent = { ...guardrail, missing: { samples: 1, ms: null } };
    control.answers.set('/v1/routes/articles/evidence', ok({ ...evidence, guardrails: [silent] }));
    const { out } = await fig(['next', '--admin', admin], { plan });
    expect(out).toContain('1 more sample for a pass, and none come at the moment\n');
    expect(out).toContain('  nothing to do but let clients use it, or send requests yourself\n');
    control.answers.set('/v1/routes/articles/evidence', ok({ ...evidence, verdict: 'breach' }));
    expect((await fig(['next', '--admin', admin], { plan })).out).toContain(
      `  npx fig observations articles --plan ${plan} --admin ${admin}\n`,
    );
  });

  test('says that another build answers as well, and that no step rests on what was seen', async () => {
    const passed = { ...guardrail, verdict: 'pass', missing: null };
    const mixed = { build: 'b2', at: '2026-11-23T11:00:00.000Z' };
    const alone = { ...evidence, verdict: 'pass', guardrails: [passed] };
    control.answers.set('/v1/routes/articles/evidence', ok({ ...alone, mixed }));
    const line =
      '  mixed  build b2 has answered as well, last at 2026-11-23T11:00:00.000Z: what was seen is of no build alone, and no step rests on it. It is seen anew once that has been silent for ten seconds.';
    expect((await fig(['next'], { admin, plan })).out).toBe(
      [
        'articles at shadow, next canary 10%',
        line,
        `  pass   mismatch: ${guardrail.explanation}`,
        '  nothing to do but wait',
        '',
      ].join('\n'),
    );
    expect((await fig(['evidence'], { admin })).out).toContain(`\n${line}\n`);
    const { out } = await fig(['next', '--json'], { admin, plan });
    expect(JSON.parse(out)).toMatchObject({ routes: [{ evidence: { mixed }, command: null }] });
    // Without guardrails no step rests on any evidence.
    control.answers.set('/v1/routes/articles/evidence', ok({ ...alone, guardrails: [], mixed }));
    expect((await fig(['next'], { admin, plan })).out).toContain('  npx fig advance articles');
  });

  test('says what was seen where the plan asks for nothing', async () => {
    control.answers.set('/v1/routes/articles/evidence', ok({ ...evidence, verdict: 'pass', guardrails: [] }));
    const { out, err } = await fig(['next'], { admin, plan });
    expect(out).toContain('  npx fig advance articles');
    expect(err).toBe(
      `articles: 20 of 83 compared answers differ, and no guardrail of the plan asks for fewer. See: npx fig observations articles --plan ${plan}\n`,
    );
    Object.assign(control.routes[0] as object, { stage: 'legacy' });
    expect((await fig(['next'], { admin, plan })).err).toBe('');
  });

  test('sends to the route that has to come first', async () => {
    const two = folders.write({
      'routes/articles.yaml':
        'route: articles\nmatch: [/api/articles]\ncandidate: catalog\ndependsOn: [authors]\nstages: [shadow, canary 10%]\n',
      'routes/authors.yaml':
        'route: authors\nmatch: [/api/authors]\ncandidate: catalog\nstages: [shadow, canary 10%]\n',
    });
    control.route('authors', { stage: 'shadow' });
    control.answers.set('/v1/routes/articles/evidence', ok({ ...evidence, verdict: 'pass', guardrails: [] }));
    const { out } = await fig(['next', 'articles'], { admin, plan: two });
    expect(out.trimEnd().split('\n').at(-1)).toBe(`  npx fig next authors --plan ${two}`);
    Object.assign(control.routes[0] as object, { paused: true });
    const paused = await fig(['next', 'articles'], { admin, plan: two });
    expect(paused.out.trimEnd().split('\n').at(-1)).toBe(
      `  npx fig resume articles --plan ${two} --reason …`,
    );
  });

  test('at the end of a plan that ends in shadow, says how to go on', async () => {
    const short = folders.write({
      'routes/articles.yaml':
        'route: articles\nmatch: [/api/articles]\ncandidate: catalog\nstages: [shadow]\n',
    });
    control.answers.set('/v1/routes/articles/evidence', ok({ ...evidence, verdict: 'pass', guardrails: [] }));
    expect((await fig(['next'], { admin, plan: short })).out.split('\n')).toEqual([
      'articles at shadow, the last of its stages (to go on, add to `stages` in routes/articles.yaml)',
      `  npx fig observations articles --plan ${short}`,
      '',
    ]);
  });

  test('warns of a ledger that takes no step', async () => {
    expect((await fig(['next'], { admin, plan })).err).toBe('');
    control.ledgerFault = 'ledger .fig/ledger.jsonl:2: it is not JSON.';
    const { code, err } = await fig(['next'], { admin, plan });
    expect([code, err]).toEqual([EXIT.ok, `Positions cannot be changed: ${control.ledgerFault}\n`]);
  });

  test('waits for the end of bake, and says how long that is', async () => {
    const passed = { ...guardrail, verdict: 'pass', missing: null };
    const baking = { ...evidence, verdict: 'pass', guardrails: [passed], bakeLeftMs: 1_800_000 };
    control.answers.set('/v1/routes/articles/evidence', ok(baking));
    const { out } = await fig(['next', 'articles'], { admin, plan });
    expect(out.trimEnd().split('\n').slice(-2)).toEqual([
      '  bake   another 30 min',
      '  nothing to do but wait',
    ]);
  });

  test.each([
    ['pass', {}, 'npx fig advance articles --plan PLAN --reason …'],
    ['breach', {}, 'npx fig observations articles --plan PLAN'],
    ['pass', { paused: true }, 'npx fig resume articles --plan PLAN --reason …'],
    ['pass', { stage: 'candidate' }, 'nothing to do'],
  ])('after %s, standing at %j: %s', async (verdict, position, command) => {
    Object.assign(control.routes[0] as object, position);
    control.answers.set('/v1/routes/articles/evidence', ok({ ...evidence, verdict, guardrails: [] }));
    const { out } = await fig(['next', 'articles'], { admin, plan });
    expect(out.trimEnd().split('\n').at(-1)).toBe(`  ${command.replace('PLAN', plan)}`);
  });
});
