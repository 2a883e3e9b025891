// Rates of false and of missed breaches over seeded runs of the guardrails themselves, with a look every window.
// FIG_SIMULATED_RUNS sets the number of runs (2,500, 10,000 with FIG_SOAK=1; a hundredth of it for latencies).
import { describe, expect, it } from '@jest/globals';
import { binomial, seeded } from '../../test-kit/random.ts';
import { errors } from './errors.ts';
import { Figures } from './figures.ts';
import { findGround, type Ground, lookAt } from './look.ts';
import type { Measure } from './measure.ts';
import { mismatch } from './mismatch.ts';
import { p99 } from './p99.ts';
import { Tally } from './tally.ts';

const RUNS = Number(process.env.FIG_SIMULATED_RUNS ?? (process.env.FIG_SOAK === '1' ? 10_000 : 2_500));
const { exp, log } = Math;
const WINDOW_MS = 300_000;
const SLICES = 5;
const epoch = { sinceMs: 0, stage: 'shadow', build: null, hash: '' };

type Random = () => number;

/** Shares of runs that ever breached, ever passed, and did so by mistake or not, over `windows` looks. */
function simulate<Sample>(
  measure: Measure<Sample>,
  slice: (random: Random) => Figures,
  { runs, windows, seed = 1 }: { runs: number; windows: number; seed?: number },
) {
  const random = seeded(seed);
  const ever = { breached: 0, passed: 0 };
  for (let run = 0; run < runs; run++) {
    const tally = new Tally(epoch, WINDOW_MS);
    const seen = new Set<Ground>();
    for (let window = 1; window <= windows && !seen.has('over'); window++) {
      for (let part = SLICES; part >= 1; part--) {
        tally.add(slice(random), window * WINDOW_MS - (part * WINDOW_MS) / SLICES);
      }
      seen.add(findGround(measure, lookAt(tally, 200, window * WINDOW_MS - 1)).ground);
    }
    if (seen.has('over')) ever.breached++;
    if (seen.has('under')) ever.passed++;
  }
  return { breached: ever.breached / runs, passed: ever.passed / runs };
}

const comparing = (trials: number, share: number) => (random: Random) => {
  const figures = new Figures();
  Object.assign(figures.compared, { trials, hits: binomial(random, trials, share) });
  return figures;
};

const answering = (trials: number, candidate: number, legacy: number) => (random: Random) => {
  const figures = new Figures();
  Object.assign(figures.answered.candidate, { trials, hits: binomial(random, trials, candidate) });
  Object.assign(figures.answered.legacy, { trials, hits: binomial(random, trials, legacy) });
  return figures;
};

/** Log-normal latencies whose p99 is `ratio` to one; the fastest 95 % stand in one place, which no p99 sees. */
const taking = (trials: number, ratio: number) => (random: Random) => {
  const figures = new Figures();
  for (const [party, median] of [['candidate', 100 * ratio] as const, ['legacy', 100] as const]) {
    const slow = binomial(random, trials, 0.05);
    figures.latency[party].record(median, trials - slow);
    for (let at = 0; at < slow; at++) figures.latency[party].record(median * exp(0.5 * slowest(random)));
  }
  return figures;
};

/** A standard normal number among the largest 5 %: Marsaglia's method for the tail. */
function slowest(random: Random): number {
  const from = 1.6448536269514722;
  for (;;) {
    const beyond = -log(1 - random()) / from;
    if (-2 * log(1 - random()) > beyond * beyond) return from + beyond;
  }
}

describe(`${RUNS} seeded runs with a look every window`, () => {
  it('of 20,000 comparisons that differ as often as they may: less than 5 % breach, less than 5 % pass', () => {
    const { breached, passed } = simulate(mismatch(0.001), comparing(200, 0.001), {
      runs: RUNS,
      windows: 20,
    });
    expect(breached).toBeLessThan(0.05);
    expect(passed).toBeLessThan(0.05);
  });

  it('of 20,000 comparisons that differ three times as often: less than 5 % are missed', () => {
    const { breached } = simulate(mismatch(0.001), comparing(200, 0.003), { runs: RUNS, windows: 20 });
    expect(1 - breached).toBeLessThan(0.05);
  });

  it('of a day of small windows at the threshold: less than 5 % breach', () => {
    const { breached } = simulate(mismatch(0.01), comparing(60, 0.01), { runs: RUNS / 100, windows: 288 });
    expect(breached).toBeLessThan(0.05);
  });

  it('of 20,000 answers a side, with errors at the threshold: less than 5 % breach', () => {
    const rate = (runs: number, legacy: number) =>
      simulate(errors(0.005), answering(200, legacy + 0.005, legacy), { runs, windows: 20 }).breached;
    expect(rate(RUNS, 0.02)).toBeLessThan(0.05);
    expect(rate(RUNS / 10, 0)).toBeLessThan(0.05);
  });

  it('of 20,000 answers a side, with errors at three times the threshold: less than 5 % are missed', () => {
    const slice = answering(200, 0.035, 0.02);
    expect(1 - simulate(errors(0.005), slice, { runs: RUNS, windows: 20 }).breached).toBeLessThan(0.05);
  });

  it('of two windows of 1,000 answers a side, 6 % errors against 2 %: less than 5 % are missed', () => {
    const slice = answering(200, 0.06, 0.02);
    expect(1 - simulate(errors(0.005), slice, { runs: RUNS, windows: 2 }).breached).toBeLessThan(0.05);
  });

  it('of 20,000 answers a side, with a p99 at the threshold: less than 5 % breach, less than 5 % pass', () => {
    const { breached, passed } = simulate(p99(1.2), taking(200, 1.2), { runs: RUNS / 100, windows: 20 });
    expect(breached).toBeLessThan(0.05);
    expect(passed).toBeLessThan(0.05);
  });

  it('of 20,000 answers a side, with a p99 of 1.6 times where 1.2 may be: less than 5 % are missed', () => {
    const { breached } = simulate(p99(1.2), taking(200, 1.6), { runs: RUNS / 100, windows: 20 });
    expect(1 - breached).toBeLessThan(0.05);
  });

  it('tell a bound for one look from one for all: Wilson, looked at as often, breaches falsely in more than 5 %', () => {
    const wilson: Measure<{ hits: number; trials: number }> = {
      ...mismatch(0.001),
      breaches: ({ hits, trials }) => {
        const [z, share] = [1.6448536269514722, hits / trials];
        const spread = Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
        return (share + (z * z) / (2 * trials) - z * spread) / (1 + (z * z) / trials) > 0.001;
      },
    };
    const { breached } = simulate(wilson, comparing(200, 0.001), { runs: RUNS / 10, windows: 20 });
    expect(breached).toBeGreaterThan(0.05);
  });
});
