import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Figures } from './figures.ts';
import { type Evidence, judge } from './judge.ts';
import { type Epoch, Tally } from './tally.ts';

const SINCE = Date.UTC(2026, 0, 1);
const WINDOW_MS = 300_000;
const SLICE_MS = WINDOW_MS / 5;
const epoch: Epoch = { sinceMs: SINCE, stage: 'shadow', build: 'b1', hash: 'h1' };
const limits = { minimum: 200, windowMs: WINDOW_MS, bakeMs: 0, onBreach: 'rollback' } as const;
const off = { ...limits, mismatch: null, errors: null, p99: null };
const mismatch = { ...off, mismatch: { maxRatio: 0.001 } };
const errors = { ...off, errors: { maxIncreaseRatio: 0.005 } };
const p99 = { ...off, p99: { maxRatio: 1.2 } };

function compared(differing: number, of: number): Figures {
  const figures = new Figures();
  Object.assign(figures.compared, { hits: differing, trials: of });
  return figures;
}

/** Failed and all answers of each side. */
function answered(candidate: readonly [number, number], legacy: readonly [number, number]): Figures {
  const figures = new Figures();
  Object.assign(figures.answered.candidate, { hits: candidate[0], trials: candidate[1] });
  Object.assign(figures.answered.legacy, { hits: legacy[0], trials: legacy[1] });
  return figures;
}

function latencies(
  candidateMs: (at: number) => number,
  legacyMs: (at: number) => number,
  each: number,
): Figures {
  const figures = new Figures();
  for (let at = 0; at < each; at++) {
    figures.latency.candidate.record(candidateMs(at));
    figures.latency.legacy.record(legacyMs(at));
  }
  return figures;
}

/** A tally that took figures at the given milliseconds after its beginning. */
function tallyOf(...taken: readonly (readonly [afterMs: number, figures: Figures])[]): Tally {
  const tally = new Tally(epoch, WINDOW_MS);
  for (const [afterMs, figures] of taken) tally.add(figures, SINCE + afterMs);
  return tally;
}

function judged(tally: Tally, guardrails: Parameters<typeof judge>[1], afterMs = 0) {
  const evidence: Evidence = judge(tally, guardrails, SINCE + afterMs);
  expect(evidence.guardrails).toHaveLength(1);
  return evidence.guardrails[0]!;
}

describe('mismatch', () => {
  it('passes with 3,861 comparisons that match, and says how many are missing before', () => {
    const before = judged(tallyOf([0, compared(0, 3_000)]), mismatch, 60_000);
    expect(before).toMatchObject({ verdict: 'hold', value: 0, threshold: 0.001, sample: 3_000 });
    expect(before.missing).toEqual({ samples: 861, ms: 17_220 });
    const after = judged(tallyOf([0, compared(0, 3_861)]), mismatch);
    expect(after).toMatchObject({ verdict: 'pass', value: 0, sample: 3_861, missing: null });
    expect(after.interval[1]).toBeLessThan(0.001);
    expect(after.explanation).toBe('0 of 3,861 compared answers differ: less than 0.1 %, and 0.1 % may be.');
  });

  it('holds where more than one pair of answers in ten was not compared, and breaches by none of them', () => {
    const beside = (uncompared: number, differing = 0, of = 9_000) => {
      const figures = compared(differing, of);
      Object.assign(figures.compared, { uncompared });
      return judged(tallyOf([0, figures]), mismatch);
    };
    expect(beside(1_000)).toMatchObject({ verdict: 'pass', sample: 9_000 });
    expect(beside(1_000).explanation).toBe(
      '0 of 9,000 compared answers differ, and 1,000 could not be compared: at most 0.043 %, and 0.1 % may be.',
    );
    const held = beside(1_001);
    expect(held).toMatchObject({ verdict: 'hold', value: 0, sample: 9_000 });
    expect(held.interval[1]).toBeGreaterThan(0.1);
    expect(held.explanation).toMatch(
      /^0 of 9,000 .* and 1,001 could not be compared: between 0 % and .* it is open/,
    );
    // More that can be compared make it good again.
    expect(held.missing?.samples).toBe(9);
    expect(beside(100_000)).toMatchObject({ verdict: 'hold' });
    expect(beside(100_000, 90).verdict).toBe('breach');
  });

  it('breaches when the share that differs is certainly over the threshold', () => {
    const found = judged(tallyOf([0, compared(20, 2_000)]), mismatch);
    expect(found).toMatchObject({ verdict: 'breach', value: 0.01, sample: 2_000, missing: null });
    expect(found.interval[0]).toBeGreaterThan(0.001);
    expect(found.explanation).toMatch(
      /^Since 2026-01-01T00:00:00Z 20 of 2,000 compared answers differ: at least 0\.\d+ %, and 0\.1 % may be\.$/,
    );
  });

  it('finds the fault of the last minutes after days without one', () => {
    const days = 3 * 86_400_000;
    const taken = [[0, compared(0, 1_000_000)] as const, [days, compared(60, 1_000)] as const];
    const found = judged(tallyOf(...taken), mismatch, days);
    expect(found).toMatchObject({ verdict: 'breach', value: 0.06, sample: 1_000, fromMs: SINCE + days });
    expect(judged(tallyOf(taken[0]!, [days, compared(0, 1_000)]), mismatch, days).verdict).toBe('pass');
  });

  it('with a threshold of 0 breaches on the first difference and passes without one', () => {
    const none = { ...off, mismatch: { maxRatio: 0 } };
    expect(judged(tallyOf([0, compared(1, 5_000)]), none).verdict).toBe('breach');
    expect(judged(tallyOf([0, compared(0, 200)]), none).verdict).toBe('pass');
    expect(judged(tallyOf([0, compared(1, 199)]), none).verdict).toBe('hold');
  });
});

describe('errors, when legacy fails 2 %', () => {
  it('a candidate that fails 2 % passes with 6,000 a side', () => {
    const found = judged(tallyOf([0, answered([120, 6_000], [120, 6_000])]), errors);
    expect(found).toMatchObject({ verdict: 'pass', value: 0, threshold: 0.005, sample: 6_000 });
    expect(found.explanation).toBe(
      'The candidate failed 120 of 6,000 requests, legacy 120 of 6,000: at most 0.42 points, and 0.5 points may be.',
    );
  });

  it('one that fails 6 % breaches within two windows of 1,000', () => {
    const tally = tallyOf(
      [0, answered([60, 1_000], [20, 1_000])],
      [WINDOW_MS, answered([60, 1_000], [20, 1_000])],
    );
    expect(judged(tally, errors, WINDOW_MS)).toMatchObject({ verdict: 'breach', sample: 2_000 });
  });

  it('holds at n = 10, whatever they are', () => {
    const found = judged(tallyOf([0, answered([10, 10], [0, 10])]), errors);
    expect(found).toMatchObject({ verdict: 'hold', value: 1, sample: 10 });
    expect(found.explanation).toBe(
      'The candidate failed 10 of 10 requests, legacy 0 of 10: 10 samples, and fewer than 200 hold.',
    );
  });

  it('says that more samples do not help one that fails more than it may', () => {
    expect(judged(tallyOf([0, answered([6, 200], [4, 200])]), errors)).toMatchObject({
      verdict: 'hold',
      missing: null,
    });
  });

  it('a threshold of 0 passes a candidate that fails no more than legacy', () => {
    const none = { ...off, errors: { maxIncreaseRatio: 0 } };
    expect(judged(tallyOf([0, answered([0, 300], [0, 300])]), none).verdict).toBe('pass');
    expect(judged(tallyOf([0, answered([4, 300], [3, 300])]), none).verdict).toBe('hold');
    expect(judged(tallyOf([0, answered([90, 300], [3, 300])]), none).verdict).toBe('breach');
  });
});

describe('p99', () => {
  const spread = (at: number) => 20 + (at % 100) / 5;

  it('passes a candidate that is as fast', () => {
    const found = judged(tallyOf([0, latencies(spread, spread, 3_000)]), p99);
    expect(found).toMatchObject({ verdict: 'pass', value: 1, sample: 3_000 });
  });

  it('breaches for one that is slower, whatever most of its answers take', () => {
    const slow = (at: number) => (at % 50 === 0 ? 200 : spread(at));
    const found = judged(tallyOf([0, latencies(slow, spread, 3_000)]), p99);
    expect(found.verdict).toBe('breach');
    expect(found.interval[0]).toBeGreaterThan(1.2);
    expect(found.value).toBeCloseTo(200 / 39.8, 1);
  });

  it('holds while a few answers could be the slowest', () => {
    expect(judged(tallyOf([0, latencies(spread, spread, 300)]), p99)).toMatchObject({
      verdict: 'hold',
      interval: [0, null],
    });
  });
});

describe('silence', () => {
  const taken = answered([120, 6_000], [120, 6_000]).merge(compared(0, 6_000));

  it('holds after three windows without traffic, and tells so', () => {
    const found = judged(tallyOf([0, taken]), errors, 3 * WINDOW_MS);
    expect(found.verdict).toBe('hold');
    expect(found.explanation).toMatch(/nothing more in the last 5m: silence holds\.$/);
    expect(found.missing).toEqual({ samples: 1, ms: null });
    expect(judged(tallyOf([0, taken]), mismatch, 3 * WINDOW_MS).verdict).toBe('hold');
  });

  it('holds a breach too', () => {
    const broken = tallyOf([0, compared(500, 1_000)]);
    expect(judged(broken, mismatch, 1).verdict).toBe('breach');
    expect(judged(broken, mismatch, 3 * WINDOW_MS).verdict).toBe('hold');
  });

  it('of one side alone holds what is relative to it', () => {
    const alone = tallyOf([0, taken], [2 * WINDOW_MS, answered([900, 1_000], [0, 0])]);
    expect(judged(alone, errors, 2 * WINDOW_MS).verdict).toBe('hold');
  });
});

describe('evidence', () => {
  it('is no better than its worst guardrail', () => {
    const all = { ...mismatch, errors: errors.errors, p99: p99.p99 };
    const verdictOf = (figures: Figures) => judge(tallyOf([0, figures]), all, SINCE).verdict;
    const fine = () =>
      latencies(
        () => 20,
        () => 20,
        4_000,
      )
        .merge(compared(0, 4_000))
        .merge(answered([0, 4_000], [0, 4_000]));
    expect(verdictOf(fine())).toBe('pass');
    expect(verdictOf(fine().merge(compared(1, 1)))).toBe('hold');
    expect(
      verdictOf(
        fine()
          .merge(compared(1, 1))
          .merge(answered([400, 400], [0, 400])),
      ),
    ).toBe('breach');
  });

  it('passes when the plan names no guardrail', () => {
    expect(judge(tallyOf(), off, SINCE)).toEqual({ verdict: 'pass', guardrails: [] });
  });

  it('survives JSON', () => {
    const evidence = judge(
      tallyOf([
        0,
        latencies(
          () => 1,
          () => 1,
          10,
        ),
      ]),
      p99,
      SINCE,
    );
    expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
  });
});

describe('laws', () => {
  const amounts = fc.array(fc.record({ slice: fc.nat(12), differing: fc.nat(30), more: fc.nat(900) }), {
    maxLength: 8,
  });
  const rank = { pass: 0, hold: 1, breach: 2 };
  const build = (taken: { slice: number; differing: number; more: number }[]) =>
    tallyOf(
      ...taken.map(
        ({ slice, differing, more }) => [slice * SLICE_MS, compared(differing, differing + more)] as const,
      ),
    );

  it('a match that becomes a mismatch never makes a verdict better', () => {
    fc.assert(
      fc.property(amounts, fc.nat(), (taken, pick) => {
        const nowMs = 12 * SLICE_MS;
        const at = taken.length === 0 ? -1 : pick % taken.length;
        const worse = taken.map((one, index) =>
          index === at && one.more > 0 ? { ...one, differing: one.differing + 1, more: one.more - 1 } : one,
        );
        const before = judged(build(taken), mismatch, nowMs).verdict;
        expect(rank[judged(build(worse), mismatch, nowMs).verdict]).toBeGreaterThanOrEqual(rank[before]);
      }),
      { numRuns: 300 },
    );
  });

  it('one more mismatch never turns a breach into anything else', () => {
    fc.assert(
      fc.property(amounts, fc.nat(12), (taken, slice) => {
        fc.pre(judged(build(taken), mismatch, 12 * SLICE_MS).verdict === 'breach');
        const worse = build([...taken, { slice, differing: 1, more: 0 }]);
        expect(judged(worse, mismatch, 12 * SLICE_MS).verdict).toBe('breach');
      }),
    );
  });

  it('the interval of a verdict agrees with it', () => {
    fc.assert(
      fc.property(amounts, (taken) => {
        const { verdict, interval, threshold, value } = judged(build(taken), mismatch, 12 * SLICE_MS);
        const [low, high] = interval as [number, number];
        if (verdict === 'breach') expect(low).toBeGreaterThanOrEqual(threshold - 1e-12);
        if (verdict === 'pass') expect(high).toBeLessThanOrEqual(threshold + 1e-12);
        if (value !== null) expect(low <= value && value <= high).toBe(true);
      }),
    );
  });
});
