import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Route } from '#plan/model/plan.ts';
import { facadeOf, type TestFacade, TOKEN } from '../../test-kit/facade-of.ts';
import { ObservedRoute } from '../../test-kit/observed.ts';
import { planOf, routeOf } from '../../test-kit/plan-of.ts';
import { ask } from '../../test-kit/raw-client.ts';
import { json, type ScriptedUpstream, scriptedUpstream } from '../../test-kit/scripted-upstream.ts';

type Shown = { path: string; kind: string; verdict: string; count: number; suggestion: object | null };

/** What an application tells of itself in every answer, in the forms that applications have for it. */
const tellsOfItself = () => ({
  requestId: randomUUID(),
  servedAt: new Date().toISOString(),
  epochSeconds: Math.floor(Date.now() / 1000),
  httpDate: new Date().toUTCString(),
  links: [{ token: randomUUID(), rel: 'self' }],
});

describe('noise that legacy makes', () => {
  let legacy: ScriptedUpstream;
  let candidate: ScriptedUpstream;
  let facade: TestFacade;
  let observed: ObservedRoute;
  let roll: () => number;

  beforeEach(async () => {
    [legacy, candidate] = [await scriptedUpstream(), await scriptedUpstream()];
    roll = Math.random;
    const given = routeOf('articles', ['GET /api/articles', 'GET /api/articles/:id']);
    const route: Route = {
      ...given,
      shadow: { ...given.shadow, sampleRatio: 1, noiseRatio: 0.1 },
      compare: { ...given.compare, headers: ['x-request-id'] },
    };
    facade = await facadeOf(
      planOf({
        legacy: { url: legacy.url, build: null },
        candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
        routes: [route],
      }),
      { random: () => roll() },
    );
    observed = new ObservedRoute(facade.adminUrl, TOKEN);
    await facade.put('articles', 'shadow');
  });
  afterEach(async () => {
    await facade?.close();
    await Promise.all([legacy.vanish(), candidate.vanish()]);
  });

  const answering = (own: () => object) => (upstream: ScriptedUpstream) => {
    upstream.answer = (request, response) => {
      response.setHeader('x-request-id', randomUUID());
      json({ price: 12.5, path: request.url, ...own() })(request, response);
    };
  };
  const learn = async (requests: number) => {
    for (let n = 0; n < requests; n += 10)
      await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          ask(facade.url, { path: i % 2 === 0 ? '/api/articles' : `/api/articles/${n + i}` }),
        ),
      );
    return observed.settled(requests);
  };
  const ask20 = async (before: number) => {
    for (let n = 0; n < 20; n++) await ask(facade.url, { path: '/api/articles/7' });
    return observed.settled(before + 20);
  };

  test('of 500 answers with random ids and the time in every form nothing is left unexplained', async () => {
    for (const upstream of [legacy, candidate]) answering(tellsOfItself)(upstream);
    const seen = await learn(500);
    expect(seen.compared).toEqual({ match: 0, mismatch: 0, ignored: 500 });
    const fields: Shown[] = seen.fields;
    for (const { path, kind, verdict } of fields)
      expect([path, kind, verdict]).toEqual([path, kind, 'noise']);
    const paths = new Set(fields.map(({ path }) => path));
    for (const path of ['$.requestId', '$.servedAt', '$.links[*].token', 'header:x-request-id'])
      expect(paths).toContain(path);
    // Nothing is hidden without a word: each path is listed, with the rule that would say so in the plan.
    for (const field of fields) expect(field.suggestion).toMatchObject({ reason: expect.any(String) });
    // The sample keeps legacy's own share small.
    expect(legacy.seen.length).toBeLessThan(500 + 2 * 20 + 0.3 * 500);
  });

  test.each<[string, (own: ReturnType<typeof tellsOfItself>) => object, string, string]>([
    ['null for a random id', (own) => ({ ...own, requestId: null }), '$.requestId', 'type'],
    ['no time', ({ servedAt: _, ...own }) => own, '$.servedAt', 'missing'],
    ['a number for the time', (own) => ({ ...own, servedAt: Date.now() }), '$.servedAt', 'type'],
    [
      'null in a list',
      (own) => ({ ...own, links: [{ token: null, rel: 'self' }] }),
      '$.links[*].token',
      'type',
    ],
    ['another price', (own) => ({ ...own, price: 12.51 }), '$.price', 'value'],
  ])(
    'a candidate that answers %s is found at once, behind all the noise',
    async (_what, wrong, path, kind) => {
      for (const upstream of [legacy, candidate]) answering(tellsOfItself)(upstream);
      const requests = path === '$.requestId' ? 500 : 60;
      expect((await learn(requests)).compared.mismatch).toBe(0);
      answering(() => wrong(tellsOfItself()))(candidate);
      const seen = await ask20(requests);
      expect(seen.compared.mismatch).toBe(20);
      expect(seen.fields[0]).toMatchObject({ path, kind, count: 20, verdict: 'counts' });
      expect(seen.fields.filter(({ verdict }: Shown) => verdict === 'counts')).toHaveLength(1);
    },
  );

  test('is the turn of a second between two answers', async () => {
    const seconds = () => Math.floor(Date.now() / 1000);
    let n = 0;
    answering(() => ({ at: seconds() }))(legacy);
    // On one in twenty the second turned between legacy's answer and the candidate's.
    answering(() => ({ at: seconds() + (n++ % 20 === 0 ? 1 : 0) }))(candidate);
    expect((await learn(100)).compared.mismatch).toBe(0);
    expect(n).toBe(100);
  });

  test('is learned by a crowd that comes all at once', async () => {
    for (const upstream of [legacy, candidate]) answering(tellsOfItself)(upstream);
    // Of those that come when it is learned one in ten would be asked again (noiseRatio), by the dice: none here.
    roll = () => 0.999;
    await Promise.all(Array.from({ length: 200 }, () => ask(facade.url, { path: '/api/articles' })));
    const { compared } = await observed.settled(200);
    expect(compared).toEqual({ match: 0, mismatch: 0, ignored: 200 });
    // Twenty second questions say it; the others wait for those instead of asking too.
    expect(legacy.seen.length).toBeLessThan(200 + 20 + 5);
  });
});
