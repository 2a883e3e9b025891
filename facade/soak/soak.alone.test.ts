import { describe, expect, test } from '@jest/globals';
import { growthOf, type MemorySample } from './flatness.ts';
import { carryLargeBodies } from './large-bodies.ts';
import { runSoak } from './run-soak.ts';

const MIB = 1024 * 1024;

/** One process over ten minutes, a sample each 15 s. */
function samples(heapMib: (n: number) => number): MemorySample[] {
  return Array.from({ length: 40 }, (_, n) => ({
    pid: 1,
    atMs: n * 15_000,
    heapBytes: heapMib(n) * MIB,
    bufferBytes: 10 * MIB,
    residentBytes: 200 * MIB,
    resources: {},
  }));
}
const heapIsFlat = (heapMib: (n: number) => number) =>
  growthOf(samples(heapMib)).find(({ figure }) => figure === 'heap')?.flat;

describe('memory is flat', () => {
  test.each([
    ['when it stays', () => 40, true],
    ['when it settles in the first half', (n: number) => 40 + Math.min(n, 15), true],
    ['when single samples meet a busy moment', (n: number) => (n % 7 === 0 ? 80 : 40), true],
    ['when it falls', (n: number) => 60 - n / 4, true],
    ['not when it rises by 3 MiB', (n: number) => 40 + (n * 3) / 19, false],
    ['not when it rises below busy moments', (n: number) => (n % 7 === 0 ? 80 : 40 + (n * 3) / 19), false],
    ['not when it rises in steps', (n: number) => 40 + Math.floor(n / 5), false],
  ])('%s', (_what, heapMib, expected) => expect(heapIsFlat(heapMib)).toBe(expected));
});

describe.each([1, 2])('a soak of seconds with %d workers', (workers) => {
  test('holds: nothing fails but by its upstream, nothing is left behind, also of copies', async () => {
    const report = await runSoak({ ms: 15_000, workers, pauseMs: 50, slack: 3, rounds: 4 });
    expect(report.failures).toEqual([]);
    expect(report.rows.every(({ ok }) => ok > 0)).toBe(true);
    expect(report.copies.compared).toBeGreaterThan(0);
    // How many fit into these seconds is the machine's affair.
    expect(report.steps.size).toBeGreaterThan(1);
  }, 240_000);
});

test('a body of 256 MB passes whole, up and down, with a length and in chunks, in constant memory', async () => {
  const { carried, failures } = await carryLargeBodies(256e6);
  expect(failures).toEqual([]);
  expect(carried).toHaveLength(4);
}, 120_000);

test('a soak finds a leak', async () => {
  const { failures } = await runSoak({
    ms: 10_000,
    workers: 1,
    pauseMs: 100,
    leakBytes: 256 * 1024,
  });
  expect(failures).toContainEqual(expect.stringMatching(/buffers is not flat/));
}, 240_000);
