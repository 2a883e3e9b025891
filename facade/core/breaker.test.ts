import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Breaker, type BreakerSettings } from './breaker.ts';

const SETTINGS = { ejectAtRatio: 0.3, minimum: 10, windowMs: 60_000, coolDownMs: 5_000, ejects: true };
const breakerOf = (part: Partial<BreakerSettings> = {}) => new Breaker({ ...SETTINGS, ...part });
const run = (breaker: Breaker, ok: number, failed: number, now = 0) => {
  for (let i = 0; i < ok; i++) breaker.succeeded('in', now);
  for (let i = 0; i < failed; i++) breaker.failed('in', now);
  return breaker;
};

describe('a breaker', () => {
  test('opens at the share, and not below the minimum', () => {
    expect(run(breakerOf(), 0, 9).enter(0)).toBe('in');
    expect(run(breakerOf(), 0, 10).enter(0)).toBe('out');
    expect(run(breakerOf(), 8, 3).enter(0)).toBe('in');
    expect(run(breakerOf(), 7, 3).enter(0)).toBe('out');
  });

  test('opens at the first failure with a share of 0, once the minimum is there', () => {
    expect(run(breakerOf({ ejectAtRatio: 0 }), 20, 0).enter(0)).toBe('in');
    expect(run(breakerOf({ ejectAtRatio: 0 }), 20, 1).enter(0)).toBe('out');
    expect(run(breakerOf({ ejectAtRatio: 0, minimum: 1 }), 0, 1).enter(0)).toBe('out');
  });

  test('forgets what is older than the window', () => {
    const breaker = run(breakerOf(), 0, 9);
    expect(run(breaker, 0, 1, 60_000).enter(60_000)).toBe('in');
    expect(breaker.health(60_000)).toMatchObject({ requests: 1, failures: 1 });
  });

  test('lets one trial through after the cool-down, and closes when it succeeds', () => {
    const breaker = run(breakerOf(), 0, 10);
    expect([breaker.enter(4_999), breaker.enter(5_000), breaker.enter(5_001)]).toEqual([
      'out',
      'trial',
      'out',
    ]);
    expect(breaker.health(5_001).state).toBe('trial');
    breaker.succeeded('trial', 5_100);
    expect(breaker.enter(5_101)).toBe('in');
    expect(breaker.health(5_101)).toMatchObject({ state: 'ok', requests: 0 });
  });

  test('waits twice as long after each failed trial, at most the window', () => {
    const breaker = run(breakerOf(), 0, 10);
    const waits: number[] = [];
    for (let now = 0, i = 0; i < 6; i++) {
      const wait = breaker.waitMs(now);
      waits.push(wait);
      now += wait;
      expect(breaker.enter(now)).toBe('trial');
      breaker.failed('trial', now);
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  test('gives the trial to the next request when the client of the first one left', () => {
    const breaker = run(breakerOf(), 0, 10);
    expect(breaker.enter(5_000)).toBe('trial');
    breaker.abandoned('trial');
    expect(breaker.enter(5_001)).toBe('trial');
  });

  test('takes no word from requests that were under way when it opened', () => {
    const breaker = run(breakerOf(), 0, 10);
    run(breaker, 50, 0, 10);
    expect(breaker.enter(11)).toBe('out');
  });

  test('opens after three failed probes in a row, and closes with the first that succeeds', () => {
    const breaker = breakerOf();
    for (const ok of [false, false, true, false, false]) breaker.probed(ok, 0);
    expect(breaker.enter(0)).toBe('in');
    breaker.probed(false, 0);
    expect(breaker.enter(99_999)).toBe('out');
    expect(breaker.health(0)).toMatchObject({ state: 'out', cause: 'probes', failedProbes: 3 });
    breaker.probed(true, 0);
    expect(breaker.enter(0)).toBe('in');
  });

  test('tries no request while probes fail', () => {
    const breaker = run(breakerOf(), 0, 10);
    breaker.probed(false, 1);
    expect(breaker.enter(5_000)).toBe('out');
    breaker.probed(true, 6_000);
    expect(breaker.enter(6_000)).toBe('trial');
  });

  test('that ejects nobody measures all the same', () => {
    const breaker = run(breakerOf({ ejects: false }), 0, 100);
    for (let i = 0; i < 5; i++) breaker.probed(false, 0);
    expect(breaker.enter(0)).toBe('in');
    expect(breaker.health(0)).toMatchObject({ state: 'ill', failures: 100, failedProbes: 5 });
  });

  test('never has two trials, and is never stuck: some time after any history a request gets through', () => {
    const step = fc.record({
      wait: fc.nat(70_000),
      act: fc.constantFrom('ok', 'fail', 'leave', 'probe-ok', 'probe-fail'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const breaker = breakerOf({ minimum: 2 });
        let now = 0;
        for (const { wait, act } of steps) {
          now += wait;
          if (act.startsWith('probe')) {
            breaker.probed(act === 'probe-ok', now);
            continue;
          }
          const pass = breaker.enter(now);
          if (pass === 'trial') expect(breaker.enter(now)).toBe('out');
          if (pass === 'out') continue;
          if (act === 'ok') breaker.succeeded(pass, now);
          else if (act === 'fail') breaker.failed(pass, now);
          else breaker.abandoned(pass);
        }
        breaker.probed(true, now);
        expect(breaker.enter(now + 120_000)).not.toBe('out');
      }),
    );
  });

  test('opens by what it and another one saw together, and closes with the other one', () => {
    const [one, other] = [run(breakerOf(), 0, 5), run(breakerOf(), 2, 4)];
    one.add(other.untold(), 0);
    expect(one.enter(0)).toBe('out');
    expect(other.untold()).toEqual({ requests: 0, failures: 0, recovered: false });
    other.add(one.untold(), 0);
    expect(other.enter(0)).toBe('out');
    expect(other.enter(5_000)).toBe('trial');
    other.succeeded('trial', 5_100);
    one.add(other.untold(), 5_100);
    expect(one.enter(5_100)).toBe('in');
    // What is told is what one saw itself, or it would go around for ever.
    expect(one.untold()).toEqual({ requests: 0, failures: 0, recovered: false });
  });
});
