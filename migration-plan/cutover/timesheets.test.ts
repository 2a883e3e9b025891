import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CutoverWorld, startCutoverWorld } from '#acl/testing/cutover-world.ts';
import { type LegacyDatabase, legacyDatabases, type Writer } from '#acl/testing/legacy-database.ts';
import { runToEnd } from '#acl/testing/process.ts';
import { exportedRows } from '#acl/testing/sync-export.ts';
import { waitUntil } from '#acl/testing/wait-until.ts';

const PLAN = resolve('migration-plan');

/** The plan of the example, with timesheets that may move all the way. */
function ownPlan(): {
  folder: string;
  write(name: string, change: (text: string) => string): void;
  delete(name: string): void;
  remove(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'fig-plan-'));
  for (const name of ['plan.yaml', 'routes', 'data'])
    cpSync(join(PLAN, name), join(folder, name), { recursive: true });
  const edit = (name: string, to: (text: string) => string) =>
    writeFileSync(join(folder, name), to(readFileSync(join(folder, name), 'utf8')));
  edit('routes/timesheets.yaml', (text) => text.replace('stages: [shadow]', 'stages: [shadow, candidate]'));
  return {
    folder,
    write: edit,
    delete: (name: string) => rmSync(join(folder, name)),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Each writer from outside, promised to stop while the new service owns the rows. */
const stopped = (data: string) =>
  data.replaceAll(/^ {2}- ((?:POST|DELETE) \S+)/gm, '  - { request: $1, state: stopped }');

const LIST = '/api/timesheets';
const MONTH = '1995-06';

describe.each([...legacyDatabases])('timesheets change their owner, on %s', (kind, create) => {
  const plan = ownPlan();
  let world: CutoverWorld;
  let database: LegacyDatabase;
  let tables: Writer;
  beforeAll(async () => {
    database = await create();
    world = await startCutoverWorld(database, 300, { set: 'timesheets', plan: plan.folder });
    tables = await database.writer();
  }, 120_000);
  afterAll(async () => {
    await tables?.close();
    await world?.stop();
    plan.remove();
  }, 60_000);

  const ok = async (method: string, path: string, body: object = {}) => {
    const answer = await world.client(method, path, body);
    expect([path, answer.status, answer.json.error]).toEqual([path, 200, undefined]);
    return answer.json;
  };
  const hours = async () => (await ok('GET', `/api/reports/monthly?month=${MONTH}`)).totals.hours as number;
  const run = () => world.client('POST', '/api/payments/run', { month: MONTH });
  const payments = async () => (await ok('GET', `/api/payments?run=${MONTH}`)).total as number;
  /** Hours of the month that the client had approved. */
  const approve = async (day: string, tsh_hours: number): Promise<number> => {
    const { frl_id } = await ok('POST', '/api/freelancers', { frl_name: 'Lohn, Lena', rate_ct: 8000 });
    const { prj_id } = await ok('POST', '/api/projects', {
      prj_title: 'Werk',
      cus_id: 1,
      date_from: '01.01.1990',
    });
    const sheet = { frl_id, prj_id, tsh_day: day, tsh_hours };
    const { tsh_id } = await ok('POST', LIST, sheet);
    await ok('POST', `${LIST}/${tsh_id}/submit`);
    expect((await ok('POST', `${LIST}/${tsh_id}/approve`)).tsh_stat).toBe('appr');
    return tsh_id;
  };
  const statusAtService = async (id: number) => {
    const rows = await exportedRows(world.service().url, 'timesheets', world.serviceToken);
    return (rows.get(String(id)) as { status: string } | undefined)?.status;
  };
  const statusAtLegacy = async (id: number) =>
    (await tables.read(`SELECT tsh_stat FROM timesheets WHERE tsh_id = ${id}`))[0]?.tsh_stat;
  const carried = () =>
    waitUntil(async () => {
      const { json } = await world.askRelay('GET', '/ownership');
      return json.forward.waiting === 0 && json.back.waiting === 0;
    }, 'nothing waits any more');

  test('the payment run, its page and what else writes them from outside hold the change up, by name', async () => {
    const dryRun = { reason: 'a look', dryRun: true };
    const { json } = await world.admin('POST', '/v1/data/timesheets/cutover', dryRun);
    const refused = json.checks.filter(({ ok }: { ok: boolean }) => !ok);
    expect(refused.map(({ name }: { name: string }) => name)).toEqual(['writers']);
    const named = ['POST /api/payments/run', 'POST /payments/run', 'POST /api/payments/:id/fail'];
    for (const one of [...named, 'POST /timesheets/:id/approve', 'DELETE /api/projects/:id'])
      expect(refused[0].detail).toContain(`${one} writes timesheets from outside`);
    const cascades = json.checks.find(({ name }: { name: string }) => name === 'cascades');
    for (const table of ['projects', 'customers'])
      expect(cascades.detail).toContain(`DELETE of ${table} (reaches timesheets)`);
    const begun = await world.admin('POST', '/v1/data/timesheets/cutover', { reason: 'a try' });
    expect(begun).toMatchObject({ status: 422, json: { code: 'FENCE_CUTOVER_REFUSED' } });
  });

  test('once the plan says that they stop, they move: the monthly report stays right, and a run is refused whole', async () => {
    const before = await approve('05.06.1995', 8);
    expect(await hours()).toBe(8);
    plan.write('data/timesheets.yaml', stopped);
    expect((await world.admin('POST', '/v1/reload', { reason: 'they stop' })).status).toBe(200);
    expect(await world.cutOver('candidate')).toMatchObject({ owner: 'candidate', run: { outcome: 'done' } });

    const there = await approve('06.06.1995', 4);
    expect(await statusAtService(there)).toBe('approved');
    await carried();
    expect(await hours()).toBe(12);

    // Somebody starts the run all the same: no payment without its timesheets.
    expect((await run()).status).toBe(500);
    expect(await payments()).toBe(0);
    expect([await statusAtLegacy(before), await statusAtService(before)]).toEqual(['appr', 'approved']);
    if (kind === 'MySQL')
      expect((await world.askRelay('GET', '/ownership')).json.rejected).toBeGreaterThan(0);
  }, 90_000);

  test('the month is paid while legacy owns them, and they go on at the new service, paid', async () => {
    expect((await world.cutOver('legacy')).owner).toBe('legacy');
    expect((await run()).json).toMatchObject({ ok: true, payments: 2, timesheets: 2 });
    expect((await world.cutOver('candidate')).owner).toBe('candidate');
    const rows = await exportedRows(world.service().url, 'timesheets', world.serviceToken);
    const paid = [...rows.values()].filter((value) => (value as { day: string }).day.startsWith(MONTH));
    expect(paid).toHaveLength(2);
    for (const value of paid) expect(value).toMatchObject({ status: 'paid' });
    expect(await hours()).toBe(12);
    // A rollback of the route takes its data along.
    if (kind === 'MySQL') {
      const { status, json } = await world.admin('POST', '/v1/routes/timesheets/rollback', {
        reason: 'enough',
      });
      expect([status, json.stage, json.writer, json.pending]).toEqual([200, 'legacy', 'legacy', []]);
    } else {
      const { code, stdout, stderr } = await runToEnd(
        'migration-plan/cli/bin/fig.mjs',
        ['rollback', 'timesheets', '--reason', 'enough', '--plan', plan.folder],
        { FIG_ADMIN_URL: String(world.facade().adminUrl), FIG_ADMIN_TOKEN: world.adminToken },
      );
      expect(stderr).toContain('The new service owns timesheets: its rows go back to legacy first.');
      expect(stdout).toMatch(
        /timesheets: legacy owns it now \(epoch \d+\); writes waited for \d+ ms\n.*candidate → legacy/,
      );
      expect(code).toBe(0);
    }
    expect(await world.settled()).toMatchObject({ owner: 'legacy', step: 'LEGACY_OWNS', held: false });
    await carried();
    await world.askRelay('POST', '/reconcile', {});
    const compared = await waitUntil(async () => {
      const { json } = await world.askRelay('GET', '/reconcile');
      return json.state !== 'running' && json;
    }, 'the stores are compared');
    expect(compared).toMatchObject({ state: 'done', result: { left: 0 } });
  }, 90_000);

  const fig = (...args: string[]) =>
    runToEnd('migration-plan/cli/bin/fig.mjs', [...args, '--plan', plan.folder], {
      FIG_ADMIN_URL: String(world.facade().adminUrl),
      FIG_ADMIN_TOKEN: world.adminToken,
      RELAY_URL: world.relay().url,
      RELAY_TOKEN: world.relayToken,
    });

  test('the route is retired, its data are finalised, and what carried them may go, from the plan, too', async () => {
    const state = (await world.admin('GET', '/v1/routes/timesheets')).json;
    const step = { stage: 'candidate', expectedVersion: state.version, force: true, reason: 'again' };
    expect((await world.admin('POST', '/v1/routes/timesheets/transitions', step)).status).toBe(200);
    const early = await fig('retire', 'timesheets', '--reason', 'done');
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('while legacy is the writer')]);

    expect((await world.cutOver('candidate')).owner).toBe('candidate');
    const kept = await fig('capture', 'remove', 'timesheets');
    expect([kept.code, kept.stderr]).toEqual([4, expect.stringContaining('the way back needs it')]);
    const retired = await fig('retire', 'timesheets', '--reason', 'done');
    expect(retired.stdout).toMatch(/candidate → retired.*\ntimesheets: finalised/);
    expect(retired.stderr).toContain('npx fig capture remove timesheets');
    expect(await fig('cutover', 'timesheets', '--back', '--reason', 'no')).toMatchObject({ code: 1 });

    // The rows still follow: the monolith reads them.
    const carriedBack = await approve('07.06.1995', 2);
    await carried();
    expect(await statusAtLegacy(carriedBack)).toBe('appr');

    expect((await fig('capture', 'remove', 'timesheets')).code).toBe(0);
    expect((await world.askRelay('GET', '/ownership')).json).toMatchObject({
      candidate: { owner: 'open' },
      legacy: { owner: 'candidate' },
      back: { running: false },
    });
    const alone = await approve('08.06.1995', 1);
    expect(await statusAtService(alone)).toBe('approved');
    expect(await statusAtLegacy(alone)).toBeUndefined();
    await expect(tables.execute('DELETE FROM timesheets')).rejects.toThrow(/not owned/);
    // What could bring the two together again is refused: the tables keep what they held.
    for (const words of [['capture', 'install'], ['reconcile'], ['reconcile', '--repair']]) {
      const [verb = '', ...more] = words;
      const late =
        verb === 'capture' ? await fig(verb, ...more, 'timesheets') : await fig(verb, 'timesheets', ...more);
      expect([words, late.code, late.stderr]).toEqual([
        words,
        4,
        expect.stringContaining('way back of timesheets has ended'),
      ]);
    }
    expect(await statusAtLegacy(alone)).toBeUndefined();

    plan.write('routes/timesheets.yaml', (text) => text.replace('data: { owned: timesheets }', 'data: none'));
    plan.delete('data/timesheets.yaml');
    expect(await world.admin('POST', '/v1/reload', { reason: 'it is over' })).toMatchObject({ status: 200 });
    await approve('09.06.1995', 1);
  }, 90_000);
});
