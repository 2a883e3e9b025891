import { describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { ServiceProblem } from '../../gateway-kit/error.ts';
import { waitUntil } from '../../testing/wait-until.ts';
import { MemoryPair } from '../backfill/memory-pair.ts';
import { Reconcile } from './reconcile.ts';
import type { ReconcileParts } from './reconcile-parts.ts';
import type { ReconcileMemory } from './result.ts';

const translator = {
  tables: {
    things: {
      key: 'id',
      toSync: (row: Readonly<Record<string, unknown>>) => ({ key: 'unused', value: row.value, quirks: [] }),
    },
  },
};

/** Both sides hold rows 1 to `rows`, with the value `v`. */
function pairOf(rows: number): MemoryPair {
  const pair = new MemoryPair();
  for (let id = 1; id <= rows; id += 1) {
    pair.legacy.set(id, { id, value: 'v' });
    pair.service.set(String(id), { version: 1n, deleted: false, value: 'v' });
  }
  return pair;
}

async function compare(pair: MemoryPair, parts: Partial<ReconcileParts> = {}, repair = false) {
  let memory: ReconcileMemory | null = null;
  const reconcile = await Reconcile.open({
    journal: {
      load: async () => memory,
      save: async (saved) => {
        memory = saved;
      },
    },
    log: pino({ level: 'silent' }),
    tries: 1,
    backoffMs: () => 0,
    parts: {
      set: 'things',
      stream: 'things',
      tables: [{ name: 'things', key: 'id' }],
      translator,
      store: pair.store,
      inbox: pair.inbox,
      source: {
        state: async () => ({ kind: 'installed' }),
        head: async () => null,
        covers: async () => true,
      },
      quarantined: () => [],
      carry: async () => ({ applied: 0, stale: 0, rejected: [] }),
      batchSize: 2,
      coverMs: 50,
      settleMs: 100,
      now: () => new Date(),
      failpoint: () => {},
      ...parts,
    },
  });
  expect(reconcile.start(repair)).toBe(true);
  return waitUntil(async () => {
    const status = reconcile.status();
    return status.state !== 'running' && status;
  }, 'the comparison ends');
}

describe('a comparison', () => {
  test('waits for the position that it observed after it saw a difference, and then looks again', async () => {
    const pair = pairOf(5);
    pair.legacy.set(3, { id: 3, value: 'new' });
    const asked: (string | null)[] = [];
    const status = await compare(pair, {
      coverMs: 10_000,
      source: {
        state: async () => ({ kind: 'installed' }),
        head: async () => '17',
        covers: async (position) => {
          asked.push(position);
          // The relay carries it over while the third answer is on its way.
          if (asked.length === 3) pair.service.set('3', { version: 2n, deleted: false, value: 'new' });
          return asked.length > 3;
        },
      },
    });
    expect(status).toMatchObject({ state: 'done', result: { compared: 5, left: 0, restless: 0 } });
    expect(asked).toEqual(['17', '17', '17', '17']);
  });

  test('says nothing of rows that differ when the relay does not catch up', async () => {
    const pair = pairOf(3);
    pair.legacy.delete(2);
    const source = { state: async () => ({ kind: 'installed' as const }), head: async () => '17' };
    const status = await compare(pair, { source: { ...source, covers: async () => false } });
    expect(status).toMatchObject({ state: 'failed', result: null });
    expect(status.error).toMatch(/^changes up to 17 were not carried over within 0.05 s.*fig capture status/);
  });

  test('takes a row that differs otherwise at every look for restless, one that stays the same for a difference', async () => {
    const pair = pairOf(6);
    let n = 0;
    pair.service.set('5', { version: 1n, deleted: false, value: 'corrupt' });
    pair.onCall = (name) => {
      if (!/^rows /.test(name)) return;
      n += 1;
      pair.legacy.set(2, { id: 2, value: `write ${n}` });
    };
    const { result } = await compare(pair);
    expect(result).toMatchObject({ changed: 1, left: 1, restless: 1, restlessKeys: ['2'] });
    expect(result?.differences.map(({ key }) => key)).toEqual(['5']);
  });

  test('tells the first hundred keys and counts all', async () => {
    const pair = pairOf(0);
    for (let id = 1; id <= 2500; id += 1) pair.legacy.set(id, { id, value: 'v' });
    const { result } = await compare(pair, { batchSize: 500 });
    expect(result).toMatchObject({ compared: 2500, missing: 2500, left: 2500 });
    expect(result?.differences).toHaveLength(100);
  });

  test('names what a service that refuses all says, and what differs after it was taken', async () => {
    const pair = pairOf(3);
    pair.legacy.delete(2);
    const owned = { detail: 'owned here', code: 'SYNC_OWNED_HERE' };
    const refusing = { carry: () => Promise.reject(new ServiceProblem('POST batches', 409, owned)) };
    const refused = await compare(pair, refusing, true);
    expect(refused.result).toMatchObject({ extra: 1, repaired: 0, left: 1 });
    expect(refused.result?.differences[0]?.reason).toBe('POST batches answered 409: owned here');
    const deaf = await compare(pair, {}, true);
    expect(deaf.result?.differences).toEqual([
      {
        ...{ key: '2', kind: 'extra', fields: [], repaired: false },
        reason: 'the service still has it after it was told that the row is gone',
      },
    ]);
  });

  test('fails with the reason when a store is away', async () => {
    const pair = pairOf(3);
    pair.onCall = (name) => {
      if (/^export/.test(name)) throw new Error('out of reach');
    };
    expect(await compare(pair)).toMatchObject({ state: 'failed', error: 'out of reach', result: null });
  });
});
