import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Change, ChangeSource } from '../capture/change-source.ts';
import { Verification } from './verification.ts';

describe('rows that were written since a comparison', () => {
  let differing: Set<string>;
  let looked: string[][];
  let verification: Verification;
  let source: ChangeSource;
  beforeEach(() => {
    differing = new Set();
    looked = [];
    verification = new Verification(async (keys) => {
      looked.push([...keys]);
      return keys.filter((key) => differing.has(key));
    }, 3);
    source = verification.watch(
      { ack: async () => {} } as unknown as ChangeSource,
      (table, key) => `${table}/${key}`,
    );
  });
  const carried = (...keys: string[]) =>
    source.ack(keys.map((key): Change => ({ seq: key, table: 't', key })));

  test('are looked at, each once, and those alone', async () => {
    await carried('before');
    verification.begin();
    await carried('1', '2', '1');
    expect(await verification.look()).toEqual({ compared: 2, different: [], isPartial: false });
    expect(looked).toEqual([['t/1', 't/2']]);
    expect(await verification.look()).toMatchObject({ compared: 0 });
  });

  test('are looked at again as long as they differ', async () => {
    verification.begin();
    differing.add('t/2');
    await carried('1', '2');
    expect(await verification.look()).toEqual({ compared: 2, different: ['t/2'], isPartial: false });
    differing.clear();
    expect(await verification.look()).toEqual({ compared: 1, different: [], isPartial: false });
  });

  test('are kept when a look fails', async () => {
    verification.begin();
    await carried('1');
    const failing = new Verification(async () => {
      throw new Error('away');
    });
    failing.begin();
    await failing
      .watch({ ack: async () => {} } as unknown as ChangeSource, (_, key) => key)
      .ack([{ seq: '1', table: 't', key: '1' }]);
    await expect(failing.look()).rejects.toThrow('away');
    await expect(failing.look()).rejects.toThrow('away');
  });

  test('are remembered up to a bound, and it is said when they were more', async () => {
    verification.begin();
    await carried('1', '2', '3', '3', '4');
    expect(await verification.look()).toEqual({ compared: 3, different: [], isPartial: true });
    verification.begin();
    expect(await verification.look()).toEqual({ compared: 0, different: [], isPartial: false });
  });

  test('are forgotten behind a change of owners', async () => {
    verification.begin();
    await carried('1');
    verification.end();
    await carried('2');
    expect(await verification.look()).toMatchObject({ compared: 0 });
  });

  test('are not known to a process that began behind the comparison, and it says so', async () => {
    await carried('1');
    expect(await verification.look()).toEqual({ compared: 0, different: [], isPartial: true });
  });
});
