import { beforeEach, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { MemoryPair } from '../backfill/memory-pair.ts';
import { SetRelay } from '../backfill/set-relay.ts';
import type { Change, ChangeSource } from '../capture/change-source.ts';
import { Tail } from './tail.ts';

const log = pino({ level: 'silent' });

/** A queue in memory beside the pair; what is asked of it stands in the pair's log. */
class MemoryQueue {
  readonly waiting = new Map<string, Change>();
  state: Awaited<ReturnType<ChangeSource['state']>> = { kind: 'installed' };
  problems: string[] = [];
  #seq = 0;
  readonly source: ChangeSource;

  constructor(pair: MemoryPair) {
    const step = (name: string) => {
      pair.calls.push(name);
      pair.onCall(name);
    };
    this.source = {
      name: 'memory',
      preflight: async () => this.problems,
      install: async () => {
        this.state = { kind: 'installed' };
      },
      remove: async () => {
        this.state = { kind: 'absent' };
        this.waiting.clear();
      },
      state: async () => this.state,
      changes: async (limit) => {
        step('changes');
        return [...this.waiting.values()].slice(0, limit);
      },
      ack: async (changes) => {
        step(`ack ${changes.map(({ key }) => key).join()}`);
        for (const { seq } of changes) this.waiting.delete(seq);
      },
      lag: async () => ({ waiting: this.waiting.size, oldestMs: this.waiting.size > 0 ? 7 : null }),
      head: async () => [...this.waiting.keys()].at(-1) ?? null,
      covers: async (position) =>
        position === null || [...this.waiting.keys()].every((seq) => Number(seq) > Number(position)),
      close: async () => {},
    };
  }

  note(...keys: number[]): void {
    for (const key of keys) {
      const seq = String(++this.#seq);
      this.waiting.set(seq, { seq, table: 'items', key: String(key) });
    }
  }
}

describe('what was noted', () => {
  let pair: MemoryPair;
  let queue: MemoryQueue;
  let relay: SetRelay;
  beforeEach(async () => {
    pair = new MemoryPair();
    queue = new MemoryQueue(pair);
    relay = await SetRelay.open({
      set: 'items',
      journal: pair.journal,
      log,
      backoffMs: () => 1,
      parts: {
        stream: 'items',
        tables: [{ name: 'items', key: 'id' }],
        translator: {
          tables: {
            items: {
              key: 'id',
              toSync: (row) =>
                row.value === 'odd'
                  ? { key: '', rejected: 'odd' }
                  : { key: '', value: row.value, quirks: [] },
            },
          },
        },
        store: pair.store,
        inbox: pair.inbox,
        batchSize: 10,
        now: () => new Date(0),
        failpoint: () => {},
      },
    });
    pair.calls.length = 0;
  });
  const carry = () => relay.carryChanges(queue.source);

  test('is carried over in the one order that is safe, each row once, and dropped when it is there', async () => {
    pair.legacy.set(1, { value: 'a' }).set(2, { value: 'b' });
    queue.note(1, 2, 1, 3);
    expect(await carry()).toEqual({ entries: 4, applied: 3 });
    expect(pair.calls).toEqual(['changes', 'ticket', 'rows 1,2,3', 'apply 1,2,-3', 'ack 1,2,1,3']);
    expect(pair.alive()).toEqual({ 1: 'a', 2: 'b' });
    expect(await carry()).toEqual({ entries: 0, applied: 0 });
  });

  test.each(['ticket', 'rows 1', 'apply 1'])('is not dropped when it breaks at %s', async (place) => {
    pair.legacy.set(1, { value: 'a' });
    queue.note(1);
    pair.onCall = (name) => {
      if (name === place) throw new Error('broken');
    };
    await expect(carry()).rejects.toThrow('broken');
    expect(queue.waiting.size).toBe(1);
    pair.onCall = () => {};
    await carry();
    expect(pair.alive()).toEqual({ 1: 'a' });
  });

  test('that is written between the read and the drop waits again', async () => {
    pair.legacy.set(1, { value: 'old' });
    queue.note(1);
    pair.onCall = (name) => {
      if (name !== 'apply 1' || queue.waiting.size > 1) return;
      pair.legacy.set(1, { value: 'new' });
      queue.note(1);
    };
    await carry();
    expect(queue.waiting.size).toBe(1);
    await carry();
    expect(pair.alive()).toEqual({ 1: 'new' });
  });

  test('by two workers, of which one sleeps with an old row in its hands, ends with the newest', async () => {
    pair.legacy.set(1, { value: 'old' });
    queue.note(1);
    let wake = () => {};
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    const { apply } = pair.inbox;
    let isFirst = true;
    Object.assign(pair.inbox, {
      apply: async (...given: Parameters<typeof apply>) => {
        if (isFirst) {
          isFirst = false;
          await asleep;
        }
        return apply(...given);
      },
    });
    const zombie = carry();
    await new Promise((resolve) => setTimeout(resolve, 20));
    pair.legacy.set(1, { value: 'new' });
    queue.note(1);
    await carry();
    wake();
    await zombie;
    expect(pair.alive()).toEqual({ 1: 'new' });
    // The same with a row that was removed meanwhile.
    isFirst = true;
    queue.note(1);
    const other = carry();
    await new Promise((resolve) => setTimeout(resolve, 20));
    pair.legacy.delete(1);
    queue.note(1);
    await carry();
    wake();
    await other;
    expect(pair.alive()).toEqual({});
  });

  test('and cannot be applied waits in quarantine, and comes when what stood in its way is gone', async () => {
    pair.legacy
      .set(1, { value: 'owns x' })
      .set(2, { value: 'owns x' })
      .set(3, { value: 'odd' })
      .set(4, { value: 'd' });
    queue.note(1, 2, 3, 4);
    await carry();
    expect(relay.quarantined().map(({ key, reason }) => [key, reason])).toEqual([
      ['3', 'odd'],
      ['2', 'is held by row 1'],
    ]);
    expect(pair.alive()).toEqual({ 1: 'owns x', 4: 'd' });
    pair.legacy.set(1, { value: 'free' });
    queue.note(1);
    await carry();
    expect(pair.alive()).toEqual({ 1: 'free', 2: 'owns x', 4: 'd' });
    expect(relay.quarantined().map(({ key }) => key)).toEqual(['3']);
  });
});

describe('a tail', () => {
  const tailOf = (queue: MemoryQueue, carry: () => Promise<{ entries: number; applied: number }>) =>
    new Tail({ set: 'items', source: queue.source, carry, log, pollMs: 1, checkMs: 5, backoffMs: () => 1 });
  const until = async (check: () => Promise<boolean>) => {
    for (let n = 0; !(await check()); n++) {
      if (n > 500) throw new Error('did not come');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };

  test('follows only what is noted, tells its lag, and goes on after a failure', async () => {
    const queue = new MemoryQueue(new MemoryPair());
    queue.state = { kind: 'absent' };
    let fails = true;
    const tail = tailOf(queue, async () => {
      if (fails) throw new Error('the service is away');
      const entries = queue.waiting.size;
      queue.waiting.clear();
      return { entries, applied: entries };
    });
    await tail.start();
    expect(await tail.status()).toMatchObject({
      capture: 'absent',
      running: false,
      waiting: null,
      lagMs: null,
    });
    queue.problems = ['no'];
    expect(await tail.install(true)).toEqual(['no']);
    queue.problems = [];
    expect(await tail.install(true)).toEqual([]);
    queue.note(1, 2);
    await until(async () => (await tail.status()).error === 'the service is away');
    // What waits is told by its age, whatever keeps it from being carried over.
    expect(await tail.status()).toMatchObject({ waiting: 2, lagMs: 7 });
    const { head } = await tail.position();
    expect(await tail.position()).toMatchObject({ set: 'items', head, lagMs: 7 });
    expect(await tail.covers(head as string)).toBe(false);
    fails = false;
    await until(async () => (await tail.status()).waiting === 0);
    const quiet = { set: 'items', head: null, lagMs: 0, carriedMs: expect.any(Number) };
    await until(async () => (await tail.position()).carriedMs !== null);
    expect(await tail.position()).toEqual(quiet);
    // From the last entry on, and not from the last look.
    const began = performance.now();
    await until(async () => performance.now() - began > 60 && ((await tail.position()).carriedMs ?? 0) > 60);
    const before = performance.now();
    queue.note(3);
    await until(
      async () => (await tail.status()).applied === 3 && (await tail.position()).carriedMs !== null,
    );
    const { carriedMs } = await tail.position();
    expect(carriedMs ?? 0).toBeLessThanOrEqual(performance.now() - before);
    expect(await tail.covers(head as string)).toBe(true);
    expect(await tail.status()).toMatchObject({ lagMs: 0, error: null, entries: 3, applied: 3 });
    queue.state = { kind: 'broken', missing: ['_fig_x'] };
    expect(await tail.status()).toMatchObject({ capture: 'broken', missing: ['_fig_x'], lagMs: null });
    expect(await tail.position()).toEqual({ set: 'items', head: null, lagMs: null, carriedMs: null });
    expect(await tail.covers(head as string)).toBe(false);
    await tail.remove();
    expect(await tail.status()).toMatchObject({ capture: 'absent', running: false });
    await tail.stop();
  });
});
