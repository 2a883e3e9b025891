import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { postgresDatabase, sqliteDatabase, type TestDatabase } from '../testing/databases.ts';
import { type RunningProcess, runToEnd, startProcess } from '../testing/process.ts';
import { closeConnections, type RawAnswer, rawRequest } from '../testing/raw-http.ts';
import { exportedRows } from '../testing/sync-export.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { rowToNew } from '../translators/freelancers.ts';
import { BACKFILL_FAILPOINTS } from './failpoint.ts';

const ROWS = 1200;
const SERVICE_TOKEN = 'service-token-of-a-test';
const RELAY_TOKEN = 'relay-token-of-a-test';
const BACKFILL = '/v1/sets/freelancers/backfill';

describe('the relay between a real monolith database and a real service', () => {
  const stops: (() => Promise<unknown>)[] = [];
  let legacy: DatabaseSync;
  let database: TestDatabase;
  let service = '';
  let stateDir = '';

  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'fig-test-'));
    database = await sqliteDatabase();
    const postgres = await postgresDatabase();
    stops.push(() => rm(stateDir, { recursive: true }), database.drop, postgres.drop);
    const sizes = ['--customers', '0', '--projects', '0', '--timesheets', '0'];
    const seeded = await runToEnd('legacy-monolith/seed.ts', [
      ...['--database', database.url, '--freelancers', String(ROWS), ...sizes],
    ]);
    expect(seeded).toMatchObject({ code: 0 });
    legacy = new DatabaseSync(database.url.slice('sqlite:'.length), { timeout: 5000 });
    const running = await startProcess('new-services/freelancers/main.ts', {
      DATABASE_URL: postgres.url,
      SERVICE_TOKEN,
    });
    service = running.url;
    stops.push(
      running.stop,
      async () => legacy.close(),
      async () => closeConnections(),
    );
  }, 60_000);
  afterAll(async () => {
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
  const ask = async (relay: RunningProcess, method: string, path: string, token = RELAY_TOKEN) => {
    const answer = await rawRequest(relay.url, {
      method,
      path,
      headers: { authorization: `Bearer ${token}` },
    });
    return { ...answer, json: JSON.parse(answer.body) };
  };
  const runToDone = async (relay: RunningProcess) => {
    expect(await ask(relay, 'POST', BACKFILL)).toMatchObject({ status: 202, json: { state: 'running' } });
    return waitUntil(async () => {
      const { json } = await ask(relay, 'GET', BACKFILL);
      return json.state !== 'running' && json;
    }, 'the backfill ends');
  };

  const candidateRows = () => exportedRows(service, 'freelancers', SERVICE_TOKEN);
  /** Every legacy row that can be translated. */
  const legacyRows = () => {
    const rows = new Map<string, unknown>();
    for (const row of legacy.prepare('SELECT * FROM freelancers ORDER BY frl_id').all()) {
      const translated = rowToNew({ ...row });
      if (translated.ok) rows.set(String(row.frl_id), translated.value);
    }
    return rows;
  };
  const expectEqualSides = async () => {
    const [candidate, expected] = [await candidateRows(), legacyRows()];
    expect([...candidate.keys()]).toEqual([...expected.keys()]);
    expect(candidate).toEqual(expected);
  };
  const changeLegacy = (round: number) => {
    legacy.exec(`
      UPDATE freelancers SET city = 'Round ${round}', rate_ct = rate_ct + 1 WHERE frl_id % 7 = ${round % 7};
      DELETE FROM freelancers WHERE frl_id = (SELECT max(frl_id) FROM freelancers);
      DELETE FROM freelancers WHERE frl_id = ${round + 20};
      INSERT INTO freelancers (frl_name, frl_match, created, changed)
        VALUES ('Born, In ${round}', 'BORN, IN ${round}', '2026-01-01 00:00:00', '2026-01-01 00:00:00');`);
  };

  test('copies every row exactly', async () => {
    const relay = await startRelay();
    expect(await runToDone(relay)).toMatchObject({
      state: 'done',
      rowsTotal: ROWS,
      rowsRead: ROWS,
      applied: ROWS,
      quarantined: 0,
      checkpoint: null,
      error: null,
    });
    expect(await relay.stop()).toBe(0);
    await expectEqualSides();
  }, 30_000);

  test('follows changes and deletions with a second pass', async () => {
    changeLegacy(0);
    const relay = await startRelay();
    expect(await runToDone(relay)).toMatchObject({ state: 'done', removed: 2, rowsRead: ROWS - 1 });
    await relay.stop();
    await expectEqualSides();
  }, 30_000);

  test.each([...BACKFILL_FAILPOINTS, 'after-apply:2', 'after-checkpoint:2'])(
    'killed at %s, it goes on and both sides are equal',
    async (failpoint) => {
      changeLegacy([...BACKFILL_FAILPOINTS, 'after-apply:2', 'after-checkpoint:2'].indexOf(failpoint) + 1);
      const doomed = await startRelay({ FIG_FAILPOINT: failpoint });
      const died = once(doomed.child, 'exit');
      await ask(doomed, 'POST', BACKFILL).catch(() => {});
      expect(await died).toEqual([null, 'SIGKILL']);
      const relay = await startRelay();
      expect((await ask(relay, 'GET', BACKFILL)).json).toMatchObject({
        state: 'paused',
        error: expect.stringContaining('mid-run'),
        interrupted: true,
      });
      expect(await runToDone(relay)).toMatchObject({ state: 'done', error: null });
      await relay.stop();
      await expectEqualSides();
    },
    30_000,
  );

  test('killed from outside in mid-run, it goes on and both sides are equal', async () => {
    changeLegacy(20);
    const doomed = await startRelay();
    const died = once(doomed.child, 'exit');
    await ask(doomed, 'POST', BACKFILL);
    await waitUntil(async () => (await ask(doomed, 'GET', BACKFILL)).json.rowsRead > 0, 'the first batch');
    doomed.child.kill('SIGKILL');
    await died;
    const relay = await startRelay();
    expect(await runToDone(relay)).toMatchObject({ state: 'done' });
    await relay.stop();
    await expectEqualSides();
  }, 30_000);

  test('killed and started again in mid-run, it is gone on with by the `fig backfill` that watches it', async () => {
    changeLegacy(21);
    const doomed = await startRelay({ FIG_FAILPOINT: 'after-checkpoint:2' });
    const died = once(doomed.child, 'exit');
    const watching = runToEnd('migration-plan/cli/run.ts', ['backfill', 'freelancers', '--json'], {
      RELAY_URL: doomed.url,
      RELAY_TOKEN,
    });
    expect(await died).toEqual([null, 'SIGKILL']);
    const relay = await startRelay({ PORT: new URL(doomed.url).port });
    const { code, stdout, stderr } = await watching;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ state: 'done', rowsRead: legacyRows().size });
    await relay.stop();
    await expectEqualSides();
  }, 60_000);

  test('stopped in mid-run, it pauses and exits 0', async () => {
    const relay = await startRelay();
    await ask(relay, 'POST', BACKFILL);
    expect(await relay.stop()).toBe(0);
    const next = await startRelay();
    const { state, interrupted } = (await ask(next, 'GET', BACKFILL)).json;
    expect([state, interrupted]).toEqual(state === 'done' ? ['done', false] : ['paused', true]);
    expect(await runToDone(next)).toMatchObject({ state: 'done' });
    await next.stop();
  }, 30_000);

  test('carries e-mails that moved between rows far apart, round in a ring, or from a deleted row, in one pass', async () => {
    const ids = legacy
      .prepare('SELECT frl_id FROM freelancers WHERE frl_email IS NOT NULL ORDER BY frl_id')
      .all()
      .map((row) => Number(row.frl_id));
    const [first, last, third, gone] = [ids[0]!, ids.at(-1)!, ids[300]!, ids[200]!];
    const email = (id: number) =>
      String(legacy.prepare('SELECT frl_email FROM freelancers WHERE frl_id = ?').get(id)?.frl_email);
    const [a, b, c, d] = [first, last, third, gone].map(email);
    const set = legacy.prepare('UPDATE freelancers SET frl_email = ? WHERE frl_id = ?');
    for (const id of [first, last, third]) set.run(null, id);
    legacy.exec(`DELETE FROM freelancers WHERE frl_id = ${gone}`);
    set.run(b!, first);
    set.run(c!, last);
    set.run(a!, third);
    set.run(d!, ids[1]!);
    const relay = await startRelay();
    expect(await runToDone(relay)).toMatchObject({ state: 'done', removed: 1, quarantined: 0 });
    await relay.stop();
    await expectEqualSides();
  }, 30_000);

  test('sets untranslatable rows aside with their reasons, canonicalises awkward ones', async () => {
    legacy.exec(`
      INSERT INTO freelancers (frl_id, frl_name, frl_stat, avail_from, skills_csv, city, created, changed) VALUES
        (5001, 'Odd, Stat', 'X', NULL, '', NULL, '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
        (5002, 'Odd, Date', 'A', '2026-02-31', '', NULL, '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
        (5003, 'Zero, Date', 'A', '0000-00-00', 'java,,sql', '', '2026-01-01 00:00:00', '2026-01-01 00:00:00')`);
    const relay = await startRelay();
    expect(await runToDone(relay)).toMatchObject({ state: 'done', quarantined: 2 });
    const { json } = await ask(relay, 'GET', '/v1/sets/freelancers/quarantine');
    expect(json.rows).toEqual([
      {
        key: '5001',
        reason: expect.stringContaining("frl_stat: expected one of A, I, B, got 'X'"),
        since: expect.any(String),
        refusedBy: 'service',
      },
      {
        key: '5002',
        reason: expect.stringContaining('avail_from'),
        since: expect.any(String),
        refusedBy: 'service',
      },
    ]);
    expect((await candidateRows()).get('5003')).toMatchObject({
      availableFrom: null,
      skills: ['java', 'sql'],
      city: null,
    });
    await expectEqualSides();
    legacy.exec(
      "UPDATE freelancers SET frl_stat = 'I' WHERE frl_id = 5001; DELETE FROM freelancers WHERE frl_id = 5002",
    );
    expect(await runToDone(relay)).toMatchObject({ state: 'done', quarantined: 0 });
    await expectEqualSides();
    await relay.stop();
  }, 30_000);

  describe('its interface', () => {
    let relay: RunningProcess;
    beforeAll(async () => {
      relay = await startRelay();
    });
    afterAll(() => relay?.stop());

    const problemOf = ({ status, headers, json }: RawAnswer & { json: Record<string, unknown> }) => ({
      status,
      type: headers['content-type'],
      code: json.code,
    });
    const type = 'application/problem+json; charset=utf-8';

    test('asks for the token on every path of /v1', async () => {
      for (const token of ['', 'x', `${RELAY_TOKEN}x`, RELAY_TOKEN.slice(1)])
        for (const path of ['/v1/sets', BACKFILL, '/v1/nothing'])
          expect(problemOf(await ask(relay, 'GET', path, token))).toEqual({
            status: 401,
            type,
            code: 'AUTH_TOKEN',
          });
    });

    test('lists the sets', async () => {
      const { json } = await ask(relay, 'GET', '/v1/sets');
      expect(json.sets).toEqual([
        expect.objectContaining({ set: 'freelancers', state: 'done' }),
        expect.objectContaining({ set: 'timesheets', state: 'idle' }),
      ]);
    });

    test('answers 404 for unknown sets and paths, 409 with the status for a second run', async () => {
      expect(problemOf(await ask(relay, 'GET', '/v1/sets/x/backfill'))).toMatchObject({
        code: 'RELAY_SET_UNKNOWN',
      });
      expect(problemOf(await ask(relay, 'GET', '/v2'))).toEqual({
        status: 404,
        type,
        code: 'RELAY_PATH_UNKNOWN',
      });
      expect(problemOf(await ask(relay, 'GET', '/v1/sets/%zz/backfill'))).toMatchObject({ status: 400 });
      await ask(relay, 'POST', BACKFILL);
      const second = await ask(relay, 'POST', BACKFILL);
      expect(problemOf(second)).toEqual({ status: 409, type, code: 'RELAY_BACKFILL_RUNNING' });
      expect(second.json.backfill).toMatchObject({ set: 'freelancers', state: 'running' });
      const paused = await ask(relay, 'DELETE', BACKFILL);
      expect(paused).toMatchObject({
        status: 200,
        json: { state: expect.stringMatching(/paused|done/), interrupted: false },
      });
      expect(await runToDone(relay)).toMatchObject({ state: 'done' });
    });

    test('is alive, ready and says what it is', async () => {
      expect((await ask(relay, 'GET', '/livez', '')).status).toBe(200);
      expect((await ask(relay, 'GET', '/readyz', '')).status).toBe(200);
      const { json } = await ask(relay, 'GET', '/version', '');
      expect(json).toEqual({ service: 'relay', version: expect.stringMatching(/^\d/), build: 'dev' });
    });
  });

  describe('a start that cannot work', () => {
    const started = (env: Readonly<Record<string, string>>) =>
      runToEnd('acl/relay/main.ts', [], { PORT: '0', ...relayEnv(), ...env });

    test.each([
      [{ RELAY_TOKEN: '' }, /^RELAY_TOKEN: expected a token .*, got nothing\. Set RELAY_TOKEN/],
      [{ PORT: '70000' }, /^PORT: expected a port from 0 to 65535, got `70000`\. /],
      [
        { LEGACY_DATABASE_URL: 'mysql://root:hunter2@127.0.0.1:1/x' },
        /^LEGACY_DATABASE_URL: .*127\.0\.0\.1:1\/x/,
      ],
      [{ FIG_PLAN: '/nowhere' }, /nowhere|plan\.yaml/],
      [{ FIG_FAILPOINT: 'nowhere' }, /^FIG_FAILPOINT: expected one of after-ticket/],
      [{ HOST: '203.0.113.7' }, /^HOST: expected an address of this machine, got `203\.0\.113\.7`/],
    ])('%j is one clear line and exit 1', async (env, line) => {
      const { code, stderr } = await started(env);
      expect(stderr).toMatch(line);
      expect(stderr).not.toMatch(/hunter2|\bat .*:\d+:\d+/);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    });

    test('refuses the folder of a relay that runs, and takes over what is nobody’s', async () => {
      const relay = await startRelay();
      const refused = await started({});
      expect(refused.stderr).toBe(
        `STATE_DIR: expected a folder that no other relay works in, got ${stateDir}, where the relay with process id ${relay.child.pid} does. Stop that one, or set STATE_DIR to another folder\n`,
      );
      expect(refused.code).toBe(1);
      expect((await ask(relay, 'GET', BACKFILL)).status).toBe(200);
      expect(await relay.stop()).toBe(0);
      const lock = join(stateDir, 'relay.lock');
      expect(existsSync(lock)).toBe(false);
      for (const stale of ['999999999', String(process.pid), '']) {
        writeFileSync(lock, stale);
        const next = await startRelay();
        expect(readFileSync(lock, 'utf8')).toBe(String(next.child.pid));
        expect(await next.stop()).toBe(0);
      }
      expect(readdirSync(stateDir).filter((file) => file.startsWith('relay.lock'))).toEqual([]);
    });

    test('names a port that is taken', async () => {
      const relay = await startRelay();
      const { port } = new URL(relay.url);
      const { code, stderr } = await started({ PORT: port, STATE_DIR: join(stateDir, 'another') });
      expect(stderr).toBe(
        `port ${port} is in use. Set PORT to another one, or stop the process that holds it\n`,
      );
      expect(code).toBe(1);
      await relay.stop();
    });
  });

  test('with the service out of reach it says so while it tries, and can be paused', async () => {
    const relay = await startRelay({ FREELANCERS_URL: 'http://127.0.0.1:1' });
    await ask(relay, 'POST', BACKFILL);
    const status = await waitUntil(async () => {
      const { json } = await ask(relay, 'GET', BACKFILL);
      return json.error !== null && json;
    }, 'the failure shows');
    expect(status).toMatchObject({
      state: 'running',
      error: expect.stringMatching(/out of reach \(ECONNREFUSED\); attempt 1 of 5/),
    });
    expect(await ask(relay, 'DELETE', BACKFILL)).toMatchObject({ status: 200, json: { state: 'paused' } });
    await relay.stop();
  }, 60_000);
});
