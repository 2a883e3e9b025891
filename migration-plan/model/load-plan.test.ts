import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { loadPlan } from './load-plan.ts';
import { formatProblem, type Problem } from './problem.ts';
import { BAD_PLANS } from './test-kit/bad-plans.ts';
import { DATA, PLAN, PlanFolders, ROUTE } from './test-kit/plan-folder.ts';

const folders = new PlanFolders();
afterEach(() => folders.removeAll());

function lint(files: Record<string, string | Uint8Array | null>, env: Record<string, string> = {}) {
  return loadPlan(folders.write(files), env, { missingModules: 'error' });
}

function lines(problems: readonly Problem[]) {
  return problems.map(formatProblem);
}

describe('Rejects', () => {
  test.each(BAD_PLANS.map((bad) => [bad.name, bad] as const))('%s', (_, { files, env, problems }) => {
    const dir = folders.write(files);
    const result = loadPlan(dir, env ?? {}, { missingModules: 'error' });
    const errors = result.problems.filter((problem) => problem.severity === 'error');
    expect(lines(errors).map((line) => line.replaceAll(dir, 'DIR'))).toEqual(problems);
    expect(result.plan).toBeNull();
    expect(JSON.stringify(result.problems)).not.toContain('hunter2');
  });

  test('a plan folder that is not there, or is a file', () => {
    const dir = folders.write({});
    expect(lines(loadPlan(join(dir, 'away'), {}).problems)).toEqual([
      `${dir}/away: expected a plan folder at ${dir}/away, got nothing. Name it with --plan DIR.`,
    ]);
    expect(lines(loadPlan(join(dir, 'plan.yaml'), {}).problems)).toEqual([
      `${dir}/plan.yaml: expected a plan folder at ${dir}/plan.yaml, got a file. Name it with --plan DIR.`,
    ]);
  });

  test('a routes folder that is a file', () => {
    expect(lines(lint({ routes: ROUTE }).problems)).toEqual([
      'routes: expected a folder, got a file. Move it into the folder.',
    ]);
  });

  test('a plan.yaml that is a folder', () => {
    const dir = folders.write({ 'plan.yaml': null });
    mkdirSync(join(dir, 'plan.yaml'));
    expect(lines(loadPlan(dir, {}).problems)).toEqual([
      `plan.yaml: expected a plan file in ${dir}, got an error (EISDIR). Make it readable.`,
    ]);
  });

  test('everything that is wrong in every file at once', () => {
    const { problems } = lint({
      'plan.yaml': `${PLAN}expos: true\ntimeouts: { connect: 2 }\n`,
      'routes/articles.yaml': `${ROUTE}data: { owned: articles }\nstages: [canary 250%]\nfallbck: none\n`,
      'routes/broken.yaml': 'route: [\n',
      'data/articles.yaml': DATA.replace('maxLag', 'lag').replace('stream: articles', 'steam: articles'),
    });
    expect(problems.map(({ file, line, key }) => `${file}:${line} ${key}`)).toEqual([
      'data/articles.yaml:2 service.stream',
      'data/articles.yaml:2 service.steam',
      'plan.yaml:5 expos',
      'plan.yaml:6 timeouts.connect',
      'routes/articles.yaml:5 stages[0]',
      'routes/articles.yaml:6 fallbck',
      'routes/broken.yaml:2 ',
    ]);
  });

  test('a missing key at the line of its parent', () => {
    const { problems } = lint({
      'plan.yaml': 'version: 1\ncandidates:\n  catalog:\n    # where it runs\n    build: /version\n',
    });
    expect(problems.map(({ line, key }) => ({ line, key }))).toEqual([
      { line: 3, key: 'candidates.catalog.url' },
    ]);
  });

  test('problems behind an alias at the line where the value is written', () => {
    const { problems } = lint({
      'plan.yaml': 'version: 1\nlegacy: &up\n  url: http://a\n  build: version\ncandidates:\n  one: *up\n',
    });
    expect(problems.map(({ line, key }) => ({ line, key }))).toEqual([
      { line: 4, key: 'legacy.build' },
      { line: 4, key: 'candidates.one.build' },
    ]);
  });
});

describe('Accepts', () => {
  test('the least that a plan can say, with the defaults', () => {
    const { plan, problems } = lint({ 'plan.yaml': 'version: 1\n' });
    expect(problems).toEqual([]);
    expect(plan).toMatchObject({
      publicUrl: 'http://127.0.0.1:8080',
      legacy: null,
      cohort: [{ kind: 'header', name: 'x-user-id' }, { kind: 'cookie', name: 'sid' }, { kind: 'address' }],
      expose: false,
      trustedProxies: [],
      tls: null,
      matching: { caseSensitive: false, strictSlash: false },
      timeouts: { connectMs: 2_000, headersMs: 30_000, idleMs: 60_000 },
      clients: { headMs: 30_000, minBytesPerSecond: 240, keepAliveMs: 65_000 },
      limits: { maxHeaderBytes: 16_384, maxBodyBytes: null, ratePerSecond: null },
      bulkhead: { concurrency: 512, queue: 256 },
      health: { path: '/livez', intervalMs: 5_000, ejectAtRatio: 0.3, minimum: 10, windowMs: 60_000 },
      redact: { headers: ['authorization', 'cookie'], json: [] },
      notify: { webhook: null },
      relay: null,
      up: [],
      routes: [],
    });
    expect(plan?.candidates.size).toBe(0);
    expect(plan?.dataSets.size).toBe(0);
  });

  test('the least that a route can say, with the defaults', () => {
    const { plan } = lint({ 'routes/articles.yaml': ROUTE });
    expect(plan?.routes[0]).toMatchObject({
      name: 'articles',
      file: 'routes/articles.yaml',
      owner: null,
      data: { kind: 'none' },
      rewrite: null,
      fallbackToLegacy: true,
      stages: [
        { stage: 'shadow', hundredths: 0 },
        { stage: 'canary', hundredths: 10 },
        { stage: 'canary', hundredths: 100 },
        { stage: 'canary', hundredths: 1_000 },
        { stage: 'canary', hundredths: 5_000 },
        { stage: 'candidate', hundredths: 0 },
      ],
      shadow: {
        sampleRatio: 1,
        writes: 'off',
        timeoutMs: 5_000,
        maxBodyBytes: 1_048_576,
        concurrency: 16,
        queue: 256,
        noiseRatio: 0.1,
      },
      compare: { headers: ['content-type', 'location', 'cache-control'] },
      guardrails: {
        mismatch: null,
        errors: null,
        p99: null,
        minimum: 200,
        windowMs: 300_000,
        bakeMs: 3_600_000,
      },
    });
  });

  test('the plan and the route that the documents show, as they stand there', () => {
    const read = (file: string) =>
      readFileSync(fileURLToPath(new URL(`./test-kit/example/${file}`, import.meta.url)), 'utf8');
    const { plan, problems } = lint(
      {
        'plan.yaml': read('plan.yaml'),
        'routes/articles.yaml': read('articles.yaml'),
        'routes/authors.yaml': 'route: authors\nmatch: [/api/authors]\ncandidate: catalog\n',
        'tls.crt': '',
        'tls.key': '',
      },
      { SHADOW_TOKEN: 'x' },
    );
    expect(lines(problems)).toEqual([]);
    expect(plan?.routes[0]).toMatchObject({
      match: [{}, {}, {}, { safety: 'safe' }, { safety: 'unsafe' }, { method: null }],
      rewrite: { from: '/api', to: '/v2' },
      guardrails: { onBreach: 'rollback', errors: { maxIncreaseRatio: 0.005 }, p99: { maxRatio: 1.2 } },
      fallbackToLegacy: true,
    });
  });

  test('every key there is', () => {
    const folder = fileURLToPath(new URL('./test-kit/every-key/plan', import.meta.url));
    const { plan, problems } = loadPlan(folder, { SHADOW_TOKEN: 'hunter2' }, { missingModules: 'error' });
    expect(lines(problems.filter((problem) => problem.severity === 'error'))).toEqual([]);
    expect(plan?.tls?.keyFile).toBe(`${folder}/tls.key`);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
    expect(plan?.routes.map((route) => route.name)).toEqual(['articles', 'authors']);
    expect(plan?.routes[0]?.credentials.shadow?.set).toEqual({ authorization: 'Bearer hunter2' });
    expect(plan?.limits.ratePerSecond).toBe(100);
  });

  test.each([
    ['a byte order mark', `\uFEFF${PLAN}`],
    ['Windows line ends', PLAN.replaceAll('\n', '\r\n')],
    [
      'anchors, aliases and merge keys',
      `${PLAN}  other: &o { url: http://b }\n  third: *o\n  fourth: { <<: *o, build: /v }\n`,
    ],
  ])('%s', (_, text) => {
    const { plan, problems } = lint({ 'plan.yaml': text, 'routes/articles.yaml': ROUTE });
    expect(lines(problems)).toEqual([]);
    expect(plan?.candidates.get('catalog')?.url).toBe('http://127.0.0.1:4102');
  });

  test('folders and files beside the plan that are no plan files', () => {
    const { plan, problems } = lint({
      'routes/README.md': 'x',
      'routes/.articles.yaml.swp': 'x',
      'routes/articles.yaml~': 'x',
      'parity/articles.parity.yaml': 'x: [',
    });
    expect(problems).toEqual([]);
    expect(plan?.routes).toEqual([]);
  });

  test('the same pattern in two cases where case and slash count', () => {
    const { problems } = lint({
      'plan.yaml': `${PLAN}matching: { case: sensitive, trailingSlash: strict }\n`,
      'routes/a.yaml': 'route: a\nmatch: [GET /a, GET /A, GET /a/, POST /a, /a]\ncandidate: catalog\n',
    });
    expect(lines(problems)).toEqual([]);
  });

  test('paths outside ASCII, encoded as requests are', () => {
    const { plan } = lint({
      'routes/a.yaml':
        'route: a\nmatch: [GET /künstler/%7euser/%c3%a9, GET /v1/things:batch]\ncandidate: catalog\n',
    });
    expect(plan?.routes[0]?.match.map((match) => match.pattern)).toEqual([
      '/k%C3%BCnstler/~user/%C3%A9',
      '/v1/things:batch',
    ]);
  });

  test('a module that is not on this machine as a warning where the caller says so', () => {
    const dir = folders.write({
      'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n`,
      'data/articles.yaml': DATA.replace('translators/articles.ts', 'translators/away.ts'),
    });
    const { plan, problems } = loadPlan(dir, {});
    expect(plan?.dataSets.get('articles')?.translator).toBe('translators/away.ts');
    expect(problems.map(({ severity, key }) => ({ severity, key }))).toEqual([
      { severity: 'warning', key: 'translator' },
    ]);
  });
});

describe('Variables', () => {
  test('take the environment, the default when it is unset or empty, and $$ as $', () => {
    const files = {
      'plan.yaml': `version: 1\nlegacy: { url: "http://\${HOST:-a}:\${PORT:-1}" }\nbulkhead: { concurrency: "\${N:-5}" }\nexpose: "\${X:-true}"\nnotify: { webhook: "http://a/$$x" }\n`,
    };
    expect(lint(files).plan).toMatchObject({
      legacy: { url: 'http://a:1' },
      bulkhead: { concurrency: 5 },
      expose: true,
      notify: { webhook: 'http://a/$x' },
    });
    const env = { HOST: 'b', PORT: '', N: '7', X: 'false' };
    expect(lint(files, env).plan).toMatchObject({
      legacy: { url: 'http://b:1' },
      bulkhead: { concurrency: 7 },
      expose: false,
    });
  });

  test('mark a process of `up` as external when the variable of its URL is set', () => {
    const files = {
      'plan.yaml': `version: 1\nup: { relay: { run: translators/articles.ts, url: "\${RELAY_URL:-http://a}" } }\n`,
    };
    expect(lint(files).plan?.up).toMatchObject([{ name: 'relay', external: false, url: 'http://a' }]);
    expect(lint(files, { RELAY_URL: 'http://b' }).plan?.up).toMatchObject([
      { external: true, url: 'http://b' },
    ]);
  });
});

describe('Warns', () => {
  test('of a stage that a route that it depends on never comes to', () => {
    const of = (last: string, ...stages: string[]) =>
      lint({
        'routes/articles.yaml': `${ROUTE}stages: [shadow, ${last}]\n`,
        'routes/authors.yaml': `route: authors\nmatch: [/authors]\ncandidate: catalog\ndependsOn: [articles]\nstages: [${stages.join(', ')}]\n`,
      });
    const { plan, problems } = of('canary 10%', 'shadow', 'canary 10%', 'canary 20%', 'candidate');
    expect(plan?.routes).toHaveLength(2);
    expect(lines(problems)).toEqual([
      expect.stringMatching(
        /^routes\/authors\.yaml:5 stages\[2\]: .*the last one of `articles` is `canary 10%`/,
      ),
    ]);
    expect(of('candidate', 'shadow', 'canary 20%', 'candidate').problems).toEqual([]);
  });

  const warnings = (route: string) =>
    lint({ 'routes/articles.yaml': `${ROUTE}${route}` }).problems.map(
      ({ key, severity }) => `${severity} ${key}`,
    );

  test.each([
    ['rewrite: { from: /zz, to: /y }\n', ['warning rewrite.from']],
    ['rewrite: { from: /API, to: /y }\n', []],
    ['compare: { ignore: ["$"] }\nguardrails: { mismatch: { max: 1% } }\n', ['warning compare.ignore[0]']],
    ['compare: { ignore: ["$"] }\n', []],
    ['compare: { ignore: ["$.id"] }\nguardrails: { mismatch: { max: 1% } }\n', []],
    ['compare: { ignore: ["$.a[\\"\\"]"], tolerance: { "$[\\"\\"]": 1 } }\n', []],
  ])('of what does nothing, or takes the meaning from something else: %j', (route, expected) => {
    expect(warnings(route)).toEqual(expected);
  });

  test('with one line, and uses the plan', () => {
    const { plan, problems } = lint({
      'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n`,
      'data/articles.yaml': `${DATA}maxLag: 7s\njobs: [nightly]\n`,
    });
    expect(lines(problems)).toEqual([
      expect.stringMatching(
        /^data\/articles\.yaml:7 jobs\[0\]: cutover will refuse: job nightly writes articles/,
      ),
    ]);
    expect(plan?.dataSets.get('articles')?.maxLagMs).toBe(7000);
  });

  test('of nothing that is left out or turned off', () => {
    const { problems } = lint({
      'plan.yaml': `${PLAN}limits: { rate: none }\n`,
      'routes/articles.yaml': `${ROUTE}dependsOn: []\n`,
    });
    expect(lines(problems)).toEqual([]);
  });
});

test('the plan of this repository has no errors', () => {
  const { plan, problems } = loadPlan(fileURLToPath(new URL('..', import.meta.url)), {});
  expect(lines(problems.filter((problem) => problem.severity === 'error'))).toEqual([]);
  expect(plan?.routes.map((route) => route.name)).toContain('freelancers');
  expect(plan?.dataSets.get('freelancers')?.routes).toEqual(['freelancers']);
});

test('reads the plan anew at each call', () => {
  const dir = folders.write({ 'routes/articles.yaml': ROUTE });
  const before = loadPlan(dir, {}).plan;
  writeFileSync(join(dir, 'routes/authors.yaml'), 'route: authors\nmatch: [/authors]\ncandidate: catalog\n');
  expect(loadPlan(dir, {}).plan?.routes).toHaveLength(2);
  rmSync(join(dir, 'routes/authors.yaml'));
  expect(loadPlan(dir, {}).plan).toEqual(before);
});

test.each([
  ['stages: [canary 10%, candidate]', 0],
  ['stages: [canary 10%, candidate]\nshadow: { writes: dry-run }', 1],
  ['stages: [canary 10%, candidate]\nguardrails: { mismatch: { max: 1% } }', 1],
  ['stages: [shadow, candidate]', 1],
  ['stages: [shadow, candidate]\nshadow: { sample: 5% }', 0.05],
])('copies requests of a route only where it says so: %j', (keys, sampleRatio) => {
  const { plan } = lint({ 'routes/articles.yaml': `${ROUTE}${keys}\n` });
  expect(plan?.routes[0]?.shadow.sampleRatio).toBe(sampleRatio);
});
