import { expect, test } from '@jest/globals';
import { Tally } from '../core/guardrail/tally.ts';
import type { ObservationStore } from '../core/observation/observation-store.ts';
import { Observations } from '../core/observation/observations.ts';
import { addUp, type RouteObserved } from '../core/observation/observations-view.ts';

/** A part in which so many copies were sent, of which one is under way. */
export function part(sent: number, hash = 'h'): RouteObserved {
  const observations = new Observations(1000);
  for (let i = 0; i < sent; i++) observations.fate('sent');
  for (let i = 1; i < sent; i++) observations.failed();
  const tally = new Tally({ sinceMs: 1000, stage: 'shadow', build: null, hash }, 300_000);
  return { route: 'articles', hash, build: null, observations: observations.toJSON(), tally: tally.toJSON() };
}

export const sentOf = (parts: readonly RouteObserved[], hash = 'h') =>
  addUp(parts, { name: 'articles', hash }, null).observations.counts.sent;

/** What every observation store does. `reopen` gives the store as this instance finds it after a restart. */
export function observationStoreSuite(
  open: () => Promise<{ store: ObservationStore; reopen: () => Promise<ObservationStore> }>,
): void {
  test('keeps what was saved last over a restart, and nothing at first', async () => {
    const { store, reopen } = await open();
    expect(await store.load()).toEqual([]);
    await store.save([part(5)]);
    await store.save([part(7), part(2, 'other')]);
    await store.close();
    const again = await reopen();
    const kept = await again.load();
    expect([sentOf(kept), sentOf(kept, 'other')]).toEqual([7, 2]);
    expect(await again.others()).toEqual([]);
    await again.close();
  });
}
