import { expect, test } from '@jest/globals';
import type { Copied } from './copier.ts';
import { Waste } from './waste.ts';

const MIB = 1024 * 1024;
const tooLarge: Copied = { kind: 'too-large', status: 200, headMs: 1, rawHeaders: [] };
const failed: Copied = { kind: 'failed', cause: 'ECONNRESET', rawHeaders: [] };
const answer: Copied = { kind: 'answer', status: 500, headMs: 1, rawHeaders: [], body: Buffer.alloc(0) };

/** Copies that end so in a second, ten asked for in each millisecond. */
function inOneSecond(waste: Waste, copied: Copied, fromMs: number, maxBodyBytes = MIB): number {
  let sent = 0;
  for (let ms = fromMs; ms < fromMs + 1000; ms++)
    for (let n = 0; n < 10; n++)
      if (!waste.isSpent(ms)) {
        waste.ended(copied, maxBodyBytes, ms);
        sent++;
      }
  return sent;
}

test('answers without end take 32 MiB, and 4 MiB a second from then on', () => {
  const waste = new Waste(0);
  expect(inOneSecond(waste, tooLarge, 0)).toBe(36);
  expect(inOneSecond(waste, tooLarge, 1000)).toBe(4);
  expect(inOneSecond(waste, tooLarge, 2000)).toBe(4);
});

test('such as are none take less each; a minute later there is as much as at first, and no more', () => {
  const waste = new Waste(0);
  expect(inOneSecond(waste, failed, 0)).toBe((36 * MIB) / 16_384);
  expect(inOneSecond(waste, failed, 1000)).toBe((4 * MIB) / 16_384);
  expect(inOneSecond(waste, tooLarge, 60_000)).toBe(36);
});

test('one answer far beyond all that rests for as long as it takes', () => {
  const waste = new Waste(0);
  waste.ended(tooLarge, 64 * MIB, 0);
  expect([waste.isSpent(7_900), waste.isSpent(8_100)]).toEqual([true, false]);
});

test('answers of any status cost nothing', () => {
  const waste = new Waste(0);
  expect(inOneSecond(waste, answer, 0)).toBe(10_000);
});
