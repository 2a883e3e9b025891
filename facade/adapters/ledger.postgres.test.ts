import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Ledger, LedgerEntry } from '../core/ledger.ts';
import { chainFault, LedgerChain } from '../core/ledger-chain.ts';
import { draftOf } from '../test-kit/draft-of.ts';
import { type TcpGate, tcpGate } from '../test-kit/tcp-gate.ts';
import { type TestDatabase, testDatabase } from '../test-kit/test-database.ts';
import { until } from '../test-kit/until.ts';
import { openPostgresLedger, type PostgresLedgerOptions } from './ledger.postgres.ts';
import { ledgerSuite } from './ledger.suite.ts';
import { type PostgresAddress, postgresAddress } from './postgres-link.ts';

const ALL = { after: 0, limit: 100_000 };
/** What a replica may take until it knows what another one appended. */
const CONVERGED_MS = 1_000;

let database: TestDatabase;
let gate: TcpGate;
let schemas = 0;
let schema = '';
const ledgers: Ledger[] = [];
beforeAll(async () => {
  database = await testDatabase('ledger');
  gate = await tcpGate(database.url);
});
afterEach(async () => {
  gate.open();
  for (const ledger of ledgers.splice(0)) await ledger.close();
  schema = '';
});
afterAll(async () => {
  await gate.close();
  await database.drop();
});

function addressOf(url: string): PostgresAddress {
  schema ||= `s${++schemas}`;
  const address = postgresAddress(`${url}?schema=${schema}`);
  if (!address) throw new Error('no address');
  return address;
}

/** A replica's ledger in the schema of the running test. */
async function open(url = database.url, options: Partial<PostgresLedgerOptions> = {}): Promise<Ledger> {
  const ledger = await openPostgresLedger({ address: addressOf(url), ...options });
  ledgers.push(ledger);
  return ledger;
}

async function expectWhole(ledger: Ledger, count: number): Promise<LedgerEntry[]> {
  const entries = await ledger.read(ALL);
  expect(entries).toHaveLength(count);
  let last: LedgerEntry | undefined;
  for (const entry of entries) {
    expect(chainFault(entry, last)).toBeNull();
    last = entry;
  }
  return entries;
}

ledgerSuite('postgres', () => {
  schema = '';
  return openPostgresLedger({ address: addressOf(database.url) });
});

describe('a Postgres ledger of several replicas', () => {
  test('is made once by replicas that start together', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => open()));
    expect(all.map((ledger) => ledger.fault())).toEqual(Array(12).fill(null));
    expect(await all[11]?.append([draftOf('articles', 1)])).toMatchObject({ ok: true });
  });

  test('lets exactly one of many replicas win a version, tells the others which it is, and keeps one chain', async () => {
    const replicas = await Promise.all(Array.from({ length: 5 }, () => open()));
    for (let version = 1; version <= 20; version++) {
      const outcomes = await Promise.all(
        replicas.flatMap((ledger, i) => [
          ledger.append([draftOf('articles', version, { reason: `${i}` })]),
          ledger.append([draftOf(`own-${i}`, version)]),
        ]),
      );
      expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1 + replicas.length);
      for (const outcome of outcomes)
        if (!outcome.ok) expect(outcome).toEqual({ ok: false, route: 'articles', version });
    }
    const late = await open();
    const entries = await expectWhole(late, 20 * 6);
    for (const replica of replicas) {
      await replica.refresh();
      expect(await replica.read(ALL)).toEqual(entries);
    }
  });

  test('tells every replica of an entry within a second, in order and once', async () => {
    const [a, b] = [await open(), await open()];
    const told: number[] = [];
    b.onChange((entries) => void told.push(...entries.map(({ seq }) => seq)));
    for (let version = 1; version <= 10; version++) await a.append([draftOf('articles', version)]);
    await until('the entries at the other replica', () => told.length === 10, CONVERGED_MS);
    await b.append([draftOf('articles', 11)]);
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('tells also when the notification is lost', async () => {
    const a = await open();
    const outcome = new LedgerChain().seal([draftOf('articles', 1)]);
    if (!outcome.ok) throw new Error('not sealed');
    await database.query(`INSERT INTO ${schema}.ledger VALUES (1, $1)`, [JSON.stringify(outcome.entries[0])]);
    await until('the entry', async () => (await a.read(ALL)).length === 1, CONVERGED_MS);
  });

  test('tells also when the connection was cut, and appends over a new one', async () => {
    const [a, b] = [await open(), await open()];
    await a.append([draftOf('articles', 1)]);
    for (let version = 2; version <= 6; version++) {
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fig ledger' AND datname = current_database()`,
      );
      await until('an append', () =>
        a.append([draftOf('articles', version)]).then(
          (outcome) => outcome.ok,
          () => false,
        ),
      );
      await until(
        'the entry at the other replica',
        async () => (await b.read(ALL)).length === version,
        CONVERGED_MS,
      );
    }
    await expectWhole(b, 6);
    expect(b.fault()).toBeNull();
  });
});

describe('a Postgres ledger whose database goes away', () => {
  test.each<['shut' | 'stall']>([['shut'], ['stall']])(
    'keeps what it read and says so, refuses to append, and goes on by itself (%s)',
    async (how) => {
      const far = await open(gate.url);
      const near = await open();
      await far.append([draftOf('articles', 1)]);
      const faults: (string | null)[] = [];
      far.onChange(() => faults.push(far.fault()?.detail ?? null));
      gate[how]();
      await until('the fault', () => far.fault()?.away);
      expect(await far.read(ALL)).toHaveLength(1);
      await expect(far.append([draftOf('articles', 2)])).rejects.toMatchObject({
        code: 'LEDGER_UNREACHABLE',
        message: expect.stringMatching(/does not serve it: .*Start it, or correct --ledger/),
      });
      await near.append([draftOf('articles', 2)]);
      gate.open();
      await until('the ledger to be back', async () => (await far.read(ALL)).length === 2);
      expect(far.fault()).toBeNull();
      expect(await far.append([draftOf('articles', 3)])).toMatchObject({ ok: true });
      expect(faults.at(0)).not.toBeNull();
      expect(faults.at(-1)).toBeNull();
      await expectWhole(far, 3);
    },
    30_000,
  );

  test('and was never reached starts all the same, knows nothing, and reads everything later', async () => {
    await (await open()).append([draftOf('articles', 1)]);
    gate.shut();
    const ledger = await open(gate.url);
    expect(ledger.fault()).toMatchObject({ away: true, place: expect.stringMatching(/^postgres:\/\/127/) });
    gate.open();
    await until('the entry', async () => (await ledger.read(ALL)).length === 1);
    expect(ledger.fault()).toBeNull();
  });

  test('while an append is under way: it is recorded once, or not at all, and the answer says which', async () => {
    const far = await open(gate.url);
    const near = await open();
    let acknowledged = 0;
    for (let round = 1; round <= 15; round++) {
      const version = (await near.read(ALL)).length + 1;
      const done = far.append([draftOf('articles', version)]).then(
        (outcome) => outcome.ok,
        () => null,
      );
      const cut = setTimeout(() => gate.shut(), round % 8);
      const ok = await done;
      clearTimeout(cut);
      gate.open();
      await until('the replica to be back', async () => {
        await far.refresh();
        return far.fault() === null;
      });
      await near.refresh();
      const count = (await near.read(ALL)).length;
      if (ok) expect(count).toBe(version);
      if (ok) acknowledged++;
    }
    expect(acknowledged).toBeLessThanOrEqual((await near.read(ALL)).length);
    await expectWhole(far, (await near.read(ALL)).length);
  }, 60_000);

  test.each<[string, (url: URL) => void]>([
    ['a wrong password', (url) => void Object.assign(url, { password: 'hunter2' })],
    ['a closed port', (url) => void Object.assign(url, { password: 'hunter2', port: '1' })],
    ['an unknown host', (url) => void Object.assign(url, { password: 'hunter2', hostname: 'no.invalid' })],
    [
      'a password among the options',
      (url) => void Object.assign(url, { password: '', search: '?password=hunter2' }),
    ],
  ])('never shows the password of its URL: %s', async (_what, change) => {
    const url = new URL(database.url);
    change(url);
    const address = postgresAddress(url.href);
    const ledger = await openPostgresLedger({ address: address as PostgresAddress });
    ledgers.push(ledger);
    const error = await ledger.append([draftOf('articles', 1)]).catch((caught: Error) => caught);
    expect(JSON.stringify([ledger.name, ledger.fault(), String(error)])).not.toContain('hunter2');
    expect(String(error)).toContain('does not serve it');
  });
});

describe('a Postgres ledger that somebody else changed', () => {
  const three = async (options: Partial<PostgresLedgerOptions> = {}) => {
    const ledger = await open(database.url, options);
    for (let version = 1; version <= 3; version++) await ledger.append([draftOf('articles', version)]);
    return ledger;
  };

  test.each<[string, string, number]>([
    ['a changed reason', `SET entry = replace(entry, 'step 2', 'step 9') WHERE seq = 2`, 2],
    ['a changed first entry', `SET entry = replace(entry, 'admin', 'nobody') WHERE seq = 1`, 1],
    ['a line that is no entry', `SET entry = 'garbage' WHERE seq = 2`, 2],
  ])(
    '%s: names the entry, while it runs and at its start, and writes nothing more',
    async (_what, set, seq) => {
      const ledger = await three({ proofMs: 0 });
      await database.query(`UPDATE ${schema}.ledger ${set}`);
      await until('the fault', () => ledger.fault());
      expect(ledger.fault()).toMatchObject({ place: expect.stringMatching(new RegExp(`entry ${seq}$`)) });
      expect(ledger.fault()?.away).toBeUndefined();
      await expect(ledger.append([draftOf('articles', 4)])).rejects.toMatchObject({ code: 'LEDGER_CORRUPT' });
      const late = await open();
      expect(late.fault()).toMatchObject({ place: expect.stringMatching(new RegExp(`entry ${seq}$`)) });
      expect(await late.read(ALL)).toHaveLength(seq - 1);
      await expect(late.append([draftOf('articles', seq)])).rejects.toMatchObject({ code: 'LEDGER_CORRUPT' });
      expect(await database.query(`SELECT count(*)::int AS n FROM ${schema}.ledger`)).toEqual([{ n: 3 }]);
    },
  );

  test.each<[string, string, Partial<PostgresLedgerOptions>]>([
    ['its tail cut off', 'DELETE FROM SCHEMA.ledger WHERE seq = 3', {}],
    ['a gap', 'DELETE FROM SCHEMA.ledger WHERE seq = 2', { proofMs: 0 }],
    ['everything deleted', 'TRUNCATE SCHEMA.ledger', {}],
    ['the table dropped', 'DROP TABLE SCHEMA.ledger', {}],
  ])(
    '%s: the replica that had read it says so, keeps what it read, and makes nothing anew',
    async (_what, statement, options) => {
      const ledger = await three(options);
      await database.query(statement.replace('SCHEMA', schema));
      await until('the fault', () => ledger.fault());
      expect(ledger.fault()?.away).toBeUndefined();
      expect(await ledger.read(ALL)).toHaveLength(3);
      await expect(ledger.append([draftOf('articles', 4)])).rejects.toMatchObject({ code: 'LEDGER_CORRUPT' });
    },
  );
});
