import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { restartDelayMs } from './restart-delay.ts';
import { shareOf } from './share.ts';

test('the parts of all workers are the whole, and nobody goes without a place', () => {
  fc.assert(
    fc.property(
      fc.nat(2000),
      fc.nat(2000),
      fc.integer({ min: 1, max: 64 }),
      (concurrency, queue, workers) => {
        const parts = Array.from({ length: workers }, (_, n) =>
          shareOf({ concurrency, queue }, n + 1, workers),
        );
        const sum = (pick: (part: { concurrency: number; queue: number }) => number) =>
          parts.reduce((total, part) => total + pick(part), 0);
        expect(sum((part) => part.queue)).toBe(queue);
        expect(sum((part) => part.concurrency)).toBe(Math.max(concurrency, workers));
        expect(Math.min(...parts.map((part) => part.concurrency))).toBeGreaterThan(0);
      },
    ),
  );
});

test('a worker is replaced at once, then ever later, at most half a minute later', () => {
  expect([1, 2, 3, 4, 5, 50, 5000].map(restartDelayMs)).toEqual([0, 200, 400, 800, 1600, 30_000, 30_000]);
});
