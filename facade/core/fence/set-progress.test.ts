import { describe, expect, test } from '@jest/globals';
import { SetProgress } from './set-progress.ts';

describe('what is known of a set', () => {
  test('is nothing before the first answer, and of a relay that does not know', () => {
    const progress = new SetProgress();
    expect([progress.cause(0, 5_000), progress.hasCarried(-1)]).toEqual(['unknown', false]);
    progress.heard(0, null);
    expect(progress.cause(1, 5_000)).toBe('unknown');
  });

  test.each<[number, number, string | null]>([
    [0, 100, null],
    [5_000, 0, null],
    [5_001, 0, 'behind'],
    [4_000, 1_000, null],
    [4_000, 1_001, 'behind'],
    [0, 5_001, 'unknown'],
  ])('with a lag of %s ms, heard %s ms ago, is %s', (lagMs, agoMs, expected) => {
    const progress = new SetProgress();
    progress.heard(10_000, lagMs);
    expect(progress.cause(10_000 + agoMs, 5_000)).toBe(expected);
  });

  test('says until when everything is carried over, which never goes back', () => {
    const progress = new SetProgress();
    progress.heard(10_000, 2_000);
    expect([progress.hasCarried(7_980), progress.hasCarried(8_000)]).toEqual([true, false]);
    // A transaction that was open for long brings an old entry; what was answered before was carried all the same.
    progress.heard(11_000, 9_000);
    expect([progress.hasCarried(7_980), progress.cause(11_000, 5_000)]).toEqual([true, 'behind']);
  });

  test('takes no older answer for a newer one', () => {
    const progress = new SetProgress();
    progress.heard(10_000, 6_000);
    progress.heard(9_000, 0);
    expect([progress.cause(10_000, 5_000), progress.hasCarried(8_000)]).toEqual(['behind', false]);
  });
});
