import { describe, expect, test } from '@jest/globals';
import { seeded } from '../../test-kit/random.ts';
import { type Answer, type Comparison, compareAnswers, compileRules } from '../compare/index.ts';
import { Tally } from '../guardrail/tally.ts';
import { Observations, type Outcome } from './observations.ts';
import { addUp, current, observationsView, type RouteObserved, sumOfEnded } from './observations-view.ts';

const ENDPOINT = 'GET /x/:id';
const compare = { ignore: [], unordered: [], tolerance: {}, equivalent: [], headers: [] };
const rules = compileRules(compare);
const answerOf = (body: string, type: string): Answer => ({
  status: 200,
  headers: { 'content-type': type },
  body: Buffer.from(body),
});

type Page = (random: number, wrong: boolean) => Answer;
const PAGES: readonly (readonly [what: string, page: Page])[] = [
  [
    'cells of a table',
    (random, wrong) =>
      answerOf(
        `<table><tr><td>${random}</td></tr><tr><td>${wrong ? '99.00' : '90.00'}</td></tr></table>`,
        'text/html',
      ),
  ],
  [
    'fields of a form',
    (random, wrong) =>
      answerOf(
        `<form><input name=_csrf value=${random}><input name=rate value=${wrong ? 99 : 90}></form>`,
        'text/html',
      ),
  ],
  ['lines of a text', (random, wrong) => answerOf(`a;${wrong ? 99 : 90}\n# ${random}\n`, 'text/csv')],
  [
    'entries of a list',
    (random, wrong) =>
      answerOf(
        JSON.stringify([
          { name: 'now', value: random },
          { name: 'rate', value: wrong ? 99 : 90 },
        ]),
        'application/json',
      ),
  ],
];

/** So many requests, of which `isWrong` says on which the candidate is. */
function observe(page: Page, requests: number, isWrong: (at: number) => boolean, noiseRatio = 0.1) {
  const random = seeded(5);
  const observed = new Observations(0);
  const outcomes: Outcome[] = [];
  for (let at = 0; at < requests; at++) {
    const legacy = page(random(), false);
    const against = (answer: Answer): Comparison => compareAnswers(legacy, answer, rules);
    const comparison = against(page(random(), isWrong(at)));
    const again = observed.noise.wantsRepeat(ENDPOINT, noiseRatio, random(), comparison.differences);
    const repeat = again ? against(page(random(), false)) : null;
    const keep = ({ sample }: Comparison['differences'][number]) => ({ ...sample, curl: '' });
    outcomes.push(
      observed.compared({ endpoint: ENDPOINT, comparison, repeat, dryRun: false, keep }, at).outcome,
    );
  }
  return { observed, outcomes };
}

describe.each(PAGES)('%s, of which one is random', (_what, page) => {
  test('are no mismatch while the rest is right', () => {
    const { outcomes } = observe(page, 300, () => false);
    expect(outcomes.filter((outcome) => outcome === 'mismatch' || outcome === 'doubtful')).toEqual([]);
  });

  test('are a mismatch where another one is wrong, and the sample shows that one', () => {
    const { outcomes, observed } = observe(page, 300, () => true);
    expect(new Set(outcomes)).toEqual(new Set(['mismatch']));
    const route = { name: 'x', hash: 'h', compare } as unknown as Parameters<typeof observationsView>[0];
    const view = observationsView(route, { build: null, observations: observed, tally: null, mixed: null });
    const counting = view.fields.filter(({ verdict }) => verdict === 'counts');
    expect(counting.flatMap(({ samples }) => samples.at(-1)?.candidate)).toEqual([
      expect.stringMatching(/99/),
    ]);
  });

  test('are doubtful or a mismatch each time where another one is wrong now and then', () => {
    const { outcomes } = observe(page, 1_000, (at) => at % 50 === 49);
    const told = outcomes.flatMap((outcome, at) =>
      outcome === 'mismatch' || outcome === 'doubtful' ? [at] : [],
    );
    expect(told).toEqual(Array.from({ length: 20 }, (_, n) => n * 50 + 49));
  });
});

test('a new difference finds a row beside a thousand that were seen once', () => {
  const observed = new Observations(0);
  const see = (body: string, at: number) => {
    const [legacy, candidate] = [answerOf('{}', 'application/json'), answerOf(body, 'application/json')];
    const comparison = compareAnswers(legacy, candidate, rules);
    const keep = () => ({ at: '$', legacy: null, candidate: null, curl: 'c'.repeat(10_000) });
    observed.compared({ endpoint: ENDPOINT, comparison, repeat: null, dryRun: false, keep }, at);
  };
  for (let at = 0; at < 1_500; at++) see(JSON.stringify({ [`name${'x'.repeat(at % 40)}_${at}_`]: 1 }), at);
  for (let at = 0; at < 3; at++) see('{"important":1}', 2_000 + at);
  expect(observed.fields).toHaveLength(1_000);
  expect(observed.rowsLeftOut).toBeGreaterThanOrEqual(500);
  expect(observed.fields.find(({ path }) => path === '$.important')).toMatchObject({ count: 3 });
  expect(JSON.stringify(observed).length).toBeLessThan(6_000_000);
});

test('endpoints that turn out to be one are added up: rows, counts, samples and noise', () => {
  const observed = new Observations(0);
  const see = (endpoint: string, at: number) => {
    const [legacy, candidate] = ['{"price":1}', '{"price":2}'].map((text) =>
      answerOf(text, 'application/json'),
    );
    const comparison = compareAnswers(legacy as Answer, candidate as Answer, rules);
    const keep = () => ({ at: '$', legacy: '1', candidate: '2', curl: `curl ${endpoint}` });
    observed.compared({ endpoint, comparison, repeat: null, dryRun: false, keep }, at);
  };
  for (let at = 0; at < 12; at++) see(`GET /pages/a-${at % 3}x`, at);
  see('GET /other', 12);
  observed.rename((endpoint) => endpoint.replace(/a-\dx/, ':slug'));
  expect(observed.endpoints).toEqual([
    { template: 'GET /pages/:slug', match: 0, mismatch: 12, ignored: 0 },
    { template: 'GET /other', match: 0, mismatch: 1, ignored: 0 },
  ]);
  expect(observed.fields.map(({ endpoint, count, samples }) => [endpoint, count, samples.length])).toEqual([
    ['GET /pages/:slug', 12, 5],
    ['GET /other', 1, 1],
  ]);
  expect(observed.noise.fields().map(({ endpoint, candidate }) => [endpoint, candidate])).toEqual([
    ['GET /pages/:slug', { seen: 12, of: 12 }],
    ['GET /other', { seen: 1, of: 1 }],
  ]);
});

describe('what is evidence', () => {
  const json = (body: unknown) => answerOf(JSON.stringify(body), 'application/json');
  type Body = (next: () => number, wrong: boolean) => unknown;
  const RANDOM: [string, Body][] = [
    ['one of two values', (next) => ({ f: next() < 0.5 ? 'x' : 'y', n: 2 })],
    ['a value in a hundred', (next) => ({ f: next() < 0.01 ? 'x' : 'y' })],
    ['null in most answers', (next) => ({ f: next() < 0.98 ? null : 'y' })],
    [
      'a list of random length',
      (next) => ({ items: Array.from({ length: 2 + Math.floor(next() * 4) }, () => next()) }),
    ],
    ['names of members', (next) => ({ [`k${next()}`]: 1 })],
  ];

  /** Of 400 requests for each seed: how many are mismatches, and how many are evidence for one. `of` makes the two sides of a request. */
  function evidence(of: (next: () => number, at: number) => (wrong: boolean) => unknown, seeds = 20) {
    let [mismatches, sure] = [0, 0];
    for (let seed = 1; seed <= seeds; seed++) {
      const next = seeded(seed);
      const observed = new Observations(0);
      for (let at = 0; at < 400; at++) {
        const answer = of(next, at);
        const legacy = json(answer(false));
        const comparison = compareAnswers(legacy, json(answer(true)), rules);
        const asked = observed.noise.wantsRepeat(ENDPOINT, 0.1, next(), comparison.differences);
        const repeat = asked ? compareAnswers(legacy, json(answer(false)), rules) : null;
        const keep = ({ sample }: Comparison['differences'][number]) => ({ ...sample, curl: '' });
        const told = { endpoint: ENDPOINT, comparison, repeat, dryRun: false, keep };
        const { outcome, isSure } = observed.compared(told, at);
        if (outcome === 'mismatch') mismatches++;
        if (outcome === 'mismatch' && isSure) sure++;
      }
    }
    return { mismatches: mismatches / seeds, sure: sure / seeds };
  }

  test.each(RANDOM)('a right candidate gives none: %s', (_what, body) => {
    expect(evidence((next) => () => body(next, false)).sure).toBeLessThan(0.4);
  });

  test('a wrong one gives it from its tenth answer on, and one that is wrong now and then, too', () => {
    const price = (isWrong: boolean) => (wrong: boolean) => ({ price: isWrong && wrong ? 11 : 10 });
    expect(evidence(() => price(true))).toEqual({ mismatches: 400, sure: 391 });
    expect(evidence((_next, at) => price(at % 20 === 0))).toEqual({ mismatches: 20, sure: 11 });
  });

  test('a wrong one on another path each time gives it, too', () => {
    const map = (next: () => number) => {
      const name = `k${next()}`;
      return (wrong: boolean) => ({ [name]: wrong ? 11 : 10 });
    };
    expect(evidence(map)).toEqual({ mismatches: 400, sure: 391 });
  });
});

describe('what two builds answered in turn', () => {
  const part = (mixed: { build: string; atMs: number } | null): RouteObserved => ({
    ...{ route: 'x', hash: 'h', build: 'b1', observations: new Observations(0).toJSON() },
    tally: new Tally({ sinceMs: 0, stage: 'shadow', build: 'b1', hash: 'h' }, 300_000).toJSON(),
    ...(mixed ? { mixed } : {}),
  });
  const [alone, early, late] = [
    part(null),
    part({ build: 'b2', atMs: 1_000 }),
    part({ build: 'b3', atMs: 5_000 }),
  ];

  test('is told of the sum, by the latest, also when its processes have ended', () => {
    const route = { name: 'x', hash: 'h' };
    expect(addUp([alone], route, 'b1').mixed).toBeNull();
    expect(addUp([alone, late, early], route, 'b1').mixed).toEqual({ build: 'b3', atMs: 5_000 });
    const sums = sumOfEnded([alone, early, late, alone]);
    expect(sums.map(({ mixed }) => mixed)).toEqual([undefined, { build: 'b3', atMs: 5_000 }]);
  });

  test('takes nothing with it that processes which met no other build had seen', () => {
    const seen = (compared: number, mixed: { build: string; atMs: number } | null): RouteObserved => {
      const tally = new Tally({ sinceMs: 0, stage: 'shadow', build: 'b1', hash: 'h' }, 300_000);
      for (let n = 0; n < compared; n++) tally.compared('match', 0);
      return { ...part(mixed), tally: tally.toJSON() };
    };
    const trials = (parts: readonly RouteObserved[], nowMs: number) =>
      addUp(current(sumOfEnded(parts), nowMs), { name: 'x', hash: 'h' }, 'b1').tally?.stretches(nowMs)[0]
        ?.figures.compared.trials;
    const ended = [seen(100, null), seen(7, { build: 'b2', atMs: 1_000 }), seen(20, null)];
    expect(trials(ended, 6_000)).toBe(127);
    expect(trials(ended, 22_000)).toBe(120);
    // What had gone does not come again with what another process saw later.
    const later = seen(3, { build: 'b2', atMs: 60_000 });
    expect(trials([...sumOfEnded(ended), later], 61_000)).toBe(123);
    expect(trials([later, ...sumOfEnded(ended)], 61_000)).toBe(123);
  });

  test('counts no more where nobody has begun anew in time', () => {
    expect(current([alone, early, late], 6_000)).toEqual([alone, early, late]);
    expect(current([alone, early, late], 22_000)).toEqual([alone, late]);
  });
});
