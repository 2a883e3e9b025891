import { expect, test } from '@jest/globals';
import { openMemoryLedger } from '../adapters/ledger.memory.ts';
import type { Notice, Notifier } from '../core/notifier.ts';
import { controlOf } from '../test-kit/control-of.ts';
import { laggingLedger } from '../test-kit/lagging-ledger.ts';
import { tellOfChanges } from './tell-of-changes.ts';

const author = { actor: 'alice', reason: 'test' };

/** A replica, and the notices that it gave. */
async function replica(shared = openMemoryLedger()) {
  const control = await controlOf(laggingLedger(shared));
  const notices: Notice[] = [];
  const notifier: Notifier = { tell: (notice) => void notices.push(notice), close: async () => {} };
  tellOfChanges(control, notifier);
  return { control, shared, notices };
}

test('a change is one notice with its entries, named for the last of them', async () => {
  const { control, shared, notices } = await replica();
  await control.pause('articles', author);
  await control.kill(null, author);
  await control.reload(author);
  await control.record('evict', author);
  await control.pause('articles', author);
  const entries = await shared.read({ after: 0, limit: 10 });
  expect(notices.map(({ type, data }) => [type, (data as { entries: object[] }).entries.length])).toEqual([
    ['pause', 1],
    ['kill', 2],
    ['reload', 1],
    ['evict', 1],
  ]);
  expect(notices[1]).toEqual({
    id: entries[2]?.hash,
    type: 'kill',
    at: entries[1]?.at,
    data: { entries: entries.slice(1, 3) },
  });
});

test('of two replicas each tells of its own changes', async () => {
  const here = await replica();
  const there = await replica(here.shared);
  await here.control.pause('articles', author);
  await there.control.resume('articles', author);
  expect([here.notices, there.notices].map((notices) => notices.map(({ type }) => type))).toEqual([
    ['pause'],
    ['resume'],
  ]);
});
