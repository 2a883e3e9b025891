import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pino from 'pino';
import { SharedObservations } from '../control/shared-observations.ts';
import type { Comparison, Difference } from '../core/compare/index.ts';
import type { ObservationStore } from '../core/observation/observation-store.ts';
import { Observations } from '../core/observation/observations.ts';
import { addUp } from '../core/observation/observations-view.ts';
import { type TestDatabase, testDatabase } from '../test-kit/test-database.ts';
import { openFileObservationStore } from './observation-store.file.ts';
import { openMemoryObservationStore } from './observation-store.memory.ts';
import { openPostgresObservationStore } from './observation-store.postgres.ts';
import { observationStoreSuite, part, sentOf } from './observation-store.suite.ts';
import { type PostgresAddress, postgresAddress } from './postgres-link.ts';

const log = pino({ level: 'silent' });

describe('observations in memory', () => {
  observationStoreSuite(async () => {
    const store = openMemoryObservationStore();
    return { store, reopen: async () => store };
  });
});

describe('observations in a file', () => {
  const path = () => join(mkdtempSync(join(tmpdir(), 'fig-test-')), 'state', 'observations.json');
  observationStoreSuite(async () => {
    const at = path();
    return { store: openFileObservationStore(at), reopen: async () => openFileObservationStore(at) };
  });

  test('that cannot be read begin anew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fig-test-'));
    for (const text of ['', '{', '{"form":99,"parts":[]}', 'null']) {
      writeFileSync(join(folder, 'x.json'), text);
      const told: string[] = [];
      const store = openFileObservationStore(join(folder, 'x.json'), (path) => void told.push(path));
      expect([await store.load(), told]).toEqual([[], [join(folder, 'x.json')]]);
    }
  });
});

describe('observations in Postgres', () => {
  let database: TestDatabase;
  let address: PostgresAddress;
  beforeAll(async () => {
    database = await testDatabase('observations');
    address = postgresAddress(database.url) as PostgresAddress;
  });
  afterAll(() => database.drop());

  observationStoreSuite(async () => {
    const open = () => openPostgresObservationStore({ address, id: 'suite' });
    return { store: open(), reopen: async () => open() };
  });

  test('are those of all replicas together', async () => {
    const shared = async (id: string, sent: number) => {
      const store = openPostgresObservationStore({ address: { ...address, schema: 'shared' }, id });
      const all = new SharedObservations({ store, own: async () => [part(sent)], log });
      await all.start();
      return all;
    };
    const [one, other] = [await shared('a:1', 3), await shared('b:2', 4)];
    await one.exchange();
    await other.exchange();
    await one.exchange();
    expect(sentOf(await one.observed())).toBe(7);
    expect(sentOf(await other.observed())).toBe(7);
    await one.stop();
    await other.stop();
  });
});

test('what was under way when an instance ended has failed when it is back, and is not counted twice', async () => {
  const kept: ObservationStore = openMemoryObservationStore();
  const before = new SharedObservations({ store: kept, own: async () => [part(5)], log });
  await before.start();
  await before.stop();
  const after = new SharedObservations({ store: kept, own: async () => [part(2)], log });
  await after.start();
  await after.exchange();
  await after.exchange();
  const { counts } = addUp(await after.observed(), { name: 'articles', hash: 'h' }, null).observations;
  expect(counts).toMatchObject({ sent: 7, failed: 6 });
  await after.stop();
});

test('observations of another build, another form and another route are left out', () => {
  const parts = [
    part(3),
    { ...part(20), build: 'b2' },
    part(200, 'other'),
    { ...part(2000), route: 'authors' },
  ];
  const sent = (build: string | null, hash = 'h', name = 'articles') =>
    addUp(parts, { name, hash }, build).observations.counts.sent;
  expect([sent(null), sent('b2'), sent(null, 'other'), sent(null, 'h', 'authors'), sent('b3')]).toEqual([
    3, 20, 200, 2000, 0,
  ]);
});

test('the first and the last time of a difference are those of all replicas, in any order', () => {
  const seenAt = (...times: number[]) => {
    const observations = new Observations(0);
    const difference: Difference = {
      path: '$.price',
      kind: 'value',
      severity: 'major',
      reasons: [],
      count: 1,
      places: [],
      more: [],
      sample: { at: '$.price', legacy: '1', candidate: '2' },
    };
    for (const atMs of times) {
      observations.fate('sent');
      const keep = () => ({ at: '$.price', legacy: '1', candidate: '2', curl: `curl ${atMs}` });
      const comparison = { outcome: 'mismatch', differences: [difference], more: 0, ignored: [] };
      observations.compared(
        {
          endpoint: 'GET /a',
          comparison: comparison as unknown as Comparison,
          repeat: null,
          dryRun: false,
          keep,
        },
        atMs,
      );
    }
    return { ...part(0), observations: observations.toJSON() };
  };
  const parts = [seenAt(300, 500), seenAt(100, 700, 900), seenAt(200, 400)];
  for (const order of [parts, [...parts].reverse()]) {
    const { fields } = addUp(order, { name: 'articles', hash: 'h' }, null).observations;
    expect(fields).toMatchObject([{ count: 7, firstMs: 100, lastMs: 900 }]);
    // The latest five.
    expect(fields[0]?.samples.map(({ atMs }) => atMs)).toEqual([300, 400, 500, 700, 900]);
  }
});

test('a store that fails keeps nobody from serving', async () => {
  const broken: ObservationStore = {
    ...openMemoryObservationStore(),
    load: () => Promise.reject(new Error('no')),
    save: () => Promise.reject(new Error('no')),
  };
  const all = new SharedObservations({ store: broken, own: async () => [part(2)], log });
  await all.start();
  await all.exchange();
  expect(sentOf(await all.observed())).toBe(2);
  await all.stop();
});
