import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Epoch, Tally } from './tally.ts';

const WINDOW_MS = 1_000;
const epoch: Epoch = { sinceMs: 50_000, stage: 'canary 10%', build: 'b1', hash: 'h1' };

type Event = { at: number; kind: 'compared' | 'legacy' | 'candidate'; bad: boolean; ms: number };
const events = fc.array(
  fc.record({
    at: fc.integer({ min: epoch.sinceMs, max: epoch.sinceMs + 4_000 }),
    kind: fc.constantFrom('compared', 'legacy', 'candidate'),
    bad: fc.boolean(),
    ms: fc.double({ min: 0, max: 10_000, noNaN: true }),
  }) as fc.Arbitrary<Event>,
  { maxLength: 40 },
);
const epochs = fc.constantFrom(
  epoch,
  { ...epoch, build: 'b2' },
  { ...epoch, build: null },
  { ...epoch, sinceMs: epoch.sinceMs + 1_000, hash: 'h2' },
);
const tallies = fc.tuple(epochs, events).map(([of, list]) => tallyOf(list, of));

function tallyOf(list: readonly Event[], of = epoch): Tally {
  const tally = new Tally(of, WINDOW_MS);
  for (const { at, kind, bad, ms } of list) {
    if (kind === 'compared') tally.compared(bad ? 'mismatch' : 'match', at);
    else tally.answered(kind, bad, bad ? null : ms, at);
  }
  return tally;
}

/** What a tally says, whatever the order of its parts. */
function content(tally: Tally) {
  const json = JSON.parse(JSON.stringify(tally)) as ReturnType<Tally['toJSON']>;
  return { ...json, slices: [...json.slices].sort(([one], [other]) => one - other) };
}

describe('tally', () => {
  it('counts as one what several sources counted, whoever counted what', () => {
    fc.assert(
      fc.property(events, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (list, side) => {
        const [here, there] = [true, false].map((mine) => tallyOf(list.filter((_, at) => side[at] === mine)));
        expect(content(Tally.merge(here!, there!))).toEqual(content(tallyOf(list)));
      }),
    );
  });

  it('merges in any order and grouping', () => {
    fc.assert(
      fc.property(tallies, tallies, tallies, (a, b, c) => {
        expect(content(Tally.merge(a, b))).toEqual(content(Tally.merge(b, a)));
        expect(content(Tally.merge(Tally.merge(a, b), c))).toEqual(
          content(Tally.merge(a, Tally.merge(b, c))),
        );
      }),
    );
  });

  it('counts what was not compared beside the samples, over a stored state and a merge', () => {
    const [a, b] = [tallyOf([]), tallyOf([])];
    a.uncompared(50_000);
    b.uncompared(50_000);
    b.compared('match', 50_000);
    const merged = Tally.from(JSON.parse(JSON.stringify(Tally.merge(a, b))));
    expect(content(merged).total.compared).toEqual({ hits: 0, trials: 1, doubtful: 0, uncompared: 2 });
    expect(merged.window(50_000).figures.compared.uncompared).toBe(2);
  });

  it('leaves what it was merged from as it was', () => {
    const [a, b] = [tallyOf([{ at: 50_000, kind: 'compared', bad: true, ms: 0 }]), tallyOf([])];
    Tally.merge(a, b).compared('mismatch', 50_000);
    expect(content(a).total.compared).toEqual({ hits: 1, trials: 1, doubtful: 0, uncompared: 0 });
  });

  it('begins anew with a new build, stage or form of the route', () => {
    const old = tallyOf([{ at: 50_100, kind: 'compared', bad: true, ms: 0 }]);
    for (const change of [{ build: 'b2' }, { hash: 'h2' }, { stage: 'canary 50%' }]) {
      const next = new Tally({ ...epoch, ...change, sinceMs: 51_000 }, WINDOW_MS);
      next.compared('match', 51_000);
      expect(content(Tally.merge(old, next)).total.compared).toEqual({
        hits: 0,
        trials: 1,
        doubtful: 0,
        uncompared: 0,
      });
    }
  });

  it('survives JSON', () => {
    fc.assert(
      fc.property(tallies, (tally) => {
        const restored = Tally.from(JSON.parse(JSON.stringify(tally)));
        expect(content(restored)).toEqual(content(tally));
        restored.compared('mismatch', 53_000);
        tally.compared('mismatch', 53_000);
        expect(content(restored)).toEqual(content(tally));
      }),
    );
  });

  it('keeps no more than the slices of its window, whatever comes', () => {
    const tally = new Tally(epoch, WINDOW_MS);
    let largest = 0;
    for (let at = 0; at < 100_000; at += 50) {
      tally.answered('candidate', at % 7 === 0, (at % 97) ** 3, epoch.sinceMs + at);
      if (at % 5_000 === 0) largest = Math.max(largest, JSON.stringify(tally).length);
      expect(content(tally).slices.length).toBeLessThanOrEqual(6);
    }
    expect(JSON.stringify(tally).length).toBeLessThan(largest * 1.2);
  });

  it('its window holds the last window and no more than a slice besides', () => {
    const tally = new Tally(epoch, WINDOW_MS);
    for (let at = 0; at < 10_000; at += 10) tally.compared('match', epoch.sinceMs + at);
    const { figures, coveredMs } = tally.window(epoch.sinceMs + 9_990);
    expect(figures.compared.trials).toBeGreaterThanOrEqual(100);
    expect(figures.compared.trials).toBeLessThanOrEqual(120);
    expect(figures.compared.trials / coveredMs).toBeCloseTo(0.1, 2);
    expect(tally.window(epoch.sinceMs + 12_000).figures.compared.trials).toBe(0);
  });

  it('what comes late for its window still counts in the whole', () => {
    const tally = new Tally(epoch, WINDOW_MS);
    tally.compared('match', 60_000);
    tally.compared('mismatch', 51_000);
    expect(content(tally).total.compared).toEqual({ hits: 1, trials: 2, doubtful: 0, uncompared: 0 });
    expect(tally.window(60_000).figures.compared.trials).toBe(1);
  });

  it('all stretches together carry a risk of at most 1, at any age', () => {
    const starts = new Map<number, number>();
    const tally = new Tally(epoch, WINDOW_MS);
    for (let at = epoch.sinceMs; at < epoch.sinceMs + 60_000; at += 100) {
      tally.compared('match', at);
      for (const { fromMs, risk } of tally.stretches(at)) {
        expect(starts.get(fromMs) ?? risk).toBe(risk);
        starts.set(fromMs, risk);
      }
    }
    const risk = [...starts.values()].reduce((sum, one) => sum + one, 0);
    expect(starts.size).toBeGreaterThan(250);
    expect(risk).toBeLessThanOrEqual(1);
    expect(risk).toBeGreaterThan(0.99);
  });
});
