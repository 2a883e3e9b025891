import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MYSQL_URL, postgresDatabase } from '../testing/databases.ts';
import { type LegacyDatabase, legacyDatabases, sharedOut, type Writer } from '../testing/legacy-database.ts';
import { type RunningProcess, runToEnd, startProcess } from '../testing/process.ts';
import { closeConnections, rawRequest } from '../testing/raw-http.ts';
import { exportedRows } from '../testing/sync-export.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { rowToNew } from '../translators/freelancers.ts';
import { TAIL_FAILPOINTS } from './failpoint.ts';
import type { LegacyStore } from './source/legacy-store.ts';
import { openLegacyStore } from './source/open-legacy-store.ts';

const ROWS = 300;
const SERVICE_TOKEN = 'service-token-of-a-test';
const RELAY_TOKEN = 'relay-token-of-a-test';
const SET = '/v1/sets/freelancers';

if (!MYSQL_URL) test.skip('what is written follows on MySQL: FIG_TEST_MYSQL_URL names no server', () => {});

describe.each([...legacyDatabases])('what is written to the monolith on %s follows', (kind, create) => {
  const stops: (() => Promise<unknown>)[] = [];
  let database: LegacyDatabase;
  let writer: Writer;
  let store: LegacyStore;
  let service = '';
  let stateDir = '';
  let round = 0;

  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'fig-test-'));
    database = await create();
    const postgres = await postgresDatabase();
    stops.push(() => rm(stateDir, { recursive: true }), database.drop, postgres.drop);
    const sizes = ['--customers', '0', '--projects', '0', '--timesheets', '0'];
    const seeded = await runToEnd('legacy-monolith/seed.ts', [
      ...['--database', database.url, '--freelancers', String(ROWS), ...sizes],
    ]);
    expect(seeded).toMatchObject({ code: 0 });
    writer = await database.writer();
    store = await openLegacyStore(database.url);
    const running = await startProcess('new-services/freelancers/main.ts', {
      DATABASE_URL: postgres.url,
      SERVICE_TOKEN,
    });
    service = running.url;
    stops.push(
      running.stop,
      () => writer.close(),
      () => store.close(),
      async () => closeConnections(),
    );
  }, 60_000);
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  }, 30_000);

  const startRelay = (env: Readonly<Record<string, string>> = {}) =>
    startProcess('acl/relay/main.ts', {
      FIG_PLAN: resolve(import.meta.dirname, '../../migration-plan'),
      LEGACY_DATABASE_URL: database.url,
      FREELANCERS_URL: service,
      SERVICE_TOKEN,
      RELAY_TOKEN,
      STATE_DIR: stateDir,
      ...env,
    });
  const ask = async (relay: RunningProcess, method: string, path: string) => {
    const headers = { authorization: `Bearer ${RELAY_TOKEN}` };
    const answer = await rawRequest(relay.url, { method, path: SET + path, headers });
    return { status: answer.status, json: JSON.parse(answer.body) };
  };
  const caughtUp = (relay: RunningProcess) =>
    waitUntil(async () => {
      const { json } = await ask(relay, 'GET', '/capture');
      return json.waiting === 0 && json.lagMs === 0 && json;
    }, 'nothing waits any more');

  const copied = async (relay: RunningProcess) => {
    await ask(relay, 'POST', '/backfill');
    await waitUntil(
      async () => (await ask(relay, 'GET', '/backfill')).json.state === 'done',
      'the backfill ends',
    );
  };
  const aTrigger = async (part: string) => {
    const isSqlite = database.url.startsWith('sqlite:');
    const [row] = await writer.read(
      isSqlite
        ? `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '%${part}%'`
        : `SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND trigger_name LIKE '%${part}%'`,
    );
    return String(row?.name);
  };

  const candidateRows = () => exportedRows(service, 'freelancers', SERVICE_TOKEN);
  const legacyRows = async () => {
    const rows = new Map<string, unknown>();
    for (const { key, columns } of await store.readRowsAfter('freelancers', 'frl_id', null, 10_000)) {
      const translated = rowToNew(columns);
      if (translated.ok) rows.set(key, translated.value);
    }
    return rows;
  };
  const expectEqualSides = async () => expect(await candidateRows()).toEqual(await legacyRows());
  /** Changes rows, removes some, adds one, and writes one row several times. */
  const change = async () => {
    round += 1;
    const born = `INSERT INTO freelancers (frl_name, frl_match, frl_stat, rate_ct, cur, skills_csv, del_flag, created, changed)
      VALUES ('Born, In ${round}', 'BORN, IN ${round}', 'A', 100, 'EUR', '', 'N', '2026-01-01 00:00:00', '2026-01-01 00:00:00')`;
    for (const sql of [
      `UPDATE freelancers SET city = 'Round ${round}', rate_ct = rate_ct + 1 WHERE frl_id % 11 = ${round % 11}`,
      `DELETE FROM freelancers WHERE frl_id = ${round + 20}`,
      born,
      `UPDATE freelancers SET notes = 'twice ${round}' WHERE frl_id = 5`,
      `UPDATE freelancers SET notes = 'thrice ${round}' WHERE frl_id = 5`,
    ])
      await writer.execute(sql);
  };

  test('from the installation on, with a backfill beside it', async () => {
    const relay = await startRelay();
    expect((await ask(relay, 'GET', '/capture')).json).toMatchObject({
      ...{ capture: 'absent', running: false, waiting: null, lagMs: null },
    });
    expect(await ask(relay, 'POST', '/capture')).toMatchObject({
      status: 200,
      json: {
        capture: 'installed',
        running: true,
        waiting: 0,
        lagMs: null,
        doubt: expect.stringContaining('nothing was copied'),
      },
    });
    expect((await ask(relay, 'POST', '/backfill')).status).toBe(202);
    for (let n = 0; n < 5; n++) await change();
    await waitUntil(
      async () => (await ask(relay, 'GET', '/backfill')).json.state === 'done',
      'the backfill ends',
    );
    for (let n = 0; n < 5; n++) await change();
    expect(await caughtUp(relay)).toMatchObject({ error: null });
    await expectEqualSides();
    expect(await relay.stop()).toBe(0);
  }, 60_000);

  test('and its position says when a write is there, over HTTP', async () => {
    const relay = await startRelay();
    await caughtUp(relay);
    const quiet = await waitUntil(async () => {
      const { status, json } = await ask(relay, 'GET', '/position');
      // A look at the queue may be under way at any moment.
      return json.carriedMs !== null && { status, json };
    }, 'nothing is under way');
    expect(quiet).toEqual({
      status: 200,
      json: {
        ...{ set: 'freelancers', head: null, lagMs: 0, owner: 'legacy', epoch: 0 },
        carriedMs: expect.any(Number),
      },
    });
    for (let n = 0; n < 20; n++) {
      await writer.execute(`UPDATE freelancers SET city = 'At ${n}' WHERE frl_id = 3`);
      const { head } = (await ask(relay, 'GET', '/position')).json;
      if (head !== null)
        await waitUntil(
          async () => (await ask(relay, 'GET', `/covers?position=${head}`)).json.covered,
          'the position is covered',
        );
      expect((await candidateRows()).get('3')).toMatchObject({ city: `At ${n}` });
    }
    for (const query of ['', '?position=', '?position=1x', `?position=${'9'.repeat(30)}`])
      expect(await ask(relay, 'GET', `/covers${query}`)).toMatchObject({
        status: 400,
        json: { code: 'RELAY_POSITION_INVALID' },
      });
    await relay.stop();
  }, 30_000);

  test('also what was written while no relay ran', async () => {
    await change();
    const relay = await startRelay();
    await caughtUp(relay);
    await expectEqualSides();
    await relay.stop();
  }, 30_000);

  test.each(sharedOut(kind, TAIL_FAILPOINTS))(
    'after a kill at %s, with nothing lost and nothing that comes back',
    async (failpoint) => {
      const doomed = await startRelay({ FIG_FAILPOINT: failpoint });
      await change();
      await waitUntil(async () => doomed.child.signalCode === 'SIGKILL', 'the relay is killed');
      // The row that may have been carried over already is written once more, and one is gone.
      await change();
      const relay = await startRelay();
      await caughtUp(relay);
      await expectEqualSides();
      await relay.stop();
    },
    30_000,
  );

  test('a row that cannot be carried over waits in quarantine, holds up nothing, and comes when it can', async () => {
    const relay = await startRelay();
    await writer.execute("UPDATE freelancers SET frl_stat = 'X' WHERE frl_id = 7");
    await change();
    await caughtUp(relay);
    const { json } = await ask(relay, 'GET', '/quarantine');
    expect(json.rows).toContainEqual(
      expect.objectContaining({ key: '7', reason: expect.stringMatching(/frl_stat/) }),
    );
    await writer.execute("UPDATE freelancers SET frl_stat = 'A' WHERE frl_id = 7");
    await caughtUp(relay);
    expect(
      (await ask(relay, 'GET', '/quarantine')).json.rows.map(({ key }: { key: string }) => key),
    ).not.toContain('7');
    await expectEqualSides();
    await relay.stop();
  }, 30_000);

  test('columns that change are told, and what they would spoil is not carried over', async () => {
    const relay = await startRelay();
    await caughtUp(relay);
    const status = async () => (await ask(relay, 'GET', '/capture')).json;
    await writer.execute('ALTER TABLE freelancers ADD COLUMN rating INTEGER NULL');
    // Takes nothing from what the translator reads.
    expect(await status()).toMatchObject({
      doubt: null,
      lagMs: 0,
      drift: [expect.stringMatching(/^freelancers\.rating was added \(int/)],
    });
    await writer.execute('ALTER TABLE freelancers RENAME COLUMN city TO town');
    await writer.execute("UPDATE freelancers SET town = 'Elsewhere' WHERE frl_id = 12");
    const before = await candidateRows();
    await waitUntil(async () => (await status()).error !== null, 'the batch fails');
    expect(await status()).toMatchObject({
      ...{ capture: 'installed', lagMs: null, waiting: 1 },
      doubt: expect.stringMatching(/freelancers\.city is gone \(renamed to town\?\)/),
      error: expect.stringContaining('freelancers.city is gone'),
    });
    expect((await ask(relay, 'GET', '/position')).json).toMatchObject({ lagMs: null });
    expect(await candidateRows()).toEqual(before);
    await relay.stop();
    // Also by a relay that starts with it.
    const next = await startRelay();
    await waitUntil(async () => (await ask(next, 'GET', '/capture')).json.error !== null, 'the batch fails');
    expect(await candidateRows()).toEqual(before);
    await writer.execute('ALTER TABLE freelancers RENAME COLUMN town TO city');
    await caughtUp(next);
    await expectEqualSides();
    await ask(next, 'POST', '/capture');
    expect((await ask(next, 'GET', '/capture')).json).toMatchObject({ drift: [], doubt: null, lagMs: 0 });
    await next.stop();
  }, 60_000);

  test('triggers that are gone are told: the lag is unknown then, and an installation makes it whole', async () => {
    const relay = await startRelay();
    expect((await ask(relay, 'GET', '/capture')).json).toMatchObject({ missing: [] });
    const name = await aTrigger('update_freelancers');
    await writer.execute(`DROP TRIGGER ${name}`);
    expect((await ask(relay, 'GET', '/capture')).json).toMatchObject({
      capture: 'broken',
      missing: [name],
      lagMs: null,
    });
    await writer.execute("UPDATE freelancers SET city = 'unseen' WHERE frl_id = 9");
    // Nothing waits, and yet a row is not what it is in legacy: that is not to be taken for a lag of nothing.
    expect((await ask(relay, 'POST', '/capture')).json).toMatchObject({
      ...{ capture: 'installed', waiting: 0, lagMs: null },
      doubt: expect.stringContaining(`gone: ${name}`),
    });
    expect((await ask(relay, 'GET', '/position')).json).toMatchObject({ lagMs: null });
    await copied(relay);
    expect(await caughtUp(relay)).toMatchObject({ doubt: null });
    await expectEqualSides();
    expect((await ask(relay, 'DELETE', '/capture')).json).toMatchObject({
      capture: 'absent',
      running: false,
    });
    await change();
    expect((await ask(relay, 'GET', '/capture')).json).toMatchObject({ waiting: null, lagMs: null });
    await relay.stop();
  }, 60_000);
});
