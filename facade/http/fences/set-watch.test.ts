import { afterEach, expect, test } from '@jest/globals';
import type { HeardPosition } from '../../core/fence/set-link.ts';
import { until } from '../../test-kit/until.ts';
import { SetWatch } from './set-watch.ts';

const closing: SetWatch[] = [];
afterEach(() => {
  for (const watch of closing.splice(0)) watch.close();
});

/** A watch that has heard that nothing waits, and then hears `heard` after 50 ms. */
async function watchThatHears(heard: HeardPosition): Promise<SetWatch> {
  let next: HeardPosition = { head: null, lagMs: 0, carriedMs: null };
  let afterMs = 0;
  const link = {
    position: () => new Promise<HeardPosition>((resolve) => setTimeout(() => resolve(next), afterMs)),
    covers: async () => false,
  };
  const watch = new SetWatch('s', 60_000, { link, now: () => performance.now(), heard: () => {} });
  closing.push(watch);
  await until('reads to be free', () => watch.cause() === null);
  [next, afterMs] = [heard, 50];
  return watch;
}

test.each<[string, HeardPosition, 'yes' | 'perhaps' | 'no']>([
  ['nothing waits', { head: null, lagMs: 0 }, 'yes'],
  ['what waits may have come behind the question', { head: '9', lagMs: 20 }, 'perhaps'],
  ['what waits was there before it', { head: '9', lagMs: 500 }, 'no'],
  ['nobody knows for how long it waits', { head: null, lagMs: null }, 'no'],
])('is caught up or not: %s', async (_, heard, expected) => {
  const watch = await watchThatHears(heard);
  expect(await watch.isCaughtUp()).toBe(expected);
});
