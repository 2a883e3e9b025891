import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { MYSQL_URL, postgresDatabase } from '../testing/databases.ts';
import { type LegacyDatabase, legacyDatabases, type Writer } from '../testing/legacy-database.ts';
import { type RunningProcess, runToEnd, startProcess } from '../testing/process.ts';
import { closeConnections, rawRequest } from '../testing/raw-http.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { freelancerId } from '../translators/freelancers.ts';
import { RECONCILE_FAILPOINTS } from './failpoint.ts';

const IS_SOAK = process.env.FIG_SOAK === '1';
/** Of the kinds of databases one has so many rows, some chunks of them; the code that compares is the same. */
const MANY = 10_000;
const FEW = IS_SOAK ? MANY : 4_000;
const SERVICE_TOKEN = 'service-token-of-a-test';
const RELAY_TOKEN = 'relay-token-of-a-test';
const SET = '/v1/sets/freelancers';
/** Writes in a second, and for how long comparisons run beside them. */
const WRITES_PER_SECOND = 200;
const BUSY_MS = { many: 8_000, few: IS_SOAK ? 8_000 : 3_000 };

if (!MYSQL_URL) test.skip('the stores are compared on MySQL: FIG_TEST_MYSQL_URL names no server', () => {});

describe.each([...legacyDatabases])('the two stores of freelancers, on %s', (name, create) => {
  const hasMany = name === 'MySQL' || legacyDatabases.size === 1;
  const ROWS = hasMany ? MANY : FEW;
  const [half, last] = [ROWS / 2, ROWS - 1];
  const truncate =
    name === 'MySQL'
      ? 'SET foreign_key_checks = 0; TRUNCATE TABLE freelancers; SET foreign_key_checks = 1'
      : 'BEGIN; DELETE FROM freelancers; DELETE FROM _fig_change; COMMIT';
  const stops: (() => Promise<unknown>)[] = [];
  let database: LegacyDatabase;
  let writer: Writer;
  let candidate: pg.Client;
  let service = '';
  let stateDir = '';
  let relay: RunningProcess;

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
    const running = await startProcess('new-services/freelancers/main.ts', {
      ...{ DATABASE_URL: postgres.url, SERVICE_TOKEN },
    });
    service = running.url;
    candidate = new pg.Client({ connectionString: postgres.url });
    await candidate.connect();
    stops.push(
      running.stop,
      () => writer.close(),
      () => candidate.end(),
      async () => closeConnections(),
    );
    relay = await startRelay();
    await ask('POST', '/capture');
    await ask('POST', '/backfill');
    const copied = await waitUntil(
      async () => {
        const { json } = await ask('GET', '/backfill');
        return json.state !== 'running' && json;
      },
      'the backfill ends',
      120_000,
    );
    expect(copied).toMatchObject({ state: 'done', applied: ROWS, quarantined: 0 });
  }, 180_000);
  afterAll(async () => {
    await relay?.stop();
    for (const stop of stops.reverse()) await stop();
  }, 30_000);

  const relayEnv = () => ({
    FIG_PLAN: resolve(import.meta.dirname, '../../migration-plan'),
    LEGACY_DATABASE_URL: database.url,
    FREELANCERS_URL: service,
    SERVICE_TOKEN,
    RELAY_TOKEN,
    STATE_DIR: stateDir,
  });
  const startRelay = (env: Readonly<Record<string, string>> = {}) =>
    startProcess('acl/relay/main.ts', { ...relayEnv(), ...env });
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${RELAY_TOKEN}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await rawRequest(relay.url, { method, path: SET + path, headers, ...sent });
    return { status: answer.status, json: JSON.parse(answer.body) };
  };
  const settled = () =>
    waitUntil(
      async () => {
        const { json } = await ask('GET', '/reconcile');
        return json.state !== 'running' && json;
      },
      'the comparison ends',
      120_000,
    );
  const reconcile = async (repair = false) => {
    expect((await ask('POST', '/reconcile', { repair })).status).toBe(202);
    const status = await settled();
    expect(status).toMatchObject({ state: 'done', error: null });
    return status.result;
  };
  const told = (result: { differences: { key: string; kind: string }[] }) =>
    result.differences.map(({ key, kind }) => `${kind} ${key}`).sort();
  const clean = { missing: 0, extra: 0, changed: 0, left: 0, restless: 0, differences: [] };
  const caughtUp = () =>
    waitUntil(async () => (await ask('GET', '/capture')).json.waiting === 0, 'nothing waits');
  /** Nobody notes it, and no relay sees it. */
  const behindTheBack = async (sql: string) => {
    await caughtUp();
    await writer.execute(`BEGIN; ${sql}; DELETE FROM _fig_change; COMMIT`);
  };
  const versions = async () => {
    const { rows } = await candidate.query('SELECT src_key, version FROM _sync_row');
    return new Map(rows.map(({ src_key, version }) => [src_key, version]));
  };
  const insertLegacy = (id: number) =>
    `INSERT INTO freelancers (frl_id, frl_name, frl_match, frl_stat, rate_ct, cur, skills_csv, del_flag, created, changed)
     VALUES (${id}, 'Planted, Row', 'PLANTED, ROW', 'A', 100, 'EUR', '', 'N', '2026-01-01 00:00:00', '2026-01-01 00:00:00')`;
  const insertCandidate = (number: number) =>
    candidate.query(
      `INSERT INTO freelancer SELECT (jsonb_populate_record(f, $1::jsonb)).* FROM freelancer f WHERE number = 50`,
      [JSON.stringify({ id: freelancerId(number), number, email: null, email_key: null })],
    );

  test('are the same after a copy', async () => {
    const result = await reconcile();
    expect(result).toMatchObject({ ...clean, compared: ROWS, capture: 'installed', repair: false });
    process.stderr.write(
      `reconcile on ${name}: ${ROWS} rows in ${result.durationMs} ms, ${Math.round(ROWS / (result.durationMs / 1000))} rows/s\n`,
    );
  }, 120_000);

  test('are told apart at exactly the seven rows that somebody changed, and those alone are repaired', async () => {
    await candidate.query(`DELETE FROM freelancer WHERE number IN (11, ${half})`);
    await behindTheBack(insertLegacy(900_001));
    await insertCandidate(900_002);
    await behindTheBack(`DELETE FROM freelancers WHERE frl_id = ${last}`);
    await candidate.query(`UPDATE freelancer SET city = 'planted' WHERE number = 12`);
    await behindTheBack(`UPDATE freelancers SET rate_ct = rate_ct + 1 WHERE frl_id = ${ROWS}`);
    const seven = [
      `changed ${ROWS}`,
      'changed 12',
      'extra 900002',
      `extra ${last}`,
      'missing 11',
      `missing ${half}`,
      'missing 900001',
    ].sort();
    const found = await reconcile();
    expect(told(found)).toEqual(seven);
    expect(found).toMatchObject({ missing: 3, extra: 2, changed: 2, left: 7, repaired: 0 });
    const fieldsOf = (key: string) =>
      found.differences.find((one: { key: string }) => one.key === key).fields;
    expect(fieldsOf('12')).toEqual([{ field: 'city', legacy: expect.any(String), candidate: '"planted"' }]);
    expect(fieldsOf(`${ROWS}`).map(({ field }: { field: string }) => field)).toEqual(['hourlyRate.amount']);

    const before = await versions();
    const repaired = await reconcile(true);
    expect(told(repaired)).toEqual(seven);
    expect(repaired).toMatchObject({ repaired: 7, left: 0, repair: true });
    const after = await versions();
    const touched = [...after].filter(([key, version]) => before.get(key) !== version).map(([key]) => key);
    expect(touched.sort()).toEqual([`${ROWS}`, '11', '12', `${half}`, '900001', '900002', `${last}`].sort());
    expect(await reconcile()).toMatchObject({ ...clean, compared: ROWS });
  }, 120_000);

  test('are the same as often as they are compared while they are written to, and a true difference is found in the midst', async () => {
    let isOver = false;
    let writes = 0;
    const writing = (async () => {
      const started = performance.now();
      while (!isOver) {
        writes += 1;
        const id = 1 + ((writes * 7919) % (ROWS - 1000));
        // One row in ten writes is always the same: a comparison meets it in the middle of a write.
        const hot = `UPDATE freelancers SET city = 'hot ${writes}' WHERE frl_id = 777`;
        const cold = [
          `UPDATE freelancers SET notes = 'write ${writes}', rate_ct = ${writes} WHERE frl_id = ${id}`,
          insertLegacy(910_000 + writes),
          `DELETE FROM freelancers WHERE frl_id = ${910_000 + writes - 30}`,
        ];
        await writer.execute(writes % 10 === 0 ? hot : (cold[writes % 3] as string));
        const due = started + (writes * 1000) / WRITES_PER_SECOND;
        const early = due - performance.now();
        await new Promise((next) => setTimeout(next, Math.max(0, early)));
      }
      return writes / ((performance.now() - started) / 1000);
    })();
    const results = [];
    for (
      const until = Date.now() + BUSY_MS[hasMany ? 'many' : 'few'];
      Date.now() < until || results.length < 2;
    ) {
      const before = writes;
      const result = await reconcile();
      results.push({ ...result, written: writes - before });
    }
    await candidate.query(`UPDATE freelancer SET phone = 'planted' WHERE number = ${ROWS - 500}`);
    const planted = await reconcile();
    const repaired = await reconcile(true);
    isOver = true;
    const rate = await writing;
    process.stderr.write(
      `reconcile on ${name}: ${results.length} times beside ${Math.round(rate)} writes/s, ${results.map(({ durationMs }) => durationMs).join(', ')} ms\n`,
    );
    expect(results.length).toBeGreaterThan(1);
    for (const { written, ...result } of results) {
      expect(result).toMatchObject(clean);
      expect(written).toBeGreaterThan(50);
    }
    expect(told(planted)).toEqual([`changed ${ROWS - 500}`]);
    expect(repaired).toMatchObject({ changed: 1, repaired: 1, left: 0, restless: 0 });
    expect(told(repaired)).toEqual([`changed ${ROWS - 500}`]);
  }, 300_000);

  test('rows in quarantine are named as that, with the reason, and are no differences', async () => {
    await writer.execute("UPDATE freelancers SET frl_stat = 'X' WHERE frl_id = 31");
    await behindTheBack("UPDATE freelancers SET frl_stat = 'Y' WHERE frl_id = 32");
    const result = await reconcile(true);
    expect(result).toMatchObject({ ...clean, quarantined: 2 });
    expect(result.quarantine).toEqual([
      { key: '31', reason: expect.stringContaining("got 'X'") },
      { key: '32', reason: expect.stringContaining("got 'Y'") },
    ]);
    await writer.execute("UPDATE freelancers SET frl_stat = 'A' WHERE frl_id IN (31, 32)");
    expect(await reconcile()).toMatchObject({ ...clean, quarantined: 0 });
  }, 120_000);

  // Each goes over all rows again: FIG_SOAK=1 is for all of them.
  test.each(IS_SOAK ? RECONCILE_FAILPOINTS : RECONCILE_FAILPOINTS.slice(1, 2))(
    'killed at %s, the relay says so, keeps the result before, and compares anew',
    async (failpoint) => {
      await candidate.query(`UPDATE freelancer SET city = 'planted' WHERE number = 21`);
      const before = (await ask('GET', '/reconcile')).json.result;
      await relay.stop();
      relay = await startRelay({ FIG_FAILPOINT: failpoint });
      expect((await ask('GET', '/reconcile')).json).toMatchObject({ state: 'done', result: before });
      const died = once(relay.child, 'exit');
      await ask('POST', '/reconcile', { repair: true }).catch(() => {});
      expect(await died).toEqual([null, 'SIGKILL']);
      relay = await startRelay();
      const { json } = await ask('GET', '/reconcile');
      expect(json).toMatchObject({ state: 'stopped', interrupted: true, result: before });
      expect(json.error).toMatch(/^the relay stopped in mid-run; the next comparison starts anew$/);
      expect(await reconcile(true)).toMatchObject({ left: 0 });
    },
    120_000,
  );

  test('one comparison runs at a time, and stops when it is told to', async () => {
    expect((await ask('POST', '/reconcile')).status).toBe(202);
    const second = await ask('POST', '/reconcile', { repair: true });
    expect(second).toMatchObject({
      status: 409,
      json: { code: 'RELAY_RECONCILE_RUNNING', reconcile: { state: 'running', repair: false } },
    });
    const stopped = await ask('DELETE', '/reconcile');
    expect(stopped).toMatchObject({
      status: 200,
      json: { state: 'stopped', interrupted: false, error: null },
    });
    expect(stopped.json.result).not.toBeNull();
    expect(await ask('POST', '/reconcile', { repair: 'yes' })).toMatchObject({
      status: 400,
      json: { code: 'RELAY_RECONCILE_BODY', detail: expect.stringMatching(/^body: expected .*repair/) },
    });
    expect(await reconcile()).toMatchObject(clean);
  }, 120_000);

  test('a table that was emptied unseen is found', async () => {
    const before = (await reconcile()).compared;
    await writer.execute(truncate);
    const result = await reconcile();
    expect(result).toMatchObject({ compared: 0, extra: before, left: before, missing: 0, changed: 0 });
    expect(result.differences).toHaveLength(100);
    expect(await reconcile(true)).toMatchObject({ extra: before, repaired: before, left: 0 });
    expect((await candidate.query('SELECT count(*)::int AS n FROM freelancer')).rows).toEqual([{ n: 0 }]);
  }, 300_000);
});
