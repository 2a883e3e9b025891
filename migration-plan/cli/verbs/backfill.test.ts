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

const BACKFILL = '/v1/sets/articles/backfill';
const status = (values: object = {}) => ({
  set: 'articles',
  state: 'running',
  rowsTotal: 1000,
  rowsRead: 0,
  applied: 0,
  stale: 0,
  removed: 0,
  quarantined: 0,
  checkpoint: null,
  startedAt: '2026-11-23T10:00:00.000Z',
  finishedAt: null,
  rowsPerSecond: 500,
  etaSeconds: 2,
  error: null,
  ...values,
});

/** Answers the polls one after the other, and the last one for ever. */
function polls(...answers: object[]): void {
  relay.answers.set(`GET ${BACKFILL}`, () => ok(answers.length > 1 ? answers.shift() : answers[0]));
}
const started = (values: object = {}) =>
  relay.answers.set(`POST ${BACKFILL}`, { status: 202, body: status(values) });

describe('fig backfill', () => {
  test('starts the relay and follows it to the end, in plain lines when piped', async () => {
    started({ rowsTotal: 0, rowsPerSecond: null, etaSeconds: null });
    polls(
      status(),
      status({ rowsRead: 500, applied: 500 }),
      status({ rowsRead: 520, applied: 520 }),
      status({
        state: 'done',
        rowsRead: 1000,
        applied: 990,
        stale: 5,
        removed: 3,
        quarantined: 5,
        etaSeconds: 0,
      }),
    );
    const { code, out, err } = await fig(['backfill', 'articles'], { plan });
    expect(code).toBe(EXIT.ok);
    expect(err.split('\n')).toEqual([
      'articles: 0 of 1000 rows, 500 rows/s, 2s left',
      'articles: 500 of 1000 rows, 500 rows/s, 2s left',
      'articles: 1000 of 1000 rows, 500 rows/s, all read',
      'Rows in quarantine: npx fig backfill articles --quarantine',
      '',
    ]);
    expect(process.listenerCount('SIGINT')).toBe(0);
    expect(out).toBe(
      'articles: done, 1000 of 1000 rows read, 990 applied, 5 already newer, 3 removed, 5 in quarantine\n',
    );
  });

  test('draws a bar with rate and time left in a terminal', async () => {
    started();
    polls(status({ rowsRead: 500 }), status({ state: 'done', rowsRead: 1000 }));
    const { err } = await fig(['backfill', 'articles'], { plan, columns: 120 });
    expect(err).toMatch(/articles \[.*\] +0% 0\/1000 rows, 500 rows\/s, 2s left/);
    expect(err).toMatch(/100% 1000\/1000 rows/);
  });

  test('answers with one JSON document at the end', async () => {
    started();
    const done = status({ state: 'done', rowsRead: 1000 });
    polls(done);
    const { out, err } = await fig(['backfill', 'articles', '--json'], { plan });
    expect(JSON.parse(out)).toEqual(done);
    expect(err).toBe('');
  });

  test('exits 1 with the reason when the run fails, and says how to go on', async () => {
    started();
    polls(status({ state: 'failed', error: 'the service is out of reach' }));
    const { code, out, err } = await fig(['backfill', 'articles'], { plan });
    expect(code).toBe(EXIT.refused);
    expect(out).toContain('articles: failed');
    expect(err).toContain('articles: the service is out of reach');
    expect(err).toContain('It goes on where it stopped: npx fig backfill articles');
  });

  test('starts it again when the relay was restarted in mid-run, and exits 0 only at the end', async () => {
    started();
    polls(
      status({ rowsRead: 400 }),
      status({ state: 'paused', rowsRead: 500, interrupted: true, error: 'the relay stopped in mid-run' }),
      status({ rowsRead: 700 }),
      status({ state: 'done', rowsRead: 1000 }),
    );
    relay.answers.set(`POST ${BACKFILL}`, () => ({ status: 202, body: status({ rowsRead: 500 }) }));
    const { code, out, err } = await fig(['backfill', 'articles'], { plan });
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('articles: done, 1000 of 1000 rows read');
    expect(err).toContain('articles: the relay was restarted in mid-run; going on from row 500.');
    expect(relay.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  test('exits 1 when somebody paused it, and leaves it paused', async () => {
    started();
    polls(status({ rowsRead: 400 }), status({ state: 'paused', rowsRead: 500, interrupted: false }));
    const { code, out, err } = await fig(['backfill', 'articles'], { plan });
    expect(code).toBe(EXIT.refused);
    expect(out).toContain('articles: paused, 500 of 1000 rows read');
    expect(err).toContain('It goes on where it stopped: npx fig backfill articles');
    expect(relay.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('gives up with exit 1 when the relay ends again and again without reading a row', async () => {
    started({ rowsRead: 500 });
    polls(
      status({ state: 'paused', rowsRead: 500, interrupted: true, error: 'the relay stopped in mid-run' }),
    );
    const { code, err } = await fig(['backfill', 'articles'], { plan });
    expect(code).toBe(EXIT.refused);
    expect(err).toContain('articles: the relay stopped in mid-run');
    expect(relay.requests.filter(({ method }) => method === 'POST')).toHaveLength(6);
  });

  test('watches the one that runs already', async () => {
    relay.answers.set(`POST ${BACKFILL}`, problem(409, 'RELAY_BACKFILL_RUNNING', 'runs'));
    polls(status({ state: 'done', rowsRead: 1000 }));
    const { code, err } = await fig(['backfill', 'articles'], { plan });
    expect(code).toBe(EXIT.ok);
    expect(err).toContain('a backfill runs already; watching that one');
  });

  test('says why when the relay refuses, and watches nothing', async () => {
    const why = 'the new service owns articles';
    relay.answers.set(`POST ${BACKFILL}`, problem(409, 'RELAY_BACKFILL_REFUSED', why));
    polls(status({ state: 'done', rowsRead: 1000 }));
    const { code, out, err } = await fig(['backfill', 'articles'], { plan });
    expect(code).toBe(EXIT.conflict);
    expect(err).toContain(why);
    expect(out).toBe('');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'stops watching on %s, leaves the backfill alone and says how to come back',
    async (signal) => {
      started();
      polls(status({ rowsRead: 10 }));
      const watching = fig(['backfill', 'articles'], { plan });
      const deadline = Date.now() + 5_000;
      while (relay.requests.length < 2 && Date.now() < deadline)
        await new Promise((next) => setTimeout(next, 10));
      process.emit(signal);
      const { code, err } = await watching;
      expect(code).toBe(EXIT.interrupted);
      expect(err).toContain('Watch it again: npx fig backfill articles');
      expect(relay.requests.map(({ method }) => method)).not.toContain('DELETE');
      expect(process.listenerCount(signal)).toBe(0);
    },
  );

  test('--status shows where it stands without starting it', async () => {
    polls(status({ rowsRead: 10 }));
    const { out } = await fig(['backfill', 'articles', '--status'], { plan });
    expect(out).toContain('articles: running, 10 of 1000 rows read');
    expect(out).toContain('2s left');
    expect(relay.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  test('--pause stops it', async () => {
    relay.answers.set(`DELETE ${BACKFILL}`, ok(status({ state: 'paused' })));
    const { code, out } = await fig(['backfill', 'articles', '--pause'], { plan });
    expect(code).toBe(EXIT.ok);
    expect(out).toContain('articles: paused');
  });

  test('--quarantine lists the rows with their reasons', async () => {
    const since = '2026-11-23T10:00:00.000Z';
    const rows = [{ key: '17', reason: 'name: expected text', since, refusedBy: 'service' }];
    relay.answers.set('GET /v1/sets/articles/quarantine', ok({ rows }));
    const { out } = await fig(['backfill', 'articles', '--quarantine'], { plan });
    expect(out).toBe(
      'KEY  SINCE                     REFUSED BY  REASON\n17   2026-11-23T10:00:00.000Z  service     name: expected text\n',
    );
  });

  test('refuses a set that the plan does not have, and a plan without relay', async () => {
    expect(await fig(['backfill', 'artcles'], { plan })).toMatchObject({
      code: EXIT.refused,
      err: expect.stringMatching(/expected a data set of \S+ \(articles\), got `artcles`/),
    });
    const without = folders.write({
      'routes/articles.yaml': `${ROUTE}data: { owned: articles }\n`,
      'data/articles.yaml': DATA,
    });
    expect(await fig(['backfill', 'articles'], { plan: without })).toMatchObject({
      code: EXIT.refused,
      err: expect.stringContaining('relay: expected the URL of the relay'),
    });
  });

  test('exits 3 when the relay is away and 5 when it refuses the token', async () => {
    expect((await fig(['backfill', 'articles'], { plan, env: { RELAY_TOKEN: 'wrong' } })).code).toBe(
      EXIT.unauthorised,
    );
    await relay.close();
    expect(await fig(['backfill', 'articles'], { plan })).toMatchObject({
      code: EXIT.unreachable,
      err: expect.stringContaining('relay: expected an answer from'),
    });
    await relay.listen();
  });
});
