import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DATA, PLAN, PlanFolders, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { EXIT } from '../exit-code.ts';
import { FakeControl, ok, problem } from '../test-kit/fake-control.ts';
import { fig } from '../test-kit/terminal.ts';

const folders = new PlanFolders();
let relay: FakeControl;
let plan: string;
beforeEach(async () => {
  relay = new FakeControl();
  plan = folders.write({
    'plan.yaml': `${PLAN}relay: { url: ${await relay.listen()} }\n`,
    'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n`,
    'data/articles.yaml': DATA,
  });
});
afterEach(async () => {
  folders.removeAll();
  await relay.close();
});

const RECONCILE = '/v1/sets/articles/reconcile';
const clean = {
  startedAt: '2026-11-23T10:00:00.000Z',
  finishedAt: '2026-11-23T10:00:02.000Z',
  durationMs: 2000,
  repair: false,
  capture: 'installed',
  compared: 1000,
  missing: 0,
  extra: 0,
  changed: 0,
  repaired: 0,
  left: 0,
  quarantined: 0,
  restless: 0,
  differences: [],
  quarantine: [],
  restlessKeys: [],
};
const missing = { key: '11', kind: 'missing', fields: [], repaired: false, reason: null };
const changed = {
  key: '12',
  kind: 'changed',
  fields: [
    { field: 'city', legacy: '"Köln"', candidate: '"planted"' },
    { field: 'phone', legacy: null, candidate: '"1"' },
  ],
  repaired: false,
  reason: null,
};
const differing = { ...clean, missing: 1, changed: 1, left: 2, differences: [missing, changed] };
const status = (values: object = {}) => ({
  set: 'articles',
  state: 'running',
  repair: false,
  rowsTotal: 2000,
  rowsRead: 0,
  rowsPerSecond: 500,
  etaSeconds: 2,
  startedAt: '2026-11-23T10:00:00.000Z',
  finishedAt: null,
  error: null,
  interrupted: false,
  result: null,
  ...values,
});
const done = (result: object) => status({ state: 'done', rowsRead: 2000, etaSeconds: null, result });

/** Answers the polls one after the other, and the last one for ever. */
function polls(...answers: object[]): void {
  relay.answers.set(`GET ${RECONCILE}`, () => ok(answers.length > 1 ? answers.shift() : answers[0]));
}
const started = () => relay.answers.set(`POST ${RECONCILE}`, { status: 202, body: status() });
const bodies = () => relay.requests.filter(({ method }) => method === 'POST').map(({ body }) => body);

describe('fig reconcile', () => {
  test('follows the comparison to its end and exits 0 when nothing differs', async () => {
    started();
    polls(status({ rowsRead: 1000 }), done({ ...clean, quarantined: 3 }));
    const { code, out, err } = await fig(['reconcile', 'articles'], { plan });
    expect(code).toBe(EXIT.ok);
    expect(out).toBe('articles: no difference in 1000 rows, 3 in quarantine; 2.0s, 500 rows/s\n');
    expect(err.split('\n')).toEqual([
      'articles: 0 of 2000 rows, 500 rows/s, 2s left',
      'articles: 1000 of 2000 rows, 500 rows/s, 2s left',
      'articles: 2000 of 2000 rows, 500 rows/s, all read',
      'Rows in quarantine are known and no differences: npx fig backfill articles --quarantine',
      '',
    ]);
    expect(bodies()).toEqual([{ repair: false }]);
  });

  test('exits 1 when rows differ, and shows which, in which fields', async () => {
    started();
    polls(done(differing));
    const { code, out, err } = await fig(['reconcile', 'articles'], { plan });
    expect(code).toBe(EXIT.refused);
    expect(out.split('\n')).toEqual([
      'articles: 2 differ: 1 missing, 0 extra, 1 changed in 1000 rows, 0 repaired, 0 in quarantine; 2.0s, 500 rows/s',
      'KIND     KEY  FIELD  LEGACY  CANDIDATE',
      'missing  11',
      'changed  12   city   "Köln"  "planted"',
      '              phone  (none)  "1"',
      '',
    ]);
    expect(err).toContain('Repair them: npx fig reconcile articles --repair');
  });

  test('--repair exits 0 when all is repaired, and 1 with the reason of what is not', async () => {
    started();
    const repaired = { ...differing, repair: true, repaired: 2, left: 0 };
    polls(done({ ...repaired, differences: [{ ...missing, repaired: true }] }));
    expect(await fig(['reconcile', 'articles', '--repair'], { plan })).toMatchObject({
      code: EXIT.ok,
      out: expect.stringContaining('repaired: 1 missing'),
    });
    expect(bodies()).toEqual([{ repair: true }]);
    const refused = { ...missing, reason: 'the service refused it' };
    polls(done({ ...differing, repair: true, repaired: 1, left: 1, differences: [refused] }));
    expect(await fig(['reconcile', 'articles', '--repair'], { plan })).toMatchObject({
      code: EXIT.refused,
      out: expect.stringMatching(/missing {2}11 .* the service refused it\nand 1 more\n$/),
    });
  });

  test('exits 1 when rows were never at rest, and says that writes are not noted', async () => {
    started();
    polls(done({ ...clean, restless: 1, restlessKeys: ['7'], capture: 'absent' }));
    const { code, err } = await fig(['reconcile', 'articles'], { plan });
    expect(code).toBe(EXIT.refused);
    expect(err).toContain('1 rows were written again and again, so that nothing can be said of them: 7');
    expect(err).toContain('npx fig capture install articles');
  });

  test('starts anew when the relay was restarted in mid-run, and gives up when that goes on', async () => {
    started();
    const cutOff = status({ state: 'stopped', interrupted: true, error: 'the relay stopped in mid-run' });
    polls(cutOff, done(clean));
    const once = await fig(['reconcile', 'articles'], { plan });
    expect(once).toMatchObject({
      code: EXIT.ok,
      err: expect.stringContaining('articles: the relay was restarted in mid-run; starting anew.'),
    });
    expect(bodies()).toHaveLength(2);
    polls(cutOff);
    const again = await fig(['reconcile', 'articles'], { plan });
    expect(again).toMatchObject({ code: EXIT.refused, out: expect.stringContaining('articles: stopped') });
    expect(bodies()).toHaveLength(2 + 6);
  });

  test('watches the one that runs already, unless that one repairs and this one must not', async () => {
    relay.answers.set(`POST ${RECONCILE}`, problem(409, 'RELAY_RECONCILE_RUNNING', 'runs'));
    polls(status(), done(clean));
    const watched = await fig(['reconcile', 'articles'], { plan });
    expect(watched).toMatchObject({ code: EXIT.ok, err: expect.stringContaining('runs already') });
    polls(status({ repair: true }));
    expect((await fig(['reconcile', 'articles'], { plan })).code).toBe(EXIT.conflict);
  });

  test('says why when the relay refuses, and watches nothing', async () => {
    relay.answers.set(`POST ${RECONCILE}`, problem(409, 'RELAY_SET_RELEASED', 'the way back has ended'));
    polls(done(clean));
    const { code, out, err } = await fig(['reconcile', 'articles'], { plan });
    expect([code, out, err]).toEqual([EXIT.conflict, '', expect.stringContaining('the way back has ended')]);
  });

  test('--status shows the last result without a new one, --stop stops it', async () => {
    polls(status({ rowsRead: 10, result: differing }));
    const shown = await fig(['reconcile', 'articles', '--status'], { plan });
    expect(shown.code).toBe(EXIT.refused);
    expect(shown.out).toMatch(/^articles: running, 10 of 2000 rows, 2s left\nThe last one .*10:00:02/);
    relay.answers.set(`DELETE ${RECONCILE}`, ok(status({ state: 'stopped' })));
    const stopped = await fig(['reconcile', 'articles', '--stop'], { plan });
    expect(stopped.out).toBe('articles: stopped, 0 of 2000 rows\n');
    polls(status({ state: 'idle' }));
    const idle = await fig(['reconcile', 'articles', '--status'], { plan });
    expect(idle).toMatchObject({ code: EXIT.ok, out: 'articles: not compared yet.\n' });
    expect(bodies()).toEqual([]);
  });

  test('exits 1 with the reason when the comparison fails', async () => {
    started();
    polls(status({ state: 'failed', error: 'the service is out of reach' }));
    const { code, err } = await fig(['reconcile', 'articles'], { plan });
    expect(code).toBe(EXIT.refused);
    expect(err).toContain('articles: the service is out of reach');
  });

  test('answers with one JSON document', async () => {
    started();
    polls(done(differing));
    const { code, out, err } = await fig(['reconcile', 'articles', '--json'], { plan });
    expect(JSON.parse(out)).toEqual(done(differing));
    expect([code, err]).toEqual([EXIT.refused, '']);
  });

  test('refuses a set that the plan does not have', async () => {
    expect(await fig(['reconcile', 'artcles'], { plan })).toMatchObject({
      code: EXIT.refused,
      err: expect.stringMatching(/expected a data set of \S+ \(articles\), got `artcles`/),
    });
  });

  test('stops watching on Ctrl-C and leaves the comparison alone', async () => {
    started();
    polls(status({ rowsRead: 10 }));
    const watching = fig(['reconcile', 'articles'], { plan });
    const deadline = Date.now() + 5_000;
    while (relay.requests.length < 2 && Date.now() < deadline)
      await new Promise((next) => setTimeout(next, 10));
    process.emit('SIGINT');
    const { code, err } = await watching;
    expect(code).toBe(EXIT.interrupted);
    expect(err).toContain('npx fig reconcile articles --status');
    expect(relay.requests.map(({ method }) => method)).not.toContain('DELETE');
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});
