import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { waitUntil } from '../../testing/wait-until.ts';
import { CopyAhead } from './copy-ahead.ts';
import { MemoryPair } from './memory-pair.ts';
import type { PassParts } from './pass-parts.ts';
import { Quarantine } from './quarantine.ts';

const table = { name: 'things', key: 'id' };

/** Rows 1 to `count`, two to a batch; `gate` holds up the batch that begins with a key. */
function copyOf(count: number) {
  const pair = new MemoryPair();
  for (let key = 1; key <= count; key++) pair.legacy.set(key, { id: key, value: `v${key}` });
  const gates = new Map<string, Promise<void>>();
  const parts: PassParts = {
    stream: 'things',
    tables: [table],
    translator: {
      tables: { things: { key: 'id', toSync: (row) => ({ key: '', value: row.value, quirks: [] }) } },
    },
    store: pair.store,
    inbox: {
      ...pair.inbox,
      async apply(stream, ticket, rows) {
        await gates.get(rows[0]?.key ?? '');
        return pair.inbox.apply(stream, ticket, rows);
      },
    },
    quarantine: new Quarantine(pair.journal, []),
    batchSize: 2,
    now: () => new Date('2026-11-23T12:00:00Z'),
    failpoint: () => {},
  };
  const hold = (key: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gates.set(key, promise);
    return resolve;
  };
  return { pair, ahead: new CopyAhead(parts), hold };
}

const reads = (pair: MemoryPair) => pair.calls.filter((name) => name.startsWith('rows after'));

/** Time for everything in memory that wants to happen. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await setImmediate();
}

describe('batches of a copy', () => {
  test('are read and applied ahead of one that takes its time, three at once and no more', async () => {
    const { pair, ahead, hold } = copyOf(20);
    const release = hold('1');
    const first = ahead.take({ table, after: null }, 1);
    await waitUntil(async () => pair.calls.includes('apply 5,6'), 'the third batch');
    await turns();
    expect(pair.calls).not.toContain('apply 1,2');
    expect(reads(pair)).toEqual(['rows after null', 'rows after 2', 'rows after 4']);
    release();
    expect((await first).rows.map(({ key }) => key)).toEqual(['1', '2']);
    await waitUntil(async () => reads(pair).length === 4, 'the next one begins');
    await ahead.settle();
  });

  test('come in order, each once, to the end of the table', async () => {
    const { pair, ahead, hold } = copyOf(7);
    hold('1')();
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const { rows, result } = await ahead.take({ table, after }, 1);
      expect(result.applied).toBe(rows.length);
      seen.push(...rows.map(({ key }) => key));
      if (rows.length < 2) break;
      after = rows.at(-1)!.key;
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(reads(pair)).toHaveLength(4);
  });

  test('fail one by one: what lies behind a failed one is not handed out, and nothing is under way any more', async () => {
    const { pair, ahead, hold } = copyOf(20);
    let fails = true;
    pair.onCall = (name) => {
      if (fails && name === 'apply 3,4') throw new Error('connection lost');
    };
    const release = hold('5');
    expect((await ahead.take({ table, after: null }, 1)).rows).toHaveLength(2);
    const failed = ahead.take({ table, after: '2' }, 1);
    await waitUntil(async () => pair.calls.includes('apply 3,4'), 'the failure');
    release();
    await expect(failed).rejects.toThrow('connection lost');
    // The one behind it has ended, too.
    expect(pair.alive()).toMatchObject({ 5: 'v5', 6: 'v6' });
    const calls = pair.calls.length;
    await turns();
    expect(pair.calls).toHaveLength(calls);

    fails = false;
    const again = await ahead.take({ table, after: '2' }, 1);
    expect(again.rows.map(({ key }) => key)).toEqual(['3', '4']);
    await ahead.settle();
  });
});
