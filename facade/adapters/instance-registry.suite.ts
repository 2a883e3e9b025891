import { describe, expect, test } from '@jest/globals';
import type { InstanceRegistry, InstanceState } from '../core/instances.ts';

const STATE: InstanceState = { version: '1.2.3', hash: 'plan-1', routes: { articles: 'a' }, appliedSeq: 7 };

/** What every registry promises. `group` gives a way to open instances that see each other and nobody else. */
export function instanceRegistrySuite(
  name: string,
  group: () => Promise<(id: string) => InstanceRegistry>,
): void {
  describe(`the ${name} registry of instances`, () => {
    const using = async (work: (open: (id: string) => InstanceRegistry) => Promise<void>) => {
      const opened: InstanceRegistry[] = [];
      const open = await group();
      try {
        await work((id) => {
          const registry = open(id);
          opened.push(registry);
          return registry;
        });
      } finally {
        for (const registry of opened) await registry.close();
      }
    };
    const ids = async (registry: InstanceRegistry) => (await registry.list()).map(({ id }) => id);

    test('knows nobody at first, then all that beat, each with what it said last', () =>
      using(async (open) => {
        const [b, a] = [open('b'), open('a')];
        expect(await b.list()).toEqual([]);
        expect(await b.beat(STATE)).toBe('live');
        await a.beat(STATE);
        await a.beat({ ...STATE, appliedSeq: 8 });
        await a.beat({ ...STATE, hash: 'plan-2', routes: { articles: 'b' }, appliedSeq: 9 });
        await a.beat({ ...STATE, hash: 'plan-2', routes: { articles: 'b' }, appliedSeq: 10 });
        expect(await b.list()).toEqual([
          {
            id: 'a',
            ...STATE,
            hash: 'plan-2',
            routes: { articles: 'b' },
            appliedSeq: 10,
            lastSeen: expect.stringMatching(/^\d{4}-.*Z$/),
            silent: false,
          },
          { id: 'b', ...STATE, lastSeen: expect.any(String), silent: false },
        ]);
      }));

    test('forgets who left', () =>
      using(async (open) => {
        const [a, b] = [open('a'), open('b')];
        await a.beat(STATE);
        await b.beat(STATE);
        await a.leave();
        expect(await ids(b)).toEqual(['b']);
      }));

    test('evicts who is there, tells it, and takes it back only after a restart', () =>
      using(async (open) => {
        const [a, b] = [open('a'), open('b')];
        await a.beat(STATE);
        expect(await b.evict('nobody')).toBe(false);
        expect(await b.evict('a')).toBe(true);
        expect(await b.evict('a')).toBe(false);
        expect(await ids(b)).toEqual([]);
        expect(await a.beat(STATE)).toBe('evicted');
        expect(await ids(b)).toEqual([]);
        const restarted = open('a');
        expect(await restarted.beat(STATE)).toBe('live');
        expect(await b.list()).toMatchObject([{ id: 'a', routes: STATE.routes }]);
      }));

    test('lets an earlier start that ends late not take off the one that runs now', () =>
      using(async (open) => {
        const [earlier, now] = [open('a'), open('a')];
        await earlier.beat(STATE);
        await now.beat(STATE);
        await earlier.leave();
        expect(await ids(now)).toEqual(['a']);
      }));
  });
}
