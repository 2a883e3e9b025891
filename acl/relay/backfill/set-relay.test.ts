import { describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { ServiceProblem } from '../../gateway-kit/error.ts';
import { waitUntil } from '../../testing/wait-until.ts';
import { MemoryPair } from './memory-pair.ts';
import { SetRelay } from './set-relay.ts';

const translator = {
  tables: {
    things: {
      key: 'id',
      toSync(row: Readonly<Record<string, unknown>>) {
        if (row.value === 'throws') throw new Error('a fault');
        if (row.value === 'bad') return { key: 'unused', rejected: 'value: expected good' };
        return { key: 'unused', value: row.value, quirks: [] };
      },
    },
  },
};

function pairOf(...values: readonly unknown[]): MemoryPair {
  const pair = new MemoryPair();
  for (const [index, value] of values.entries()) pair.legacy.set(index + 1, { id: index + 1, value });
  return pair;
}

function open(pair: MemoryPair): Promise<SetRelay> {
  return SetRelay.open({
    set: 'things',
    journal: pair.journal,
    log: pino({ level: 'silent' }),
    backoffMs: () => 0,
    parts: {
      stream: 'things',
      tables: [{ name: 'things', key: 'id' }],
      translator,
      store: pair.store,
      inbox: pair.inbox,
      batchSize: 2,
      now: () => new Date('2026-11-23T12:00:00Z'),
      failpoint: () => {},
    },
  });
}

async function run(relay: SetRelay) {
  expect(relay.start()).toBe(true);
  return waitUntil(async () => {
    const status = relay.status();
    return status.state !== 'running' && status;
  }, 'the run ends');
}

describe('a backfill', () => {
  test('copies every row, in batches, and says what it did', async () => {
    const pair = pairOf('a', 'b', 'c');
    expect(await run(await open(pair))).toMatchObject({
      state: 'done',
      rowsTotal: 3,
      rowsRead: 3,
      applied: 3,
      stale: 0,
      removed: 0,
      quarantined: 0,
      error: null,
    });
    expect(pair.alive()).toEqual({ 1: 'a', 2: 'b', 3: 'c' });
  });

  test('takes a ticket before each read, and keeps the checkpoint after it applied', async () => {
    const pair = pairOf('a', 'b', 'c');
    await run(await open(pair));
    const { calls } = pair;
    const tickets = (name: string) =>
      calls.slice(0, calls.indexOf(name)).filter((call) => call === 'ticket').length;
    expect(tickets('rows after null')).toBe(1);
    expect(tickets('rows after 2')).toBe(2);
    // The first one is of the count.
    const saves = calls.flatMap((name, at) => (name === 'save running' ? [at] : []));
    expect(saves[1]).toBeGreaterThan(calls.indexOf('apply 1,2'));
    expect(saves[2]).toBeGreaterThan(calls.indexOf('apply 3'));
    expect(calls.slice(-4)).toEqual(['export after 2', 'ticket', 'rows 3', 'save done']);
  });

  test('lets a newer write win over a row that was read before it', async () => {
    const pair = pairOf('old');
    pair.onCall = (name) => {
      if (name.startsWith('apply')) pair.service.set('1', { version: 99n, deleted: false, value: 'newer' });
    };
    expect(await run(await open(pair))).toMatchObject({ state: 'done', applied: 0, stale: 1 });
    expect(pair.alive()).toEqual({ 1: 'newer' });
  });

  test('removes what legacy no longer has, and nothing that came back meanwhile', async () => {
    const pair = pairOf('a', 'b', 'c', 'd');
    const relay = await open(pair);
    await run(relay);
    pair.legacy.delete(2);
    pair.legacy.delete(3);
    pair.onCall = (name) => {
      if (name.startsWith('export')) pair.legacy.set(3, { id: 3, value: 'back' });
    };
    expect(await run(relay)).toMatchObject({ state: 'done', removed: 1 });
    expect(Object.keys(pair.alive())).toEqual(['1', '3', '4']);
    expect(pair.service.get('2')).toMatchObject({ deleted: true });
  });

  test('empties the service of a set whose table is empty', async () => {
    const pair = pairOf('a', 'b', 'c');
    const relay = await open(pair);
    await run(relay);
    pair.legacy.clear();
    expect(await run(relay)).toMatchObject({ state: 'done', removed: 3, rowsTotal: 0 });
    expect(pair.alive()).toEqual({});
  });

  test('sets poison rows aside with their reasons, and lets nothing else wait', async () => {
    const pair = pairOf('a', 'bad', 'throws', 'refused by the service', 'e');
    const relay = await open(pair);
    expect(await run(relay)).toMatchObject({ state: 'done', applied: 2, quarantined: 3 });
    expect(pair.alive()).toEqual({ 1: 'a', 5: 'e' });
    expect(relay.quarantined().map(({ key, reason }) => `${key} ${reason}`)).toEqual([
      '2 value: expected good',
      '3 the translator failed: a fault',
      '4 the service refuses it',
    ]);
    expect(pair.quarantine).toHaveLength(3);
  });

  test('sends rows again whose unique value came from a later batch or from a removed row', async () => {
    const pair = pairOf('owns a', 'x', 'owns b', 'y', 'owns c');
    const relay = await open(pair);
    await run(relay);
    pair.legacy.set(1, { id: 1, value: 'owns b' });
    pair.legacy.set(2, { id: 2, value: 'owns c' });
    pair.legacy.set(3, { id: 3, value: 'owns d' });
    pair.legacy.delete(5);
    pair.calls.length = 0;
    expect(await run(relay)).toMatchObject({
      state: 'done',
      rowsRead: 4,
      applied: 4,
      removed: 1,
      quarantined: 0,
    });
    expect(pair.alive()).toEqual({ 1: 'owns b', 2: 'owns c', 3: 'owns d', 4: 'y' });
    const resent = pair.calls.lastIndexOf('rows 1,2');
    expect(pair.calls.slice(resent - 1, resent + 2)).toEqual(['ticket', 'rows 1,2', 'apply 1,2']);
  });

  test('sends rows again as long as each round brings one through, and no longer', async () => {
    const pair = pairOf('owns a', 'z', 'owns b', 'z', 'owns c', 'z', 'owns d', 'refused by the service');
    const relay = await open(pair);
    await run(relay);
    for (const [key, value] of [
      [1, 'owns b'],
      [3, 'owns c'],
      [5, 'owns d'],
      [7, 'owns e'],
    ] as const)
      pair.legacy.set(key, { id: key, value });
    pair.calls.length = 0;
    expect(await run(relay)).toMatchObject({ state: 'done', applied: 7, quarantined: 1 });
    expect(pair.alive()).toMatchObject({ 1: 'owns b', 3: 'owns c', 5: 'owns d', 7: 'owns e' });
    // One more of the chain is free in each round.
    const resent = pair.calls.slice(pair.calls.findLastIndex((name) => name.startsWith('export')));
    expect(resent.filter((name) => name.startsWith('apply'))).toEqual([
      ...['apply 1,3', 'apply 5,8'],
      ...['apply 1,3', 'apply 8'],
      ...['apply 1,8', 'apply 8'],
    ]);
  });

  test('goes on with sending again after its process died there, and reads what legacy has by then', async () => {
    const pair = pairOf('owns a', 'x', 'owns b');
    const relay = await open(pair);
    await run(relay);
    pair.legacy.set(1, { id: 1, value: 'owns b' });
    pair.legacy.set(3, { id: 3, value: 'x' });
    pair.onCall = (name) => {
      if (name === 'rows 1') throw new TypeError('died');
    };
    expect(await run(relay)).toMatchObject({ state: 'failed', quarantined: 1 });
    pair.onCall = () => {};
    pair.legacy.set(1, { id: 1, value: 'later' });
    expect(await run(await open(pair))).toMatchObject({ state: 'done', applied: 3, quarantined: 0 });
    expect(pair.alive()).toEqual({ 1: 'later', 2: 'x', 3: 'x' });
  });

  test('releases rows that are repaired or gone', async () => {
    const pair = pairOf('bad', 'bad', 'bad');
    const relay = await open(pair);
    await run(relay);
    pair.legacy.set(1, { id: 1, value: 'good' });
    pair.legacy.delete(2);
    expect(await run(relay)).toMatchObject({ applied: 1, quarantined: 1 });
    expect(relay.quarantined().map(({ key }) => key)).toEqual(['3']);
    expect(pair.quarantine.map(({ key }) => key)).toEqual(['3']);
  });

  test('tries again when something is out of reach, and shows what', async () => {
    const pair = pairOf('a', 'b', 'c');
    let failures = 4;
    const relay = await open(pair);
    const shown: (string | null)[] = [];
    pair.onCall = (name) => {
      if (name !== 'apply 3') return;
      shown.push(relay.status().error);
      if (failures-- > 0) throw new Error('connection lost');
    };
    expect(await run(relay)).toMatchObject({ state: 'done', applied: 3, error: null });
    expect(shown.at(-1)).toBe('connection lost; attempt 4 of 5');
  });

  test('fails after five tries, keeps the checkpoint and goes on from there', async () => {
    const pair = pairOf('a', 'b', 'c');
    pair.onCall = (name) => {
      if (name === 'apply 3') throw new Error('connection lost');
    };
    const relay = await open(pair);
    const failed = { state: 'failed', error: 'connection lost', checkpoint: '2', rowsRead: 2 };
    expect(await run(relay)).toMatchObject(failed);
    expect(pair.calls.filter((name) => name === 'apply 3')).toHaveLength(5);
    pair.onCall = () => {};
    pair.calls.length = 0;
    expect(await run(relay)).toMatchObject({ state: 'done', rowsRead: 3, applied: 3 });
    expect(pair.calls).not.toContain('rows after null');
  });

  test('does not repeat what the service refuses for good', async () => {
    const pair = pairOf('a');
    pair.onCall = (name) => {
      if (name === 'ticket') throw new ServiceProblem('POST tickets', 401, { detail: 'wrong token' });
    };
    const status = await run(await open(pair));
    expect(status).toMatchObject({ state: 'failed', error: 'POST tickets answered 401: wrong token' });
    expect(pair.calls.filter((name) => name === 'ticket')).toHaveLength(1);
  });

  test('shows its end only when the next run can start', async () => {
    const pair = pairOf('a');
    const relay = await open(pair);
    const seen: string[] = [];
    pair.onCall = (name) => {
      if (name === 'save done') seen.push(relay.status().state);
    };
    await run(relay);
    expect(relay.start()).toBe(true);
    expect(seen).toEqual(['running']);
    await relay.pause();
  });

  test('halves a batch that is too large for the service', async () => {
    const pair = pairOf('a', 'b', 'c');
    pair.onCall = (name) => {
      if (name === 'apply 1,2') throw new ServiceProblem('POST batches', 413, null);
    };
    expect(await run(await open(pair))).toMatchObject({ state: 'done', applied: 3 });
    expect(pair.alive()).toEqual({ 1: 'a', 2: 'b', 3: 'c' });
  });

  test('runs once at a time', async () => {
    const pair = pairOf('a');
    const relay = await open(pair);
    expect(relay.start()).toBe(true);
    expect(relay.start()).toBe(false);
    await relay.pause();
  });

  test('pauses at the next batch and goes on from it', async () => {
    const pair = pairOf('a', 'b', 'c', 'd', 'e');
    const relay = await open(pair);
    pair.onCall = (name) => {
      if (name === 'apply 1,2') void relay.pause();
    };
    expect(await run(relay)).toMatchObject({ state: 'paused', checkpoint: '2', rowsRead: 2 });
    expect(pair.progress).toMatchObject({ state: 'paused', after: '2' });
    expect(await run(relay)).toMatchObject({ state: 'done', rowsRead: 5 });
  });

  test('starts a fresh pass after a whole one', async () => {
    const pair = pairOf('a', 'b');
    const relay = await open(pair);
    await run(relay);
    pair.legacy.set(1, { id: 1, value: 'changed' });
    expect(await run(relay)).toMatchObject({ state: 'done', rowsRead: 2, applied: 2 });
    expect(pair.alive()).toEqual({ 1: 'changed', 2: 'b' });
  });

  test('shows a run whose process died as paused, and goes on from its checkpoint', async () => {
    const pair = pairOf('a', 'b', 'c');
    pair.progress = { ...pair.progress, state: 'running', pass: 1, after: '2', rowsRead: 2, rowsTotal: 3 };
    const relay = await open(pair);
    expect(relay.status()).toMatchObject({
      state: 'paused',
      checkpoint: '2',
      error: expect.stringMatching(/mid-run/),
    });
    expect(await run(relay)).toMatchObject({ state: 'done', rowsRead: 3 });
    expect(pair.alive()).toEqual({ 3: 'c' });
  });

  test('counts for nothing once the relay reads another database', async () => {
    const pair = pairOf('a', 'bad');
    expect(await run(await open(pair))).toMatchObject({ state: 'done', quarantined: 1 });
    expect((await open(pair)).status()).toMatchObject({ state: 'done', quarantined: 1 });

    pair.identity = 'another database';
    const relay = await open(pair);
    expect(relay.status()).toMatchObject({ state: 'idle', rowsRead: 0, quarantined: 0, finishedAt: null });
    expect(await run(relay)).toMatchObject({ state: 'done', rowsRead: 2, quarantined: 1 });
  });
});
