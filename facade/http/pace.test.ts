import { expect, test } from '@jest/globals';
import { type Pace, PaceMeter } from './pace.ts';

const PACE: Pace = { windowMs: 1000, minBytesPerSecond: 100 };
/** Looks at [time, waiting, bytes so far] one after the other; tells when it was too slow. */
const judged = (pace: Pace, looks: [number, boolean, number][]) => {
  const meter = new PaceMeter();
  return looks
    .filter(([now, waiting, bytes]) => meter.tooSlow(waiting, bytes, pace, now))
    .map(([now]) => now);
};

test('what moves enough in each window is waited for', () => {
  expect(
    judged(PACE, [
      [0, true, 0],
      [500, true, 1],
      [1000, true, 100],
      [2000, true, 200],
    ]),
  ).toEqual([]);
});

test('what moves too little in one window is not, whatever it moved before', () => {
  expect(
    judged(PACE, [
      [0, true, 0],
      [1000, true, 100_000],
      [1999, true, 100_099],
      [2000, true, 100_099],
    ]),
  ).toEqual([2000]);
});

test('a window that is looked at late asks for as much more', () => {
  expect(
    judged(PACE, [
      [0, true, 0],
      [3000, true, 299],
    ]),
  ).toEqual([3000]);
});

test('time in which nobody waits for it does not count', () => {
  expect(
    judged(PACE, [
      [0, true, 0],
      [900, false, 0],
      [1000, true, 0],
      [1900, true, 0],
    ]),
  ).toEqual([]);
});

test('without a rate one byte will do, and none will not', () => {
  const looks: [number, boolean, number][] = [
    [0, true, 0],
    [1000, true, 1],
    [2000, true, 1],
  ];
  expect(judged({ ...PACE, minBytesPerSecond: null }, looks)).toEqual([2000]);
});
