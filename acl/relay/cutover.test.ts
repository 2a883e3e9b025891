import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CutoverWorld, type Json, startCutoverWorld } from '../testing/cutover-world.ts';
import { MYSQL_URL } from '../testing/databases.ts';
import { type LegacyDatabase, legacyDatabases, type Writer } from '../testing/legacy-database.ts';
import { closeConnections } from '../testing/raw-http.ts';
import { exportedRows } from '../testing/sync-export.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { newToRow } from '../translators/freelancers.ts';
import { BACK_FAILPOINTS, OWNERSHIP_FAILPOINTS } from './failpoint.ts';

const LIST = '/api/freelancers';

describe.each([...legacyDatabases])('freelancers change their owner, from %s and back', (kind, create) => {
  let world: CutoverWorld;
  let database: LegacyDatabase;
  let job: Writer;
  beforeAll(async () => {
    database = await create();
    world = await startCutoverWorld(database, 200);
    job = await database.writer();
  }, 120_000);
  afterAll(async () => {
    await job?.close();
    await world?.stop();
  }, 60_000);

  /** What a client was told of each row: its last acknowledged note. */
  const acknowledged = new Map<number, string>();
  const failures: string[] = [];

  /** Clients that write and read their own writes, until they are told to stop. */
  function load(clients: number): { stop(): Promise<number> } {
    let stopped = false;
    let requests = 0;
    const client = async (n: number) => {
      let id = 0;
      for (let round = 0; !stopped; round += 1) {
        const note = `client ${n} round ${round} ${Math.random()}`;
        const body = { frl_name: `Load, Client ${n}`, rate_ct: 5000, notes: note };
        const write =
          id === 0 || round % 10 === 0
            ? await world.client('POST', LIST, body)
            : await world.client('PUT', `${LIST}/${id}`, body);
        requests += 1;
        if (write.status >= 300)
          failures.push(
            `write ${write.status} ${JSON.stringify(write.json)} ${world.member('legacy').complaints()} ${world.service().complaints()}`,
          );
        else {
          id = write.json.frl_id ?? id;
          acknowledged.set(id, note);
        }
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    };
    const all = Array.from({ length: clients }, (_, n) => client(n));
    return {
      async stop() {
        stopped = true;
        await Promise.all(all);
        return requests;
      },
    };
  }

  const legacyRows = async () => {
    const rows = await job.read('SELECT * FROM freelancers ORDER BY frl_id');
    return new Map(rows.map((row) => [Number(row.frl_id), row]));
  };
  const serviceRows = () => exportedRows(world.service().url, 'freelancers', world.serviceToken);

  /** Both stores hold the same rows, and each acknowledged write is in both. */
  async function expectEqualStores(): Promise<void> {
    await waitUntil(async () => {
      const { json } = await world.askRelay('GET', '/ownership');
      return json.forward.waiting === 0 && json.back.waiting === 0;
    }, 'nothing waits any more');
    const [legacy, service] = [await legacyRows(), await serviceRows()];
    expect(service.size).toBe(legacy.size);
    const back = new Map(
      [...service.values()].map((value) => {
        const row = newToRow(value as Parameters<typeof newToRow>[0]);
        return [row.frl_id, row] as const;
      }),
    );
    for (const [id, row] of legacy)
      expect(back.get(id)?.notes ?? null).toBe(row.notes === '' ? null : row.notes);
    for (const [id, note] of acknowledged) expect(legacy.get(id)?.notes).toBe(note);
  }

  test('a dry run says what it would meet and changes nothing', async () => {
    const { status, json } = await world.admin('POST', '/v1/data/freelancers/cutover', {
      reason: 'a look',
      dryRun: true,
    });
    expect(status).toBe(202);
    expect(json.checks.filter((check: { ok: boolean }) => !check.ok)).toEqual([]);
    expect(json).toMatchObject({ owner: 'legacy', step: 'LEGACY_OWNS', to: null, run: null });
    expect((await world.askRelay('GET', '/ownership')).json.gate).toBe('absent');
  });

  test('under load no request fails and no write is lost, there and back', async () => {
    const running = load(6);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const there = await world.cutOver('candidate');
    expect(there).toMatchObject({ owner: 'candidate', step: 'CANDIDATE_OWNS', held: false });
    expect(there.run).toMatchObject({ outcome: 'done' });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // A job that goes on writing behind its back.
    await expect(job.execute("UPDATE freelancers SET notes = 'a job' WHERE frl_id = 1")).rejects.toThrow(
      /data set freelancers is not owned/,
    );
    if (kind === 'MySQL') expect((await world.askRelay('GET', '/ownership')).json.rejected).toBe(1);
    const back = await world.cutOver('legacy');
    expect(back).toMatchObject({ owner: 'legacy', step: 'LEGACY_OWNS', held: false });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const requests = await running.stop();
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(30);
    for (const { run } of [there, back]) {
      const verified = run.steps.find(({ step }: { step: string }) => step === 'verify');
      expect(Number(/^(\d+) rows/.exec(verified.detail)?.[1])).toBeGreaterThan(0);
    }
    expect(there.run.pauseMs).toBeLessThan(5_000);
    expect(back.run.pauseMs).toBeLessThan(5_000);
    await expectEqualStores();
    await job.execute("UPDATE freelancers SET notes = 'a job' WHERE frl_id = 1");
  }, 120_000);

  test('a number stands for one row, also when that one is gone and the other side goes on counting', async () => {
    const add = async (): Promise<number> =>
      (await world.client('POST', LIST, { frl_name: 'Number, One', rate_ct: 5000 })).json.frl_id;
    expect((await world.cutOver('candidate')).owner).toBe('candidate');
    // Numbers that the new service has used up without a row that legacy knows.
    const used = (await add()) + 5000;
    const answer = await fetch(`${world.service().url}/.fig/sync/freelancers/numbers`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${world.serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ numbers: [{ prefix: '', last: String(used) }] }),
    });
    expect(answer.status).toBe(200);
    expect((await world.cutOver('legacy')).owner).toBe('legacy');
    const gone = await add();
    expect(gone).toBe(used + 1);
    await job.execute(`DELETE FROM freelancers WHERE frl_id = ${gone}`);
    expect((await world.cutOver('candidate')).owner).toBe('candidate');
    expect(await add()).toBe(gone + 1);
    expect((await world.cutOver('legacy')).owner).toBe('legacy');
    await expectEqualStores();
  }, 120_000);

  test('a job writes behind the facade until it is refused: what was taken is on both sides, and nothing is taken afterwards', async () => {
    await world.facade().stop();
    // The decision takes a while, with writes held and both sides closed.
    await world.start('facade', { FIG_FAILPOINT: 'before-JOURNALED:park' });
    const hammer = await database.writer();
    let isOver = false;
    let [taken, refused, takenLate] = [0, 0, 0];
    const hammering = (async () => {
      for (let n = 0; !isOver; n += 1) {
        const [id, note] = [30 + (n % 10), `job ${n}`];
        try {
          await hammer.execute(`UPDATE freelancers SET notes = '${note}' WHERE frl_id = ${id}`);
          acknowledged.set(id, note);
          taken += 1;
          if (refused > 0) takenLate += 1;
        } catch (error) {
          if (!/is not owned/.test((error as Error).message)) throw error;
          refused += 1;
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    await waitUntil(async () => taken > 50, 'the job writes');
    const state = await world.cutOver('candidate');
    isOver = true;
    await hammering;
    await hammer.close();
    expect(state).toMatchObject({ owner: 'candidate', run: { outcome: 'done' } });
    expect(refused).toBeGreaterThan(50);
    expect(takenLate).toBe(0);
    const rows = await serviceRows();
    for (let id = 30; id < 40; id += 1)
      expect(rows.get(String(id))).toMatchObject({ notes: acknowledged.get(id) });
    await expectEqualStores();
    await expectRefusedByLegacy();
    expect(await world.askRelay('POST', '/backfill')).toMatchObject({
      status: 409,
      json: { code: 'RELAY_BACKFILL_REFUSED', detail: expect.stringContaining('owns freelancers') },
    });
    await world.facade().stop();
    await world.start('facade');
    expect((await world.cutOver('legacy')).owner).toBe('legacy');
  }, 120_000);

  /** A row that the monolith's tables do not take is listed with who refuses it, and goes through when it is corrected. */
  async function expectRefusedByLegacy(): Promise<void> {
    const refuse =
      kind === 'MySQL'
        ? `CREATE TRIGGER no_odd BEFORE UPDATE ON freelancers FOR EACH ROW
           BEGIN IF NEW.notes = 'odd' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'odd is not taken'; END IF; END`
        : `CREATE TRIGGER no_odd BEFORE UPDATE ON freelancers WHEN NEW.notes = 'odd'
           BEGIN SELECT RAISE(ABORT, 'odd is not taken'); END`;
    await job.execute(refuse);
    await write(41, 'odd');
    const listed = async () => (await world.askRelay('GET', '/quarantine')).json.rows;
    await waitUntil(async () => (await listed()).length > 0, 'it is set aside');
    expect(await listed()).toEqual([
      {
        key: '41',
        reason: expect.stringContaining('odd is not taken'),
        since: expect.any(String),
        refusedBy: 'legacy',
      },
    ]);
    await write(41, 'even');
    await waitUntil(async () => (await listed()).length === 0, 'it is carried back');
    await job.execute('DROP TRIGGER no_odd');
    await expectEqualStores();
  }

  /** Kills a process where it stands in a change of owners, starts it again, and lets the change come to its end. */
  async function cutOverWithDeath(
    what: 'facade' | 'relay',
    failpoint: string,
    to: 'legacy' | 'candidate',
  ): Promise<Json> {
    const old = world[what]();
    await old.stop();
    await world.start(what, { FIG_FAILPOINT: failpoint });
    const dying = world[what]().child;
    const died = new Promise<void>((resolve) => dying.once('exit', () => resolve()));
    await waitUntil(
      async () =>
        (await world.admin('GET', '/v1/data/freelancers/cutover').catch(() => null))?.status === 200,
      'the facade answers',
    );
    // It may die before it answers.
    await world.admin('POST', '/v1/data/freelancers/cutover', { reason: 'a test', to }).catch(() => {});
    await died;
    // What was kept open to it is no connection any more.
    closeConnections();
    await world.start(what);
    return world.settled();
  }

  const write = async (id: number, note: string) => {
    const answer = await world.client('PUT', `${LIST}/${id}`, {
      frl_name: 'Death, After',
      rate_ct: 5000,
      notes: note,
    });
    expect(answer.status).toBe(200);
    acknowledged.set(id, note);
  };

  // Each death takes some seconds: FIG_SOAK=1 is for all of them, on both kinds of databases.
  const some = (all: readonly string[], ...few: readonly string[]) =>
    process.env.FIG_SOAK === '1' ? all : kind === 'MySQL' ? few : few.slice(0, 1);
  const before = [
    'after-FENCING',
    'before-hold',
    'before-close',
    'after-close',
    'after-DRAINING',
    'before-verify',
  ];
  const late = ['before-prove', 'after-PREPARED', 'before-JOURNALED'];
  const behind = ['after-JOURNALED', 'before-open', 'after-open'];
  test.each(some([...before, ...late], 'after-close', 'before-JOURNALED'))(
    'the facade dies at %s: it goes back to legacy, and everybody can write',
    async (failpoint) => {
      const state = await cutOverWithDeath('facade', failpoint, 'candidate');
      expect(state).toMatchObject({ owner: 'legacy', step: 'LEGACY_OWNS', held: false });
      await write(5, `after ${failpoint}`);
      await job.execute("UPDATE freelancers SET city = 'Ulm' WHERE frl_id = 1");
      await expectEqualStores();
    },
    90_000,
  );

  test.each(some(behind, 'after-JOURNALED'))(
    'the facade dies at %s: it is completed, in both directions',
    async (failpoint) => {
      const there = await cutOverWithDeath('facade', failpoint, 'candidate');
      expect(there).toMatchObject({ owner: 'candidate', step: 'CANDIDATE_OWNS', held: false });
      await write(6, `there after ${failpoint}`);
      await expectEqualStores();
      const back = await cutOverWithDeath('facade', failpoint, 'legacy');
      expect(back).toMatchObject({ owner: 'legacy', step: 'LEGACY_OWNS', held: false });
      await write(6, `back after ${failpoint}`);
      await expectEqualStores();
    },
    120_000,
  );

  test.each(some(OWNERSHIP_FAILPOINTS, 'open-after-gate', 'after-close'))(
    'the relay dies at %s: it ends on one side, and that side can be written to',
    async (failpoint) => {
      const state = await cutOverWithDeath('relay', failpoint, 'candidate');
      expect(state.held).toBe(false);
      await write(7, `after ${failpoint}`);
      await expectEqualStores();
      if (state.owner === 'candidate') expect((await world.cutOver('legacy')).owner).toBe('legacy');
    },
    120_000,
  );

  test('the relay dies on the way back, and nothing of what the new service wrote is lost', async () => {
    expect((await world.cutOver('candidate')).owner).toBe('candidate');
    for (const failpoint of some(BACK_FAILPOINTS, 'back-after-apply', 'back-after-changes')) {
      await world.relay().stop();
      await world.start('relay', { FIG_FAILPOINT: failpoint });
      const dying = world.relay().child;
      const died = new Promise<void>((resolve) => dying.once('exit', () => resolve()));
      for (let id = 10; id < 20; id += 1) await write(id, `at ${failpoint}`);
      await died;
      await write(20, `after ${failpoint}`);
      await world.start('relay');
      await expectEqualStores();
    }
    expect((await world.cutOver('legacy')).owner).toBe('legacy');
    await expectEqualStores();
  }, 180_000);

  test('a transaction that stays open is named, nothing changes, and the next try goes through', async () => {
    const slow = await database.writer();
    await slow.execute('BEGIN IMMEDIATE_');
    await slow.execute("UPDATE freelancers SET city = 'Bonn' WHERE frl_id = 2");
    if (kind === 'MySQL') {
      const state = await world.cutOver('candidate');
      expect(state).toMatchObject({ owner: 'legacy', held: false, run: { outcome: 'back' } });
      expect(state.run.detail).toMatch(/open transactions: \d+ \(/);
      // Held for as long as the gate waited, and no longer.
      expect(state.run.pauseMs).toBeLessThan(10_000);
      await write(9, 'while it is open');
    }
    await slow.execute('COMMIT');
    await slow.close();
    // What waited behind it is carried over first.
    await waitUntil(
      async () => (await world.askRelay('GET', '/capture')).json.waiting === 0,
      'nothing waits',
    );
    expect((await world.cutOver('candidate')).owner).toBe('candidate');
    await write(8, 'at the new service');
    await expectEqualStores();
    expect((await world.cutOver('legacy')).owner).toBe('legacy');
    expect((await legacyRows()).get(2)?.city).toBe('Bonn');
  }, 120_000);
});

if (!MYSQL_URL) test.skip('a change of owners on MySQL: FIG_TEST_MYSQL_URL names no server', () => {});
