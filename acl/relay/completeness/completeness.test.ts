import { beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryPair } from '../backfill/memory-pair.ts';
import { Completeness, type CompletenessMemory, NEVER_COPIED } from './completeness.ts';
import { driftOf } from './drift.ts';

const INSTALLED = { kind: 'installed' } as const;
const ABSENT = { kind: 'absent' } as const;

describe('what a queue does not tell', () => {
  let kept: CompletenessMemory = NEVER_COPIED;
  let columns: Record<string, string> = {};
  beforeEach(() => {
    kept = NEVER_COPIED;
    columns = { id: 'int not null', label: 'varchar(20) null' };
  });
  const store = { columnTypes: async () => new Map(Object.entries(columns)) };
  const open = () =>
    Completeness.open({
      ...{ set: 'things', store, tables: [{ name: 'items' }] },
      journal: {
        load: async () => kept,
        save: async (memory) => {
          kept = memory;
        },
      },
    });
  /** Installed, copied and trusted. */
  const whole = async () => {
    const one = await open();
    await one.accept(ABSENT);
    await one.look(INSTALLED);
    await one.began('first');
    await one.ended('first');
    expect(one.doubt).toBeNull();
    return one;
  };

  test('trusts nothing before all was copied, and only a copy that began when writes were noted', async () => {
    const one = await open();
    await one.began('early');
    await one.accept(ABSENT);
    await one.look(INSTALLED);
    await one.ended('early');
    expect(one.doubt).toContain('nothing was copied since writes are noted. Do: npx fig backfill things');
    await one.began('late');
    await one.began('other');
    await one.ended('late');
    expect(one.doubt).toBeNull();
    expect((await open()).doubt).toBeNull();
  });

  test.each([
    ['some', { kind: 'broken', missing: ['_fig_x'] } as const, /gone: _fig_x/],
    ['all', ABSENT, /gone: all triggers/],
  ])(
    'does not trust it any more once %s triggers were gone, whatever is under way',
    async (_which, state, words) => {
      const one = await whole();
      await one.look(state);
      expect(one.doubt).toMatch(words);
      await one.accept(state);
      await one.look(INSTALLED);
      await one.began('copy');
      await one.look(state);
      await one.look(INSTALLED);
      await one.ended('copy');
      expect(one.doubt).toMatch(words);
      // Nor by a copy that began while they were gone, even if somebody else puts them up.
      await one.look(state);
      await one.began('in the gap');
      await one.look(INSTALLED);
      await one.ended('in the gap');
      expect(one.doubt).toMatch(words);
      const next = await open();
      expect(next.doubt).toMatch(words);
      await next.look(INSTALLED);
      await next.began('another');
      await next.ended('another');
      expect(next.doubt).toBeNull();
    },
  );

  test('takes triggers that are gone when capture is installed for a gap, even if nobody had looked', async () => {
    const one = await whole();
    await one.accept({ kind: 'broken', missing: ['_fig_x'] });
    await one.look(INSTALLED);
    expect(one.doubt).toContain('gone: _fig_x');
  });

  test('keeps its trust where capture is installed twice, and begins anew where it was taken out', async () => {
    const one = await whole();
    await one.accept(INSTALLED);
    expect(one.doubt).toBeNull();
    await one.forget();
    await one.look(ABSENT);
    await one.accept(ABSENT);
    await one.look(INSTALLED);
    expect(one.doubt).toContain('nothing was copied');
  });

  test('gives no row of columns that have changed until they are accepted and copied', async () => {
    const one = await whole();
    const pair = new MemoryPair();
    pair.legacy.set(1, { id: 1, name: 'x' });
    const guarded = one.guard(pair.store);
    columns = { id: 'int not null', name: 'varchar(20) null' };
    // By the row itself, before anybody looks.
    await expect(guarded.readRows('items', 'id', ['1'])).rejects.toThrow(
      /items\.label is gone \(renamed to name\?\).*npx fig capture install things/,
    );
    expect(one.doubt).toContain('items.label is gone');
    await one.accept(INSTALLED);
    expect(one.drift).toEqual([]);
    expect(one.doubt).toContain('columns have changed since rows were copied');
    expect(await guarded.readRowsAfter('items', 'id', null, 10)).toHaveLength(1);
  });

  test('lets a column pass that was added, and tells it until it is accepted', async () => {
    const one = await whole();
    columns = { ...columns, rating: 'int null' };
    await one.look(INSTALLED);
    expect(one.doubt).toBeNull();
    expect(one.drift).toEqual(['items.rating was added (int null) and is not carried over']);
    await one.accept(INSTALLED);
    await one.look(INSTALLED);
    expect([one.doubt, one.drift]).toEqual([null, []]);
  });
});

test('columns are told that are gone, changed or added, and a table that is gone', () => {
  const before = { a: { id: 'int', x: 'text' }, b: { id: 'int' } };
  expect(driftOf(before, before)).toEqual([]);
  expect(driftOf(before, { a: { id: 'bigint', y: 'date' } }).map(({ detail }) => detail)).toEqual([
    'a.x is gone',
    'a.id was int and is bigint',
    'a.y was added (date) and is not carried over',
    'b.id is gone',
  ]);
});
