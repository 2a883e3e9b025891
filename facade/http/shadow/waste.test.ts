import { expect, test } from '@jest/globals';
import type { Copied } from './copier.ts';
import { Waste } from './waste.ts';

const MIB = 1024 * 1024;
const tooLarge: Copied = { kind: 'too-large', status: 200, headMs: 1, rawHeaders: [] };
const failed: Copied = { kind: 'failed', cause: 'ECONNRESET', rawHeaders: [] };
const answer: Copied = { kind: 'answer', status: 500, headMs: 1, rawHeaders: [], body: Buffer.alloc(0) };

/** How many copies go out in a second when ten are asked for in each millisecond; they end so in turn. */
function inOneSecond(waste: Waste, ends: readonly Copied[], fromMs: number, maxBodyBytes = MIB): number {
  let sent = 0;
  for (let ms = fromMs; ms < fromMs + 1000; ms++)
    for (let n = 0; n < 10; n++)
      if (!waste.isSpent(ms)) {
        waste.began(ms);
        waste.ended(ends[sent++ % ends.length] as Copied, maxBodyBytes, ms);
      }
  return sent;
}

test.each([
  ['answers without end', tooLarge],
  ['such as are none', failed],
])(
  'of %s sixteen in a row are enough: one is tried every half second, until one is an answer',
  (_what, bad) => {
    const waste = new Waste(0);
    expect(inOneSecond(waste, [bad], 0, 1000)).toBe(16 + 1);
    expect(inOneSecond(waste, [bad], 1000, 1000)).toBe(2);
    // However long nobody asked.
    expect(inOneSecond(waste, [bad], 100_000, 1000)).toBe(2);
    expect(inOneSecond(waste, [answer], 200_000)).toBe(10_000);
  },
);

test('where only some come to nothing, they take 8 MiB, and 2 MiB a second from then on', () => {
  const waste = new Waste(0);
  const pairs = (sent: number) => Math.ceil(sent / 2);
  expect(pairs(inOneSecond(waste, [tooLarge, answer], 0))).toBe(10);
  expect(pairs(inOneSecond(waste, [tooLarge, answer], 1000))).toBe(2);
  const other = new Waste(0);
  expect(pairs(inOneSecond(other, [failed, answer], 0))).toBe((10 * MIB) / 16_384);
});

test('one answer far beyond all that rests for as long as it takes', () => {
  const waste = new Waste(0);
  waste.ended(tooLarge, 64 * MIB, 0);
  expect([waste.isSpent(27_000), waste.isSpent(29_000)]).toEqual([true, false]);
});

test('answers of any status cost nothing', () => {
  expect(inOneSecond(new Waste(0), [answer], 0)).toBe(10_000);
});
