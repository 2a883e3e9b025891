import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Route } from '#plan/model/plan.ts';
import { openMemoryLedger } from '../adapters/ledger.memory.ts';
import { Tally } from '../core/guardrail/tally.ts';
import type { Ledger } from '../core/ledger.ts';
import { Observations } from '../core/observation/observations.ts';
import type { RouteObserved } from '../core/observation/observations-view.ts';
import { adminClient } from '../test-kit/admin-client.ts';
import { draftOf } from '../test-kit/draft-of.ts';
import { facadeOf, listenOn, type TestFacade, TOKEN } from '../test-kit/facade-of.ts';
import { canary, planOf, routeOf } from '../test-kit/plan-of.ts';
import { ask } from '../test-kit/raw-client.ts';
import { until } from '../test-kit/until.ts';

const GUARDED: Route['guardrails'] = {
  mismatch: { maxRatio: 0.01 },
  errors: { maxIncreaseRatio: 0.01 },
  p99: null,
  minimum: 50,
  windowMs: 300_000,
  bakeMs: 0,
  onBreach: 'rollback',
};

describe('guardrails', () => {
  let facade: TestFacade;
  /** How far the clock of evidence is ahead. */
  let laterMs = 0;
  /** What processes that have ended had seen. */
  let past: RouteObserved[] = [];
  let sides: Record<
    'legacy' | 'candidate',
    {
      server: Server;
      url: string;
      answer: (path?: string) => [number, unknown];
      build: string | null;
      type: string;
    }
  >;

  beforeEach(async () => {
    laterMs = 0;
    past = [];
    const side = async () => {
      const own = {
        answer: (_path?: string): [number, unknown] => [200, { price: 1 }],
        build: null as string | null,
        type: 'application/json',
      };
      const server = createServer((request, response) => {
        const [status, body] = own.answer(request.url);
        if (own.build !== null) response.setHeader('X-Build', own.build);
        response.writeHead(status, { 'content-type': own.type }).end(JSON.stringify(body));
      });
      return Object.assign(own, { server, url: `http://127.0.0.1:${await listenOn(server)}` });
    };
    sides = { legacy: await side(), candidate: await side() };
  });
  afterEach(async () => {
    await facade?.close();
    for (const { server } of Object.values(sides)) {
      server.closeAllConnections();
      server.close();
    }
  });

  const metrics = async () => (await ask(facade.adminUrl, { path: '/metrics' })).body.toString();

  const start = async (
    guardrails: Partial<Route['guardrails']> = {},
    part: Partial<Route> = {},
    ledger: Ledger = openMemoryLedger(),
    { build = null, ...named }: { build?: string | null; buildHeader?: string } = {},
  ) => {
    const given = routeOf('articles', ['/api/articles/:id']);
    const route: Route = {
      ...given,
      stages: [
        { stage: 'shadow', hundredths: 0 },
        canary(10),
        canary(50),
        { stage: 'candidate', hundredths: 0 },
      ],
      shadow: { ...given.shadow, sampleRatio: 1, noiseRatio: 0 },
      guardrails: { ...GUARDED, ...guardrails },
      ...part,
    };
    facade = await facadeOf(
      planOf({
        legacy: { url: sides.legacy.url, build: null },
        candidates: new Map([['catalog', { url: sides.candidate.url, build, ...named }]]),
        // Errors of the candidate must reach the guardrail, not the breaker.
        health: { path: '/livez', intervalMs: 0, ejectAtRatio: 1.01, minimum: 1e9, windowMs: 60_000 },
        routes: [route],
      }),
      { now: () => new Date(), nowMs: () => Date.now() + laterMs, ledger, past: () => past },
    );
  };
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${facade.adminUrl}/v1/routes/articles${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    // biome-ignore lint/suspicious/noExplicitAny: what the API answers is what is tested
    return { status: answer.status, body: (await answer.json()) as any };
  };
  const next = async (stage: string, percent?: number, force = false) => {
    const { body } = await call('GET', '');
    return call('POST', '/transitions', {
      stage,
      ...(percent === undefined ? {} : { percent }),
      expectedVersion: body.version,
      reason: 'test',
      force,
    });
  };
  const requests = async (count: number) => {
    for (let at = 0; at < count; at += 20)
      await Promise.all(
        Array.from({ length: Math.min(20, count - at) }, (_, i) =>
          ask(facade.url, { path: `/api/articles/${at + i}` }),
        ),
      );
    await until(
      'the copies to be compared',
      async () => (await call('GET', '/observations')).body.inFlight === 0,
    );
  };

  test('hold a route while many answers are too large to be compared, and let it go on when they are compared', async () => {
    const given = routeOf('articles', []).shadow;
    const [small, large] = ['x', 'x'.repeat(2_000)];
    await start({}, { shadow: { ...given, sampleRatio: 1, noiseRatio: 0, maxBodyBytes: 1_000 } });
    await next('shadow');
    for (const side of Object.values(sides)) side.answer = () => [200, { text: large }];
    await requests(60);
    for (const side of Object.values(sides)) side.answer = () => [200, { text: small }];
    await requests(400);
    const refused = await next('canary', 10);
    expect([refused.status, refused.body.code]).toEqual([422, 'ROUTE_EVIDENCE_MISSING']);
    expect(JSON.stringify(refused.body)).toContain(
      '0 of 400 compared answers differ, and 60 could not be compared',
    );
    await requests(200);
    expect((await next('canary', 10)).status).toBe(200);
  });

  test('hold a route whose candidate often gives no answer, though what it answers is right', async () => {
    await start({ errors: null });
    await next('shadow');
    let n = 0;
    sides.candidate.server.prependListener('request', (request) => {
      if (n++ % 5 < 2) request.socket.destroy();
    });
    await requests(600);
    const refused = await next('canary', 10);
    expect([refused.status, refused.body.code]).toEqual([422, 'ROUTE_EVIDENCE_MISSING']);
    expect(JSON.stringify(refused.body)).toMatch(
      /0 of \d+ compared answers differ, and \d+ could not be compared/,
    );
  });

  test('rest on the build that runs now, also in the seconds after a deployment', async () => {
    let builds = ['b1'];
    let asked = 0;
    const version = () => (builds.length === 0 ? 503 : 200);
    sides.candidate.answer = (path) =>
      path === '/version' ? [version(), { build: builds[asked++ % builds.length] }] : [200, { price: 1 }];
    await start({}, {}, openMemoryLedger(), { build: '/version' });
    facade.control.learnBuild('catalog', 'b1');
    await next('shadow');
    await requests(600);
    builds = ['b2'];
    const early = await next('canary', 10);
    expect([early.status, early.body.code]).toEqual([422, 'ROUTE_EVIDENCE_MISSING']);
    builds = ['b1', 'b2'];
    const mixed = await next('canary', 10);
    expect(mixed.status).toBe(422);
    expect(mixed.body.detail).toContain('Behind catalog builds take turns (b1, b2)');
    builds = [];
    const down = await next('canary', 10);
    expect([down.status, down.body.code]).toEqual([422, 'ROUTE_EVIDENCE_MISSING']);
    expect(down.body.detail).toMatch(/Nothing answers at http:\S+\/version: which build of catalog runs now/);
    builds = ['b1'];
    expect((await next('canary', 10)).status).toBe(200);
    builds = [];
    expect((await next('canary', 50, true)).status).toBe(200);
  });

  test('hold a route until its evidence passes, and say what is missing', async () => {
    await start();
    expect((await next('shadow')).status).toBe(200);
    const refused = await next('canary', 10);
    expect([refused.status, refused.body.code]).toEqual([422, 'ROUTE_EVIDENCE_MISSING']);
    await requests(100);
    const thin = await next('canary', 10);
    expect(thin.status).toBe(422);
    const [mismatch] = thin.body.guardrails;
    expect(mismatch).toMatchObject({
      name: 'mismatch',
      verdict: 'hold',
      value: 0,
      threshold: 0.01,
      sample: 100,
    });
    expect(mismatch.missing.samples).toBeGreaterThan(100);
    expect(thin.body.detail).toContain(mismatch.explanation);
    await requests(mismatch.missing.samples);
    const { body } = await call('GET', '/evidence');
    expect(body.guardrails[0]).toMatchObject({ verdict: 'pass', missing: null });
    expect(body.guardrails[0].interval[1]).toBeLessThan(0.01);
  }, 120_000);

  test('are passed by force', async () => {
    await start();
    await next('shadow');
    expect((await next('canary', 10, true)).status).toBe(200);
  });

  test('keep a route at its stage for as long as it has to bake', async () => {
    await start({ mismatch: null, errors: { maxIncreaseRatio: 1 }, minimum: 1, bakeMs: 60_000 });
    await next('shadow');
    await requests(60);
    const refused = await next('canary', 10);
    expect(refused.status).toBe(422);
    expect(refused.body.detail).toMatch(/another \d+ s \(bake\)/);
  });

  test.each([
    ['rollback', { stage: 'legacy', paused: false }],
    ['step-back', { stage: 'canary', percent: 10, paused: false }],
    ['pause', { stage: 'canary', percent: 50, paused: true }],
  ] as const)('a breach does what onBreach says: %s', async (onBreach, expected) => {
    await start({ onBreach });
    await next('shadow', undefined, true);
    await next('canary', 50, true);
    sides.candidate.answer = () => [200, { price: 2 }];
    await requests(120);
    await facade.guardrails.look();
    expect((await call('GET', '')).body).toMatchObject(expected);
    const entries = await facade.ledgerEntries();
    expect(entries.at(-1)).toMatchObject({
      actor: 'guardrail',
      ...(onBreach === 'rollback' ? { type: 'rollback' } : {}),
    });
    expect(entries.at(-1)?.reason).toMatch(/differ/);
    expect(await metrics()).toContain('fig_guardrail_breaches_total{route="articles"} 1');
    await facade.guardrails.look();
    expect(await facade.ledgerEntries()).toHaveLength(entries.length);
    expect(await metrics()).toContain('fig_guardrail_breaches_total{route="articles"} 1');
    // What is judged no more is shown no more.
    expect((await metrics()).includes('fig_guardrail_verdict{')).toBe(onBreach !== 'rollback');
  });

  test('errors that legacy has as well are no breach, more of them are', async () => {
    await start({ mismatch: null });
    let n = 0;
    sides.legacy.answer = () => [n++ % 10 === 0 ? 500 : 200, {}];
    sides.candidate.answer = () => [n++ % 10 === 0 ? 500 : 200, {}];
    await next('canary', 50, true);
    await requests(200);
    await facade.guardrails.look();
    expect((await call('GET', '')).body.stage).toBe('canary');
    sides.candidate.answer = () => [500, {}];
    await requests(100);
    await facade.guardrails.look();
    expect((await call('GET', '')).body.stage).toBe('legacy');
  });

  test('in shadow a breach moves nothing: it only holds the next step', async () => {
    await start();
    await next('shadow');
    sides.candidate.answer = () => [200, { price: 2 }];
    await requests(120);
    await facade.guardrails.look();
    expect((await call('GET', '')).body.stage).toBe('shadow');
    const shown = await metrics();
    expect(shown).toContain(
      'fig_guardrail_verdict{route="articles",guardrail="mismatch",verdict="breach"} 1',
    );
    expect(shown).toContain('fig_guardrail_verdict{route="articles",guardrail="mismatch",verdict="pass"} 0');
    expect(shown).toContain('fig_guardrail_value{route="articles",guardrail="mismatch"} 1');
    expect(shown).toContain('fig_guardrail_samples{route="articles",guardrail="mismatch"} 120');
    expect(shown).toContain('fig_shadow_differences{route="articles",kind="value",severity="major"} 120');
    const refused = await next('canary', 10);
    expect(refused.body.guardrails[0]).toMatchObject({ name: 'mismatch', verdict: 'breach' });
  });

  test.each(['pause', 'step-back', 'rollback'] as const)(
    'pause and nothing else where the candidate is the writer, though onBreach is %s',
    async (onBreach) => {
      const ledger = openMemoryLedger();
      const at = new Date().toISOString();
      await ledger.append([
        draftOf('articles', 1, { at, stage: 'candidate', percent: 0, writer: 'candidate' }),
      ]);
      await start({ onBreach }, { data: { kind: 'owned', set: 'articles' } }, ledger);
      sides.candidate.answer = () => [200, { price: 2 }];
      await requests(120);
      await facade.guardrails.look();
      const position = { stage: 'candidate', writer: 'candidate', paused: true };
      expect((await call('GET', '')).body).toMatchObject(position);
      expect((await facade.ledgerEntries()).map(({ type, actor }) => [type, actor]).slice(1)).toEqual([
        ['pause', 'guardrail'],
      ]);
    },
  );

  test('move nothing in a pause', async () => {
    await start();
    await next('canary', 50, true);
    await call('POST', '/pause', { reason: 'test' });
    sides.candidate.answer = () => [200, { price: 2 }];
    await requests(120);
    await facade.guardrails.look();
    expect((await call('GET', '')).body).toMatchObject({ stage: 'canary', percent: 50 });
  });

  describe('where answers name their build', () => {
    const named = { build: '/version', buildHeader: 'x-build' };
    const by = async (build: string | null, count: number) => {
      sides.candidate.build = build;
      await requests(count);
    };
    beforeEach(async () => {
      await start({}, {}, openMemoryLedger(), named);
      sides.candidate.build = 'b1';
      facade.control.learnBuild('catalog', 'b1');
      await next('shadow');
    });

    test('rest on one build alone: after answers of another they begin anew once it has been silent for ten seconds', async () => {
      await by('b1', 600);
      await by('b2', 1);
      await by('b1', 1);
      const mixed = await next('canary', 10);
      expect(mixed.status).toBe(422);
      expect(mixed.body.detail).toContain('build b2 of catalog has answered as well');
      const met = { build: 'b2', at: expect.stringMatching(/^2\d{3}-.*Z$/) };
      // Its answers are checked against the document.
      const told = adminClient(facade);
      for (const path of ['evidence', 'observations'])
        expect(await told('GET', `/v1/routes/articles/${path}`)).toMatchObject({ build: 'b1', mixed: met });
      laterMs = 9_000;
      expect((await next('canary', 10)).status).toBe(422);
      expect((await call('GET', '/observations')).body.eligible).toBe(602);
      laterMs = 11_000;
      expect((await call('GET', '/observations')).body.eligible).toBe(0);
      await by('b1', 100);
      expect((await next('canary', 10)).body.guardrails[0]).toMatchObject({ verdict: 'hold', sample: 100 });
      await by('b1', 500);
      for (const path of ['/evidence', '/observations'])
        expect(Object.keys((await call('GET', path)).body)).not.toContain('mixed');
      expect((await next('canary', 10)).status).toBe(200);
    });

    test('leave out what an ended process had seen of two builds, and so do observations', async () => {
      await by('b1', 20);
      const hash = facade.control.snapshot.states.get('articles')?.route.hash ?? '';
      const epoch = { sinceMs: 0, stage: 'shadow', build: 'b1', hash };
      const observations = new Observations(0);
      observations.fate('dropped');
      past.push({
        ...{ route: 'articles', hash, build: 'b1', observations: observations.toJSON() },
        tally: new Tally(epoch, GUARDED.windowMs).toJSON(),
        mixed: { build: 'b2', atMs: Date.now() },
      });
      const seen = async () => (await call('GET', '/observations')).body;
      expect(await seen()).toMatchObject({ eligible: 21, mixed: { build: 'b2' } });
      laterMs = 21_000;
      const { eligible, mixed } = await seen();
      expect([eligible, mixed]).toEqual([20, undefined]);
    });

    test('are mixed by answers to clients, too', async () => {
      await next('canary', 50, true);
      await by('b1', 20);
      const alone = await next('candidate');
      expect(alone.body.detail).not.toContain('has answered as well');
      await by('b2', 20);
      // What the other side answers as well says nothing of builds.
      sides.legacy.build = 'b3';
      await by('b1', 20);
      expect((await next('candidate')).body.detail).toContain('build b2 of catalog has answered as well');
    });

    test.each([
      ['too large to compare', 'application/json', 3_000_000],
      ['event streams', 'text/event-stream', 1],
    ])('are mixed by copied answers that are %s, too', async (_what, type, size) => {
      await by('b1', 20);
      sides.candidate.answer = () => [200, 'x'.repeat(size)];
      sides.candidate.type = type;
      await by('b2', 1);
      Object.assign(sides.candidate, { answer: () => [200, { price: 1 }], type: 'application/json' });
      await by('b1', 1);
      expect((await next('canary', 10)).body.detail).toContain('build b2 of catalog has answered as well');
    });

    test('are mixed by answers to second asks, too', async () => {
      await facade.close();
      const { shadow } = routeOf('articles', []);
      await start({}, { shadow: { ...shadow, sampleRatio: 1, noiseRatio: 0.01 } }, openMemoryLedger(), named);
      facade.control.learnBuild('catalog', 'b1');
      await next('canary', 50, true);
      const asked = new Set<string | undefined>();
      sides.candidate.answer = (path) => {
        sides.candidate.build = asked.has(path) ? 'b2' : 'b1';
        asked.add(path);
        return [200, { price: 1 }];
      };
      await requests(20);
      Object.assign(sides.candidate, { answer: () => [200, { price: 1 }], build: 'b1' });
      expect((await next('candidate')).body.detail).toContain('build b2 of catalog has answered as well');
    });

    test('answers that name none are of the build that runs now', async () => {
      await by('b1', 300);
      await by(null, 300);
      sides.candidate.build = 'b1';
      expect((await next('canary', 10)).status).toBe(200);
    });

    test('the header tells the build at its path, too', async () => {
      sides.candidate.answer = (path) => [200, path === '/version' ? { version: '1.0.0' } : { price: 1 }];
      await by('b1', 600);
      expect((await next('canary', 10)).status).toBe(200);
      expect((await call('GET', '/evidence')).body.build).toBe('b1');
    });

    test('protect clients from another build all the same', async () => {
      await next('canary', 50, true);
      sides.candidate.answer = () => [500, {}];
      await by('b2', 120);
      await facade.guardrails.look();
      expect((await call('GET', '')).body.stage).toBe('legacy');
    });
  });

  test('start anew with another build of the candidate', async () => {
    await start();
    await next('shadow');
    await requests(60);
    expect((await call('GET', '/observations')).body).toMatchObject({ build: null, eligible: 60 });
    facade.control.learnBuild('catalog', 'b2');
    expect((await call('GET', '/observations')).body).toMatchObject({ build: 'b2', eligible: 0 });
    expect((await call('GET', '/evidence')).body).toMatchObject({ build: 'b2', verdict: 'hold' });
  });
});
