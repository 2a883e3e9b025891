import { describe, expect, test } from '@jest/globals';
import { CaptureBudget } from './capture-budget.ts';
import { KeptBody } from './kept-body.ts';

describe('a kept body', () => {
  const bytes = (length: number, from = 0) => Buffer.from(Array.from({ length }, (_, n) => (n + from) % 251));
  const room = (budget: CaptureBudget, bytes: number) => {
    const free = budget.take(bytes);
    if (free) budget.give(bytes);
    return free;
  };

  test.each([
    [[5]],
    [[1, 1, 1, 1, 1]],
    [[20_000, 1, 20_000, 1, 1, 70_000]],
    [[16_384, 16_383, 16_385]],
    [Array.from({ length: 3_000 }, (_, n) => (n * 7) % 400)],
    [[]],
  ])('is what came, in whatever chunks (%#)', (sizes) => {
    const budget = new CaptureBudget(1 << 20);
    const kept = new KeptBody(1 << 20, budget);
    const chunks = sizes.map((size, n) => bytes(size, n));
    for (const chunk of chunks) {
      const own = Buffer.from(chunk);
      expect(kept.add(own)).toBe(true);
    }
    const all = Buffer.concat(chunks);
    expect(kept.whole().equals(all)).toBe(true);
    expect(kept.whole().equals(all)).toBe(true);
    expect([room(budget, (1 << 20) - all.length), room(budget, (1 << 20) - all.length + 1)]).toEqual([
      true,
      false,
    ]);
    kept.release();
    kept.release();
    expect([room(budget, 1 << 20), room(budget, (1 << 20) + 1)]).toEqual([true, false]);
  });

  test('of a million bytes one by one takes no million objects', () => {
    const kept = new KeptBody(1 << 20, new CaptureBudget(2 << 20));
    const socketRead = Buffer.alloc(6, 'a');
    const heap = () => {
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = heap();
    // Held by nobody else: what grows is what is kept.
    for (let n = 0; n < 1_000_000; n++) kept.add(socketRead.subarray(3, 4));
    expect(kept.whole().length).toBe(1_000_000);
    expect(heap() - before).toBeLessThan(80 << 20);
  });

  test('that was let go of takes nothing more, whatever still comes', () => {
    const budget = new CaptureBudget(100);
    for (const size of [1, 20_000]) {
      const kept = new KeptBody(1 << 20, budget);
      kept.add(bytes(3));
      kept.release();
      expect(kept.add(bytes(size))).toBe(false);
      expect(room(budget, 100)).toBe(true);
    }
  });

  test.each([
    ['too-large', 10, 1000],
    ['no-memory', 1000, 10],
  ] as const)('beyond its limit is %s, and nothing of it stays', (reason, maxBytes, budgetBytes) => {
    const budget = new CaptureBudget(budgetBytes);
    const kept = new KeptBody(maxBytes, budget);
    expect([kept.add(bytes(8)), kept.add(bytes(8)), kept.add(bytes(1))]).toEqual([true, false, false]);
    expect(kept.exceeded).toBe(reason);
    expect(room(budget, budgetBytes)).toBe(true);
  });
});
