import { afterEach, describe, expect, test } from '@jest/globals';
import { openMemoryLedger } from '../adapters/ledger.memory.ts';
import { LedgerError } from '../core/ledger.ts';
import { adminClient } from '../test-kit/admin-client.ts';
import { facadeOf, type TestFacade, type TestFacadeOptions, TOKEN } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';
import { ask } from '../test-kit/raw-client.ts';

const open: TestFacade[] = [];
afterEach(async () => {
  for (const facade of open.splice(0)) await facade.close();
});

const PLAN = planOf({
  routes: [routeOf('articles', ['GET /api/articles']), routeOf('authors', ['GET /api/authors'])],
});

async function start(options: TestFacadeOptions = {}, plan = PLAN) {
  const facade = await facadeOf(plan, options);
  open.push(facade);
  return { facade, call: adminClient(facade) };
}

const step = (percent: number, expectedVersion: number) => ({
  stage: 'canary',
  percent,
  reason: 'looks good',
  expectedVersion,
});
const TRANSITIONS = '/v1/routes/articles/transitions';

describe('the admin API', () => {
  test('moves a route step by step and says where it stands', async () => {
    const { call } = await start();
    expect(await call('GET', '/v1/routes/articles')).toMatchObject({
      status: 200,
      route: 'articles',
      stage: 'legacy',
      percent: 0,
      writer: 'legacy',
      paused: false,
      version: 0,
      hash: 'articles',
      next: { stage: 'canary', percent: 10 },
    });
    expect(await call('POST', TRANSITIONS, step(10, 0))).toMatchObject({
      status: 200,
      percent: 10,
      version: 1,
    });
    expect(await call('POST', TRANSITIONS, step(50, 1))).toMatchObject({
      status: 200,
      percent: 50,
      version: 2,
    });
    const last = { stage: 'candidate', percent: 100, reason: 'done', expectedVersion: 2 };
    expect(await call('POST', TRANSITIONS, last)).toMatchObject({
      status: 200,
      stage: 'candidate',
      percent: 0,
      next: null,
    });
    const { routes } = await call('GET', '/v1/routes');
    expect(routes.map((route: { stage: string }) => route.stage)).toEqual(['candidate', 'legacy']);
  });

  test('answers 409 to a stale version and 422 to an illegal step, both explained, and changes nothing', async () => {
    const { call } = await start();
    await call('POST', TRANSITIONS, step(10, 0));
    expect(await call('POST', TRANSITIONS, step(50, 0))).toMatchObject({
      status: 409,
      contentType: expect.stringContaining('application/problem+json'),
      code: 'ROUTE_VERSION_STALE',
      version: 1,
    });
    const illegal = { stage: 'candidate', reason: 'hurry', expectedVersion: 1 };
    expect(await call('POST', TRANSITIONS, illegal)).toMatchObject({
      status: 422,
      code: 'ROUTE_STEP_ILLEGAL',
      next: { stage: 'canary', percent: 50 },
      detail: expect.stringContaining('next step is canary 50%'),
    });
    expect(await call('GET', '/v1/routes/articles')).toMatchObject({ version: 1, percent: 10 });
    expect(await call('POST', TRANSITIONS, { ...illegal, force: true })).toMatchObject({
      status: 200,
      version: 2,
    });
  });

  test('takes a route no further than what it depends on, says who holds it up, and lets force pass', async () => {
    const { call } = await start(
      {},
      planOf({
        routes: [
          routeOf('articles', ['GET /api/articles'], { dependsOn: ['authors'] }),
          routeOf('authors', ['GET /api/authors']),
        ],
      }),
    );
    const authors = '/v1/routes/authors/transitions';
    expect(await call('POST', TRANSITIONS, step(10, 0))).toMatchObject({
      status: 422,
      code: 'ROUTE_DEPENDENCY_BEHIND',
      detail: expect.stringMatching(
        /depends on authors, but authors is at legacy\. Move it to canary 10% first/,
      ),
      waitsFor: [{ route: 'authors', stage: 'legacy', percent: 0 }],
    });
    await call('POST', authors, step(10, 0));
    expect(await call('POST', TRANSITIONS, step(10, 0))).toMatchObject({ status: 200 });
    expect(await call('POST', TRANSITIONS, step(50, 1))).toMatchObject({ status: 422 });
    expect(await call('POST', TRANSITIONS, { ...step(50, 1), force: true })).toMatchObject({ status: 200 });
    expect(await call('POST', '/v1/routes/authors/rollback', { reason: 'slow' })).toMatchObject({
      status: 200,
      ahead: [{ route: 'articles', stage: 'canary', percent: 50 }],
    });
  });

  test('lets exactly one of many concurrent transitions with the same version win', async () => {
    const { call } = await start();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => call('POST', TRANSITIONS, step(10, 0))),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array(11).fill(409)]);
    expect((await call('GET', '/v1/ledger')).entries).toHaveLength(1);
  });

  test('leaves that choice to the ledger when all of them have seen the same version', async () => {
    const { facade } = await start();
    const change = { expectedVersion: 0, force: false, actor: 'a', reason: 'r' };
    const to = { stage: 'canary', hundredths: 1000 } as const;
    const all = Array.from({ length: 12 }, () => facade.control.transition('articles', to, change));
    const codes = (await Promise.all(all)).map((outcome) => (outcome.ok ? 'ok' : outcome.code)).sort();
    expect(codes).toEqual([...Array(11).fill('ROUTE_VERSION_STALE'), 'ok']);
  });

  test.each<[string, string, unknown, string]>([
    ['no reason', 'rollback', {}, 'reason'],
    ['a blank reason', 'pause', { reason: '  ' }, 'reason'],
    ['an actor of its own', 'resume', { reason: 'x', actor: 'root' }, ''],
    ['no version', 'transitions', { stage: 'canary', percent: 10, reason: 'x' }, 'expectedVersion'],
    ['no such stage', 'transitions', { ...step(10, 0), stage: 'beta' }, 'stage'],
    [
      'canary without a share',
      'transitions',
      { stage: 'canary', reason: 'x', expectedVersion: 0 },
      'percent',
    ],
    ['half a candidate', 'transitions', { ...step(50, 0), stage: 'candidate' }, 'percent'],
    ['a share of legacy', 'transitions', { ...step(10, 0), stage: 'legacy' }, 'percent'],
    ['a share above 100', 'transitions', step(101, 0), 'percent'],
    ['a share finer than 0.01', 'transitions', step(0.001, 0), 'percent'],
    ['broken JSON', 'rollback', '{"reason":', ''],
    ['no JSON object', 'rollback', '[]', ''],
  ])('answers 400 to a body with %s', async (_what, verb, body, path) => {
    const { call } = await start();
    const answer = await call('POST', `/v1/routes/articles/${verb}`, body);
    expect(answer).toMatchObject({ status: 400, code: 'ROUTE_REQUEST_INVALID' });
    if (path) expect(answer.errors.map((error: { path: string }) => error.path)).toContain(path);
    expect((await call('GET', '/v1/ledger')).entries).toEqual([]);
  });

  test('refuses a body above its limit', async () => {
    const { call } = await start();
    const answer = await call('POST', '/v1/kill', { reason: 'x'.repeat(70_000) });
    expect(answer).toMatchObject({ status: 413, code: 'ROUTE_BODY_TOO_LARGE' });
  });

  test('rolls back, pauses, kills and resumes, and records who, why and what', async () => {
    const { call } = await start();
    await call('POST', TRANSITIONS, step(10, 0));
    const reason = 'errors rise';
    expect(await call('POST', '/v1/routes/articles/pause', { reason })).toMatchObject({
      paused: true,
      version: 2,
    });
    expect(await call('POST', '/v1/kill', { reason })).toMatchObject({
      routes: [
        { route: 'articles', killed: true, stage: 'canary' },
        { route: 'authors', killed: true },
      ],
    });
    expect(await call('POST', TRANSITIONS, step(50, 3))).toMatchObject({ status: 422, code: 'ROUTE_KILLED' });
    expect(await call('POST', '/v1/routes/articles/resume', { reason })).toMatchObject({
      paused: false,
      killed: false,
      percent: 10,
    });
    expect(await call('POST', '/v1/routes/articles/rollback', { reason })).toMatchObject({
      stage: 'legacy',
      version: 5,
      pending: [],
    });
    const { entries } = await call('GET', '/v1/ledger?route=articles');
    expect(
      entries.map(({ type, version }: { type: string; version: number }) => `${type} ${version}`),
    ).toEqual(['transition 1', 'pause 2', 'kill 3', 'resume 4', 'rollback 5']);
    expect(entries[1]).toMatchObject({
      actor: 'admin',
      reason,
      plan: 'plan-1',
      at: '2026-01-02T03:04:05.678Z',
    });
  });

  test('resumes what a kill of all took, in one go, and leaves pauses as they were', async () => {
    const { call } = await start();
    await call('POST', '/v1/routes/articles/pause', { reason: 'before' });
    await call('POST', '/v1/kill', { reason: 'fire' });
    expect(await call('POST', '/v1/resume', { reason: 'out' })).toMatchObject({
      status: 200,
      routes: [
        { route: 'articles', killed: false, paused: true },
        { route: 'authors', killed: false },
      ],
    });
    expect(await call('POST', '/v1/resume', { reason: 'again' })).toMatchObject({ routes: [] });
    expect((await call('GET', '/v1/ledger?after=3')).entries).toHaveLength(2);
  });

  test('lets one of twenty operators win each version, and tells the others which it is', async () => {
    const { call } = await start();
    for (let version = 0; version < 5; version++) {
      const one = { ...step(version + 1, version), force: true };
      const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', TRANSITIONS, one)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const late = answers.filter(({ status }) => status === 409);
      expect(late).toHaveLength(19);
      for (const answer of late) expect(answer).toMatchObject({ version: version + 1 });
    }
    expect((await call('GET', '/v1/ledger')).entries).toHaveLength(5);
  });

  test('kills one route alone', async () => {
    const { call } = await start();
    const { routes } = await call('POST', '/v1/kill', { route: 'authors', reason: 'broken' });
    expect(routes).toMatchObject([{ route: 'authors', killed: true }]);
    expect(await call('GET', '/v1/routes/articles')).toMatchObject({ killed: false });
  });

  test('pages through the ledger', async () => {
    const { call } = await start();
    for (let i = 0; i < 3; i++)
      await call('POST', '/v1/routes/articles/transitions', { ...step(10 + i, i), force: true });
    expect(await call('GET', '/v1/ledger?limit=2')).toMatchObject({
      entries: [{ seq: 1 }, { seq: 2 }],
      next: 2,
    });
    expect(await call('GET', '/v1/ledger?after=2')).toMatchObject({
      entries: [{ seq: 3 }],
      next: null,
      fault: null,
      faultCode: null,
    });
    expect(await call('GET', '/v1/ledger?after=x')).toMatchObject({ status: 400 });
  });

  test('knows no route outside the plan, and no page at its root', async () => {
    const { call } = await start();
    for (const path of ['/v1/routes/nothing', '/v1/routes/__proto__'])
      expect(await call('GET', path)).toMatchObject({ status: 404, code: 'ROUTE_UNKNOWN' });
    expect(await call('POST', '/v1/routes/nothing/rollback', { reason: 'x' })).toMatchObject({
      status: 404,
      detail: expect.stringContaining('articles, authors'),
    });
    expect(await call('GET', '/')).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
  });

  test('lets nobody in without the token', async () => {
    const { call } = await start();
    for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`])
      for (const path of ['/v1/routes', '/v1/nothing'])
        expect(await call('GET', path, undefined, { authorization })).toMatchObject({
          status: 401,
          code: 'AUTH_TOKEN_INVALID',
        });
  });

  test('answers only to loopback names and the admin host', async () => {
    const { call, facade } = await start();
    const ok = [`localhost:${facade.adminPort}`, '127.0.0.1', '[::1]:1', 'ADMIN.example'];
    for (const host of ok)
      expect(await call('GET', '/v1/routes', undefined, { host })).toMatchObject({ status: 200 });
    for (const host of ['evil.example', 'localhost.evil.example', '10.0.0.1'])
      expect(await call('GET', '/v1/routes', undefined, { host })).toMatchObject({
        status: 403,
        code: 'AUTH_HOST_REFUSED',
      });
  });

  test('shows health, metrics and this instance', async () => {
    const { call, facade } = await start();
    const nobody = { authorization: '' };
    expect(await call('GET', '/livez', undefined, nobody)).toMatchObject({ status: 200 });
    expect(await call('GET', '/readyz', undefined, nobody)).toMatchObject({ status: 200 });
    expect(await call('GET', '/v1/instances')).toMatchObject({
      instances: [{ id: 'test:1', version: '0.0.0', hash: 'plan-1', lastSeen: '2026-01-02T03:04:05.678Z' }],
    });
    await ask(facade.url, { path: '/api/articles' });
    const { body } = await ask(facade.adminUrl, { path: '/metrics' });
    expect(body.toString()).toContain(
      'fig_requests_total{route="articles",upstream="legacy",reason="STAGE",status="502"} 1',
    );
  });
});

describe('a reload', () => {
  const reason = 'new route';
  test('puts a valid plan in force, keeps positions, and is recorded with its hash', async () => {
    const next = planOf({
      ...PLAN,
      hash: 'plan-2',
      routes: [...PLAN.routes, routeOf('tags', ['GET /api/tags'])],
    });
    const { call } = await start({ loadPlan: () => ({ plan: next, problems: [] }) });
    await call('POST', TRANSITIONS, step(10, 0));
    expect(await call('POST', '/v1/reload', { reason })).toMatchObject({
      status: 200,
      hash: 'plan-2',
      previous: 'plan-1',
      changed: true,
    });
    expect(await call('GET', '/v1/routes/articles')).toMatchObject({ percent: 10 });
    expect(await call('GET', '/v1/routes/tags')).toMatchObject({ stage: 'legacy' });
    expect((await call('GET', '/v1/ledger?after=1')).entries).toMatchObject([
      { type: 'reload', plan: 'plan-2', reason },
    ]);
  });

  test('refuses an invalid plan, tells every problem, keeps the old one and records the refusal', async () => {
    const problems = [1, 2].map((line) => ({
      file: 'plan.yaml',
      line,
      key: 'x',
      message: 'expected a, got b',
      severity: 'error' as const,
    }));
    const { call } = await start({ loadPlan: () => ({ plan: null, problems }) });
    expect(await call('POST', '/v1/reload', { reason })).toMatchObject({
      status: 422,
      code: 'PLAN_INVALID',
      errors: problems,
    });
    expect(await call('GET', '/v1/routes')).toMatchObject({
      routes: [{ route: 'articles' }, { route: 'authors' }],
    });
    expect((await call('GET', '/v1/ledger')).entries).toMatchObject([
      { type: 'reload-refused', plan: 'plan-1' },
    ]);
  });
});

describe('a reload while routes are on the way', () => {
  const data = { kind: 'owned', set: 's' } as const;
  const at = (part: Parameters<typeof routeOf>[2] = {}) => routeOf('articles', ['GET /api/articles'], part);
  const reload = async (
    stage: 'shadow' | 'canary' | 'candidate' | 'retired',
    before: ReturnType<typeof routeOf>,
    after: ReturnType<typeof routeOf>[],
  ) => {
    const next = planOf({ hash: 'plan-2', routes: after });
    const { facade, call } = await start(
      { loadPlan: () => ({ plan: next, problems: [] }) },
      planOf({ routes: [before] }),
    );
    await facade.put('articles', stage, stage === 'canary' ? 10 : 0);
    return { facade, call, answer: await call('POST', '/v1/reload', { reason: 'test' }) };
  };

  test.each([
    ['a route in canary that is gone', 'canary', at(), [], /is at canary 10%, got no such route/],
    [
      'one that was renamed',
      'candidate',
      at(),
      [routeOf('posts', ['GET /api/articles'])],
      /Was it renamed to posts\? Positions hang on the name/,
    ],
    [
      'writes that would change sides',
      'candidate',
      at({ data }),
      [at()],
      /writes would go to the candidate unasked/,
    ],
    ['writes that would go back', 'canary', at(), [at({ data })], /writes would go back to legacy unasked/],
  ] as const)(
    'is refused for %s, recorded, and lets force pass',
    async (_what, stage, before, after, words) => {
      const { call, answer } = await reload(stage, before, [...after]);
      expect(answer).toMatchObject({
        status: 422,
        code: 'PLAN_RELOAD_UNSAFE',
        errors: [{ file: 'routes/articles.yaml', message: expect.stringMatching(words) }],
      });
      expect(await call('GET', '/v1/routes/articles')).toMatchObject({ stage });
      expect((await call('GET', '/v1/ledger?after=1')).entries).toMatchObject([{ type: 'reload-refused' }]);
      expect(await call('POST', '/v1/reload', { reason: 'test', force: true })).toMatchObject({
        hash: 'plan-2',
      });
    },
  );

  test('is refused for a retired route that is gone, also when forced', async () => {
    const { call } = await reload('retired', at(), []);
    expect(await call('POST', '/v1/reload', { reason: 'test', force: true })).toMatchObject({
      status: 422,
      errors: [{ message: expect.stringContaining('would go to legacy, which is gone') }],
    });
  });

  test('is not refused for a route in shadow that is gone: no client moves', async () => {
    expect((await reload('shadow', at(), [])).answer).toMatchObject({ status: 200 });
  });

  test('leaves a route at a stage that it does not name any more, and says where it goes on', async () => {
    const stages = [{ stage: 'candidate', hundredths: 0 }] as const;
    const { call, answer } = await reload('canary', at(), [at({ stages })]);
    expect(answer).toMatchObject({
      status: 200,
      warnings: [{ key: 'stages', message: expect.stringContaining('stays at canary 10%') }],
    });
    expect(await call('GET', '/v1/routes/articles')).toMatchObject({
      percent: 10,
      next: { stage: 'candidate' },
    });
  });
});

describe('with a ledger that cannot be trusted', () => {
  const owned = planOf({
    routes: [
      routeOf('free', ['GET /free']),
      routeOf('owned', ['GET /owned'], { data: { kind: 'owned', set: 's' } }),
    ],
  });
  const broken = () => ({
    ...openMemoryLedger(),
    fault: () => ({ place: 'ledger.jsonl:2', detail: 'it is not JSON' }),
  });
  const storeOf = (position: object | null) => ({
    load: async () =>
      position && ({ seq: 1, hash: 'h', positions: { free: position, owned: position } } as never),
    save: async () => {},
  });

  test('the last stored positions hold, and nothing can be changed', async () => {
    const position = {
      stage: 'candidate',
      hundredths: 0,
      writer: 'legacy',
      paused: false,
      killed: false,
      version: 4,
    };
    const { call, facade } = await start({ ledger: broken(), store: storeOf(position) }, owned);
    expect(await call('GET', '/readyz')).toMatchObject({ status: 200, ledger: 'untrusted' });
    expect(await call('GET', '/v1/routes/owned')).toMatchObject({ stage: 'candidate', version: 4 });
    expect(await call('POST', '/v1/routes/free/rollback', { reason: 'x' })).toMatchObject({
      status: 503,
      code: 'LEDGER_CORRUPT',
      detail: expect.stringContaining('ledger.jsonl:2'),
    });
    expect(facade.logged.join()).toContain('ledger.jsonl:2: it is not JSON');
    expect(await call('GET', '/v1/ledger?limit=1')).toMatchObject({
      status: 200,
      fault: expect.stringMatching(
        /^ledger ledger\.jsonl:2: it is not JSON\. Stop the facade and run `fig ledger repair --dry-run`/,
      ),
      faultCode: 'LEDGER_CORRUPT',
    });
  });

  test('and nothing stored, the instance is not ready, and owned data is answered by nobody', async () => {
    const { call, facade } = await start({ ledger: broken(), store: storeOf(null) }, owned);
    expect(await call('GET', '/readyz')).toMatchObject({ status: 503, code: 'LEDGER_CORRUPT' });
    const problemAt = async (path: string) =>
      JSON.parse((await ask(facade.url, { path })).body.toString()).code;
    expect(await problemAt('/owned')).toBe('ROUTE_OWNER_UNKNOWN');
    expect(await problemAt('/free')).toBe('UPSTREAM_CONNECT_LEGACY');
  });

  test('that was never reached, and nothing stored, is answered likewise, with a code of its own', async () => {
    const away = { place: 'postgres://db', detail: 'it is away', entriesHold: true, away: true };
    const ledger = { ...openMemoryLedger(), fault: () => away };
    const { call, facade } = await start({ ledger, store: storeOf(null) }, owned);
    expect(await call('GET', '/readyz')).toMatchObject({ status: 503, code: 'LEDGER_UNREACHABLE' });
    expect(await call('GET', '/v1/ledger')).toMatchObject({ status: 200, faultCode: 'LEDGER_UNREACHABLE' });
    const { body } = await ask(facade.url, { path: '/owned' });
    expect(JSON.parse(body.toString())).toMatchObject({ status: 503, code: 'ROUTE_OWNER_UNKNOWN' });
    const { headers } = await ask(facade.url, { path: '/free' });
    expect(headers).toMatchObject({ 'x-fig-upstream': 'legacy', 'x-fig-reason': 'FENCED' });
  });

  test('since a change met the damage, nothing more can be changed, and the log says so', async () => {
    let damaged = false;
    const ledger = openMemoryLedger();
    const { call, facade } = await start({
      ledger: {
        ...ledger,
        fault: () => (damaged ? { place: 'ledger.jsonl', detail: 'somebody else changed it' } : null),
        append: async () => {
          damaged = true;
          throw new LedgerError('LEDGER_CORRUPT', 'ledger ledger.jsonl: somebody else changed it.');
        },
      },
    });
    for (let i = 0; i < 2; i++)
      expect(await call('POST', TRANSITIONS, step(10, 0))).toMatchObject({
        status: 503,
        code: 'LEDGER_CORRUPT',
      });
    expect(await call('GET', '/readyz')).toMatchObject({ ledger: 'untrusted' });
    expect((await call('GET', '/v1/ledger')).fault).toContain('somebody else changed it');
    expect(facade.logged.join()).toContain('somebody else changed it');
  });

  test('because it has lost what this instance served, the stored positions hold too', async () => {
    const position = {
      stage: 'candidate',
      hundredths: 0,
      writer: 'legacy',
      paused: false,
      killed: false,
      version: 1,
    };
    const { call } = await start({ store: storeOf(position) }, owned);
    expect(await call('POST', '/v1/routes/free/rollback', { reason: 'x' })).toMatchObject({
      status: 503,
      detail: expect.stringContaining('ends at entry 0, but this instance has served entry 1'),
    });
  });
});
