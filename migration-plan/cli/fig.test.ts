import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadPlan } from '#plan/model/load-plan.ts';
import { DATA, PLAN, PlanFolders, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from './exit-code.ts';
import { buildProgram } from './fig.ts';
import { FakeControl, hashOfEntry, ok, problem } from './test-kit/fake-control.ts';
import { fig } from './test-kit/terminal.ts';

const folders = new PlanFolders();
let control: FakeControl;
let admin: string;
beforeEach(async () => {
  control = new FakeControl();
  admin = await control.listen();
});
afterEach(async () => {
  folders.removeAll();
  await control.close();
});

/** An address where nothing listens any more. */
async function closedUrl(): Promise<string> {
  const closed = new FakeControl();
  const url = await closed.listen();
  await closed.close();
  return url;
}

const STAGES = 'stages: [canary 10%, canary 50%, candidate]\n';
const articles = (more = '') => folders.write({ 'routes/articles.yaml': ROUTE + STAGES + more });
const hashOf = (plan: string) => loadPlan(plan, {}).plan?.routes[0]?.hash;

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
      'error plan.yaml:1 version',
      'error plan.yaml:2 expos',
      'error routes/a.yaml:1 match',
      'error routes/a.yaml:1 candidate',
      `${plan}: 4 errors, 0 warnings`,
      '',
    ]);
  });

  test('shows warnings and still exits 0', async () => {
    const { code, out } = await fig(['lint'], { plan: articles('guardrails: { minimum: 5 }\n') });
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('warning routes/articles.yaml:5 guardrails: accepted and checked, not acted on');
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

describe('fig rollback, pause, resume, kill, reload', () => {
  test('rollback prints before and after, and who has not applied it', async () => {
    control.route('articles', { stage: 'candidate', version: 4 });
    control.answers.set(
      'POST /v1/routes/articles/rollback',
      ok({
        route: 'articles',
        stage: 'legacy',
        percent: 0,
        paused: false,
        killed: false,
        version: 5,
        pending: ['b:2'],
      }),
    );
    const { out, err } = await fig(['rollback', 'articles', '--reason', 'slow'], { admin });
    expect(out).toBe('articles: candidate → legacy (version 5)\n');
    expect(err).toContain('Not applied yet by b:2');
  });

  test('pause and resume act on one route and keep the reason', async () => {
    control.route('articles', { stage: 'canary', percent: 10 });
    expect((await fig(['pause', 'articles', '--reason', 'lunch'], { admin })).out).toBe(
      'articles: canary 10% → canary 10% (paused) (version 1)\n',
    );
    expect((await fig(['resume', 'articles', '--reason', 'back'], { admin })).out).toBe(
      'articles: canary 10% (paused) → canary 10% (version 2)\n',
    );
    expect(control.requests.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([
      { reason: 'lunch' },
      { reason: 'back' },
    ]);
  });

  test('kill takes one route, or all', async () => {
    control.route('articles', { stage: 'candidate' });
    control.route('authors');
    expect((await fig(['kill', 'authors', '--reason', 'x'], { admin })).out).toBe(
      'authors: legacy, killed: legacy answers until fig resume (version 1)\n',
    );
    expect((await fig(['kill', '--reason', 'x'], { admin })).out.split('\n')).toHaveLength(3);
    expect(control.requests.map(({ body }) => body)).toEqual([
      { reason: 'x', route: 'authors' },
      { reason: 'x' },
    ]);
  });

  test('reload says what is in force now, and lists what is wrong with a refused plan', async () => {
    expect(await fig(['reload'], { admin })).toMatchObject({
      code: EXIT.ok,
      out: 'Plan reloaded: aaaaaaaaaaaa → bbbbbbbbbbbb\n',
    });
    const errors = [
      { file: 'plan.yaml', line: 3, key: 'expos', message: 'expected a known key.', severity: 'error' },
    ];
    const { body } = problem(422, 'PLAN_INVALID', 'the old one stays.');
    control.answers.set('POST /v1/reload', { status: 422, body: { ...(body as object), errors } });
    expect(await fig(['reload'], { admin })).toMatchObject({
      code: EXIT.refused,
      err: 'error: facade (422): the old one stays.\nplan.yaml:3 expos: expected a known key.\n',
    });
  });

  test.each(['advance articles', 'rollback articles', 'pause articles', 'resume articles', 'kill'])(
    '%s asks for a reason, and not an empty one',
    async (verb) => {
      expect((await fig(verb.split(' '), { admin })).code).toBe(EXIT.usage);
      expect((await fig([...verb.split(' '), '--reason', ' '], { admin })).code).toBe(EXIT.usage);
      expect(control.requests).toEqual([]);
    },
  );
});

describe('fig ledger', () => {
  test('lists every page, oldest first, and filters by route and number', async () => {
    for (let index = 0; index < 5; index++) control.entry({ percent: 10 + index });
    control.entry({ route: 'authors', stage: 'candidate', percent: 0, reason: 'two\nlines \u001b[31mred' });
    const { out } = await fig(['ledger'], { admin });
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(['SEQ', '1', '2', '3', '4', '5', '6']);
    expect(lines.at(-1)).toMatch(/transition {2}authors {3}candidate {3}6 {8}admin {2}two lines \[31mred$/);
    const { entries } = JSON.parse((await fig(['ledger', '--after', '4', '--json'], { admin })).out);
    expect(entries.map((entry: { seq: number }) => entry.seq)).toEqual([5, 6]);
    expect((await fig(['ledger', '--route', 'authors'], { admin })).out.split('\n')).toHaveLength(3);
  });

  test('says when there is nothing', async () => {
    expect((await fig(['ledger'], { admin })).out).toBe('No entries.\n');
  });

  test('verify proves an unbroken chain', async () => {
    for (let index = 0; index < 5; index++) control.entry({});
    const head = String(control.ledger.at(-1)?.hash);
    expect((await fig(['ledger', 'verify'], { admin })).out).toBe(
      `5 entries, chain unbroken, head ${head.slice(0, 12)}\n`,
    );
    expect(JSON.parse((await fig(['ledger', 'verify', '--json'], { admin })).out)).toEqual({
      ok: true,
      entries: 5,
      head,
    });
  });

  test.each<[string, (entries: Record<string, unknown>[]) => unknown, string]>([
    [
      'a changed reason',
      (entries) => Object.assign(entries[2] ?? {}, { reason: 'x' }),
      'entry 3: expected hash',
    ],
    [
      'a changed actor',
      (entries) => Object.assign(entries[4] ?? {}, { actor: 'x' }),
      'entry 5: expected hash',
    ],
    ['a missing entry', (entries) => entries.splice(2, 1), 'expected entry 3, got 4'],
    [
      'an entry written anew with its hash',
      (entries) => {
        const { hash: _, ...open }: Record<string, unknown> = { ...entries[2], reason: 'x' };
        Object.assign(entries[2] ?? {}, { ...open, hash: hashOfEntry(open) });
      },
      'entry 4: expected prev',
    ],
    ['a missing first entry', (entries) => entries.shift(), 'expected entry 1, got 2'],
    [
      'a replaced hash',
      (entries) => Object.assign(entries[1] ?? {}, { hash: 'a'.repeat(64) }),
      'entry 2: expected hash',
    ],
  ])('verify finds %s', async (_, damage, message) => {
    for (let index = 0; index < 5; index++) control.entry({});
    damage(control.ledger);
    const { code, err } = await fig(['ledger', 'verify'], { admin });
    expect(code).toBe(EXIT.refused);
    expect(err).toContain(message);
  });
});

describe('errors', () => {
  test('exit 3 when nothing answers, with where and what to do', async () => {
    const away = await closedUrl();
    const { code, err } = await fig(['status'], { admin: away });
    expect(code).toBe(EXIT.unreachable);
    expect(err).toBe(
      `error: facade: expected an answer from ${away}, got connection refused. Start it with \`npx fig up\`, or name another one with --admin URL.\n`,
    );
  });

  test('exit 3 when what listens there does not speak HTTP', async () => {
    const server = createServer((socket) => socket.end('220 mail ready\r\n'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const { code, err } = await fig(['status'], { admin: `http://127.0.0.1:${port}` });
    server.close();
    expect(code).toBe(EXIT.unreachable);
    expect(err).toContain('got an answer that is not HTTP (another program holds the port)');
  });

  test('exit 3 when something else answers there', async () => {
    control.answers.set('/v1/routes', { status: 200, body: '<html>' });
    expect(await fig(['status'], { admin })).toMatchObject({
      code: EXIT.unreachable,
      err: expect.stringContaining('Is another program listening there?'),
    });
  });

  test('exit 5 with a wrong token, and with none, which is never printed', async () => {
    const wrong = await fig(['status'], { admin, env: { FIG_ADMIN_TOKEN: 'hunter2' } });
    expect(wrong).toMatchObject({ code: EXIT.unauthorised, err: expect.stringContaining('FIG_ADMIN_TOKEN') });
    expect(wrong.out + wrong.err).not.toContain('hunter2');
  });

  test('exit 6 when the facade fails', async () => {
    control.answers.set(
      '/v1/routes',
      problem(500, 'ROUTE_INTERNAL', 'The facade could not handle the request.'),
    );
    expect((await fig(['status'], { admin })).code).toBe(EXIT.failed);
    control.answers.set('/v1/routes', { status: 502, body: 'bad gateway' });
    expect((await fig(['status'], { admin })).code).toBe(EXIT.failed);
  });

  test('exit 2 at a wrong command line, with the nearest verb', async () => {
    expect(await fig(['stauts'])).toMatchObject({
      code: EXIT.usage,
      err: expect.stringContaining('Did you mean status?'),
    });
    expect((await fig([])).code).toBe(EXIT.usage);
    expect((await fig(['status', '--admin', 'localhost'])).code).toBe(EXIT.usage);
    expect((await fig(['ledger', '--after', 'x'])).code).toBe(EXIT.usage);
    expect((await fig(['up', '--port', '70000'])).code).toBe(EXIT.usage);
  });

  test('are one JSON document on stderr with --json', async () => {
    for (const argv of [['status'], ['stauts'], [], ['advance', 'articles']]) {
      const { code, out, err } = await fig([...argv, '--json']);
      expect(out).toBe('');
      expect(JSON.parse(err)).toMatchObject({
        error: { code: expect.stringMatching(/^CLI_/), message: expect.any(String), exitCode: code },
      });
    }
  });

  test('carry no control characters of a server to the terminal', async () => {
    control.answers.set('/v1/routes', problem(422, 'X', 'a\u001b[2Jb'));
    expect((await fig(['status'], { admin })).err).toBe('error: facade (422): a [2Jb\n');
  });
});

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

  test('names what is down, what to do about it, and exits 1', async () => {
    const away = await closedUrl();
    const plan = folders.write({
      'plan.yaml': PLAN.replaceAll(/http:\S+\d/g, away).concat(`publicUrl: ${admin}\n`),
    });
    const { code, out } = await fig(['doctor'], { admin, plan, env: { FIG_ADMIN_TOKEN: 'wrong' } });
    expect(code).toBe(EXIT.refused);
    expect(out).toMatch(/fail {2}legacy +http:\/\/127.0.0.1:\d+: connection refused\. Start it/);
    expect(out).toMatch(/fail {2}admin token +refused by \S+ Set FIG_ADMIN_TOKEN or \.fig\/admin-token/);
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

describe('README', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');

  test('lists every exit code, and no other', () => {
    const rows = [...readme.matchAll(/^\| (\d+) \| (\w+) \|/gm)].map(([, code, name]) => [
      name,
      Number(code),
    ]);
    expect(Object.fromEntries(rows)).toEqual(EXIT);
  });

  test('lists every verb, and no other', () => {
    const program = buildProgram({}, process, false, () => {});
    const verbs = program.commands.flatMap((command) => [
      command.name(),
      ...command.commands.map((nested) => `${command.name()} ${nested.name()}`),
    ]);
    const table = readme.slice(readme.indexOf('## Verbs'), readme.indexOf('## Options'));
    const rows = [...table.matchAll(/^\| `([a-z ]+?)(?: \[?[A-Z]+\]?)?` \|/gm)].map((row) => row[1]);
    expect(rows.sort()).toEqual(verbs.sort());
  });

  test('names every option of every verb', () => {
    const program = buildProgram({}, process, false, () => {});
    const commands = [program, ...program.commands.flatMap((command) => [command, ...command.commands])];
    const options = commands.flatMap((command) => command.options.map((option) => option.long ?? ''));
    expect(options.filter((option) => !readme.includes(option))).toEqual([]);
  });
});
