import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DATA, PLAN, PlanFolders, ROUTE } from '#plan/model/test-kit/plan-folder.ts';
import { answers } from '../answers.ts';
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

const CAPTURE = '/v1/sets/articles/capture';
const status = (values: object = {}) => ({
  ...{
    set: 'articles',
    capture: 'installed',
    missing: [],
    doubt: null,
    drift: [],
    running: true,
    waiting: 3,
    lagMs: 12,
  },
  ...{ entries: 40, applied: 38, error: null },
  ...values,
});
const run = (...args: string[]) => fig(['capture', ...args, '--plan', plan]);

test('installs, and says what waits', async () => {
  relay.answers.set(`POST ${CAPTURE}`, ok(status({ waiting: 0, lagMs: 0, entries: 0 })));
  expect(await run('install', 'articles')).toMatchObject({
    code: EXIT.ok,
    out: expect.stringContaining('articles: installed, 0 waiting, lag 0 ms, 0 entries carried over'),
  });
  relay.answers.set(`GET ${CAPTURE}`, ok(status()));
  const json = await run('status', 'articles', '--json');
  expect(answers['capture status']?.parse(JSON.parse(json.out))).toEqual({ ...status(), fenced: null });
});

test('says when reads go to the owner of the set, and why', async () => {
  const said = async (values: object) => {
    relay.answers.set(`GET ${CAPTURE}`, ok(status(values)));
    const { out, err } = await run('status', 'articles');
    return out + err;
  };
  expect(await said({ lagMs: 5000 })).not.toContain('FENCED');
  expect(await said({ lagMs: 5001 })).toContain(
    'Reads of articles go to its owner (FENCED): it lags 5001 ms, and its maxLag is 5000 ms.',
  );
  const unknown = '(FENCED): how far the new store lags is not known.';
  expect(await said({ lagMs: null })).toContain(unknown);
  expect(await said({ capture: 'absent', waiting: null, lagMs: null })).toContain(unknown);
});

test('says what keeps it from being installed, and what to do', async () => {
  const refused = problem(
    409,
    'RELAY_CAPTURE_REFUSED',
    'writes cannot be noted: articles: expected a table of InnoDB.',
  );
  relay.answers.set(`POST ${CAPTURE}`, refused);
  const { code, err } = await run('install', 'articles');
  expect([code, err]).toEqual([EXIT.conflict, expect.stringContaining('expected a table of InnoDB')]);
});

test('triggers that are gone are a failure, with the way to make it whole', async () => {
  relay.answers.set(`GET ${CAPTURE}`, ok(status({ capture: 'broken', missing: ['_fig_x'], lagMs: null })));
  const { code, out, err } = await run('status', 'articles');
  expect([code, out]).toEqual([
    EXIT.refused,
    expect.stringContaining('articles: broken, 3 waiting, lag unknown'),
  ]);
  expect(err).toContain(
    'gone: _fig_x. Install them again, then copy what was missed: npx fig capture install articles',
  );
});

test('says why an empty queue means nothing, and which columns have changed', async () => {
  const show = async (more: object) => {
    relay.answers.set(`GET ${CAPTURE}`, ok(status({ waiting: 0, ...more })));
    return run('status', 'articles');
  };
  const doubted = await show({ lagMs: null, doubt: 'nothing was copied since writes are noted' });
  expect([doubted.code, doubted.out]).toEqual([EXIT.ok, expect.stringContaining('0 waiting, lag unknown')]);
  expect(doubted.err).toContain('articles: nothing was copied since writes are noted');
  expect(doubted.err).toContain('Reads of articles go to its owner (FENCED)');
  const drifted = await show({ drift: ['articles.rating was added (int null) and is not carried over'] });
  expect(drifted.err).toContain(
    'articles.rating was added (int null) and is not carried over. If that is right',
  );
  expect(drifted.err).not.toContain('FENCED');
});

test('removes, and says what that means', async () => {
  const absent = { capture: 'absent', running: false, waiting: null, lagMs: null };
  relay.answers.set(`DELETE ${CAPTURE}`, ok(status(absent)));
  expect((await run('remove', 'articles')).out).toContain('articles: writes are not noted');
});

test('a set that the plan does not have is named, with those that it has', async () => {
  const { code, err } = await run('status', 'tags');
  expect([code, err]).toEqual([EXIT.refused, expect.stringContaining('(articles), got `tags`')]);
});
