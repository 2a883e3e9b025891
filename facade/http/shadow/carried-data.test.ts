import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { relaySetLink } from '../../adapters/set-link.relay.ts';
import { facadeOf, type TestFacade, TOKEN } from '../../test-kit/facade-of.ts';
import { ObservedRoute } from '../../test-kit/observed.ts';
import { dataSetOf, planOf, routeOf } from '../../test-kit/plan-of.ts';
import { ask } from '../../test-kit/raw-client.ts';
import { ScriptedRelay } from '../../test-kit/scripted-relay.ts';
import {
  json,
  type Script,
  type ScriptedUpstream,
  scriptedUpstream,
} from '../../test-kit/scripted-upstream.ts';
import { until } from '../../test-kit/until.ts';

describe('copies of a route whose data are on their way to the other side', () => {
  let legacy: ScriptedUpstream;
  let candidate: ScriptedUpstream;
  let relay: ScriptedRelay;
  let facade: TestFacade;
  let observed: ObservedRoute;

  beforeEach(async () => {
    [legacy, candidate] = [await scriptedUpstream(), await scriptedUpstream()];
    relay = new ScriptedRelay();
    await relay.listen();
  });
  afterEach(async () => {
    await facade?.close();
    await Promise.all([legacy.vanish(), candidate.vanish()]);
    relay.close();
  });

  const start = async ({ noiseRatio = 0, timeoutMs = 5_000 } = {}) => {
    const owned = routeOf('items', ['GET /items', 'POST /items'], { data: { kind: 'owned', set: 's' } });
    const guardrails = { ...owned.guardrails, mismatch: { maxRatio: 0.5 }, minimum: 2 };
    const given = { ...owned, guardrails };
    const shadow = { ...given.shadow, sampleRatio: 1, writes: 'dry-run' as const, noiseRatio, timeoutMs };
    facade = await facadeOf(
      planOf({
        legacy: { url: legacy.url, build: null },
        candidates: new Map([['catalog', { url: candidate.url, build: null }]]),
        routes: [{ ...given, shadow }],
        relay: { url: relay.url },
        dataSets: new Map([['s', dataSetOf('s', { routes: ['items'], maxLagMs: 60_000 })]]),
      }),
      {
        link: relaySetLink(() => relay.url, 'sesame'),
        dryRunSecret: 'secret-of-dry-runs',
        random: () => 0.99,
      },
    );
    observed = new ObservedRoute(facade.adminUrl, TOKEN, 'items');
    await facade.put('items', 'shadow');
    // Until the relay was heard of, nothing is copied.
    await until('copies to be sent', async () => {
      await ask(facade.url, { path: '/items' });
      return (await observed.now()).sent > 0;
    });
    const { eligible, compared } = await observed.now();
    await observed.settled(eligible);
    before = { eligible, match: compared.match };
  };
  let before = { eligible: 0, match: 0 };
  const read = () => ask(facade.url, { path: '/items' });
  const write = () => ask(facade.url, { path: '/items', method: 'POST', body: '{}' });
  const settled = (more = 1) => observed.settled(before.eligible + more);

  /** Answers what a side holds at the moment. */
  const holding =
    (state: () => object): Script =>
    (request, response) =>
      json(state())(request, response);
  /** One after the other; the last one stays. */
  const saying = (...states: object[]) =>
    holding(() => (states.length > 1 ? states.shift() : states[0]) as object);

  test('a read that differs is asked again on both sides once the relay has carried what was written, and counts for nothing when they agree', async () => {
    await start();
    let there = { price: 1 };
    legacy.answer = json({ price: 2 });
    candidate.answer = holding(() => there);
    relay.head = '5';
    const asked = legacy.seen.length;
    await read();
    await until('the position to be asked for', () => relay.coversAsked.includes('5'));
    expect(await observed.now()).toMatchObject({ inFlight: 1 });
    expect(legacy.seen.length).toBe(asked + 1);
    there = { price: 2 };
    relay.covered = true;
    const seen = await settled();
    expect(seen).toMatchObject({ discarded: { raced: 1 }, compared: { mismatch: 0 }, fields: [] });
  });

  test('a difference that stays is found, by the answers from then on', async () => {
    await start();
    legacy.answer = json({ price: 2, note: 'new' });
    candidate.answer = saying({ price: 3, note: 'old' }, { price: 3, note: 'new' });
    await read();
    const seen = await settled();
    expect(seen.compared.mismatch).toBe(1);
    expect(seen.fields).toMatchObject([
      { path: '$.price', count: 1, samples: [{ legacy: '2', candidate: '3' }] },
    ]);
    expect(seen.discarded).toEqual({});
  });

  test('what the owner changes while both are asked is not held against the other side; what stays wrong is', async () => {
    await start({ noiseRatio: 0.1 });
    let n = 0;
    legacy.answer = holding(() => ({ n: n++, price: 2 }));
    candidate.answer = holding(() => ({ n: n - 5, price: 2 }));
    await read();
    expect((await settled()).compared).toMatchObject({ mismatch: 0, ignored: 1 });
    candidate.answer = holding(() => ({ n: n - 5, price: 3 }));
    await read();
    const seen = await settled(2);
    expect(seen.compared.mismatch).toBe(1);
    expect(seen.fields.map(({ path }: { path: string }) => path).sort()).toEqual(['$.n', '$.price']);
  });

  test('nor are rows that the owner gains or loses meanwhile; a row that is too many is', async () => {
    await start();
    const rows = (from: number, to: number) => ({
      items: Array.from({ length: to - from }, (_, n) => ({ id: from + n })),
    });
    // The candidate has what legacy had at first.
    legacy.answer = saying(rows(0, 5), rows(0, 6));
    candidate.answer = saying(rows(0, 4), rows(0, 5));
    await read();
    expect(await settled()).toMatchObject({ discarded: { raced: 1 }, compared: { mismatch: 0 } });
    legacy.answer = saying(rows(1, 6), rows(2, 6));
    candidate.answer = saying(rows(0, 6), rows(1, 6));
    await read();
    expect(await settled(2)).toMatchObject({ discarded: { raced: 2 }, compared: { mismatch: 0 } });
    legacy.answer = saying(rows(1, 6), rows(2, 6));
    candidate.answer = saying(rows(0, 6), { ...rows(1, 6), more: 1 }, { ...rows(2, 6), more: 1 });
    await read();
    expect((await settled(3)).fields).toMatchObject([{ path: '$.more', kind: 'extra' }]);
  });

  test('nor is a row that came and went between two answers of the owner; one that stays is, beside whatever is written', async () => {
    await start();
    const rows = (...ids: number[]) => ({ items: ids.map((id) => ({ id, name: `n${id}` })) });
    legacy.answer = saying(rows(1, 2), rows(1, 2), rows(1, 2));
    candidate.answer = saying(rows(1), rows(1, 2, 3), rows(1, 2));
    await read();
    expect(await settled()).toMatchObject({ discarded: { raced: 1 }, compared: { mismatch: 0 } });
    // Another one each time.
    legacy.answer = saying(rows(1), rows(1, 2), rows(1, 2, 3), rows(1, 2, 3, 4));
    candidate.answer = saying(rows(1, 9), rows(1, 2, 9), rows(1, 2, 3, 9), rows(1, 2, 3, 4, 9));
    await read();
    const seen = await settled(2);
    expect(seen.fields).toMatchObject([{ path: '$.items[*]', kind: 'extra', count: 1 }]);
    // Another one that is too many each time: nobody can tell.
    legacy.answer = json(rows(1));
    candidate.answer = saying(rows(1, 5), rows(1, 6), rows(1, 7));
    await read();
    expect(await settled(3)).toMatchObject({ discarded: { unsettled: 1 }, compared: { mismatch: 1 } });
    // What is wrong in each is found, whichever they are.
    const priced = (price: number, ...ids: number[]) => ({ items: ids.map((id) => ({ id, price })) });
    legacy.answer = saying(priced(5, 1, 2), priced(5, 2, 3), priced(5, 3, 4), priced(5, 4, 5));
    candidate.answer = saying(priced(6, 1, 2), priced(6, 2, 3), priced(6, 3, 4), priced(6, 4, 5));
    await read();
    expect((await settled(4)).fields).toContainEqual(
      expect.objectContaining({ path: '$.items[*].price', count: 1, kind: 'value' }),
    );
    // Nothing was written since both were asked anew: what they say stays.
    legacy.answer = json(rows(1));
    const says = [rows(1, 2, 3), rows(1, 2)];
    candidate.answer = holding(() => {
      if (says.length === 1) relay.carriedMs = 60_000;
      return says.shift() ?? {};
    });
    const asked = candidate.seen.length;
    await read();
    expect((await settled(5)).compared.mismatch).toBe(3);
    expect(candidate.seen.length).toBe(asked + 2);
  });

  test('where nothing was on its way since before the request, a difference counts as anywhere', async () => {
    await start();
    legacy.answer = json({ price: 2 });
    candidate.answer = json({ price: 1 });
    relay.carriedMs = 60_000;
    const asked = legacy.seen.length;
    await read();
    expect((await settled()).compared.mismatch).toBe(1);
    expect(legacy.seen.length).toBe(asked + 1);
    // Something was carried over when the request was under way already.
    relay.carriedMs = 0;
    await read();
    expect((await settled(2)).compared.mismatch).toBe(2);
    expect(legacy.seen.length).toBe(asked + 5);
  });

  test('many that differ at once ask the relay few questions: its database is the one that clients wait for', async () => {
    await start();
    legacy.answer = json({ price: 2 });
    candidate.answer = json({ price: 1 });
    relay.head = '5';
    setTimeout(() => {
      relay.covered = true;
    }, 300);
    const crowd = 200;
    const [positions, covers, began] = [relay.positions, relay.coversAsked.length, performance.now()];
    await Promise.all(Array.from({ length: crowd }, read));
    const seen = await settled(crowd);
    expect(seen.compared.mismatch).toBeGreaterThan(0);
    expect(seen.sent - before.eligible).toBeGreaterThan(crowd / 2);
    // Of each sort one in 25 ms, and the watch's own: however long it takes here.
    const questions = relay.positions - positions + relay.coversAsked.length - covers;
    expect(questions).toBeLessThan(10 + (2 * (performance.now() - began)) / 25);
  });

  test('noise is learned as it is elsewhere, and what is wrong beside it found', async () => {
    await start({ noiseRatio: 0.1 });
    for (const upstream of [legacy, candidate])
      upstream.answer = holding(() => ({ requestId: randomUUID(), price: 2 }));
    const [requests, wrong] = [60, 20];
    for (let n = 0; n < requests; n++) await read();
    const seen = await settled(requests);
    expect([seen.compared.mismatch, seen.discarded]).toEqual([0, {}]);
    expect(seen.fields).toMatchObject([{ path: '$.requestId', count: requests, verdict: 'noise' }]);
    candidate.answer = holding(() => ({ requestId: null, price: 2 }));
    for (let n = 0; n < wrong; n++) await read();
    const after = await settled(requests + wrong);
    expect(after.compared.mismatch).toBe(wrong);
    expect(after.fields).toContainEqual(
      expect.objectContaining({ path: '$.requestId', kind: 'type', count: wrong }),
    );
  });

  test('a second that turns between two answers is no difference', async () => {
    await start({ noiseRatio: 0.1 });
    let [second, isTurning] = [0, false];
    legacy.answer = (request, response) => {
      json({ at: second })(request, response);
      if (isTurning) second++;
      isTurning = false;
    };
    candidate.answer = (request, response) =>
      void setTimeout(() => json({ at: second })(request, response), 5);
    const requests = 40;
    for (let n = 0; n < requests; n++) {
      isTurning = n % 10 === 5;
      await read();
      await settled(n + 1);
    }
    expect(await settled(requests)).toMatchObject({ compared: { mismatch: 0 }, discarded: { raced: 4 } });
  });

  test('nor is it where the data are at rest: a clock is learned as noise', async () => {
    await start({ noiseRatio: 0.1 });
    relay.carriedMs = 60_000;
    const seconds = () => Math.floor(Date.now() / 1000);
    let n = 0;
    legacy.answer = holding(() => ({ at: seconds() }));
    candidate.answer = holding(() => ({ at: seconds() + (n++ % 20 === 0 ? 1 : 0) }));
    for (let request = 0; request < 60; request += 10) await Promise.all(Array.from({ length: 10 }, read));
    const seen = await settled(60);
    expect([seen.compared.mismatch, seen.discarded]).toEqual([0, {}]);
  });

  test('where the relay does not get there in time nobody can tell', async () => {
    await start({ timeoutMs: 300 });
    legacy.answer = json({ price: 2 });
    candidate.answer = json({ price: 1 });
    relay.head = '6';
    const asked = legacy.seen.length;
    await read();
    expect(await settled()).toMatchObject({ discarded: { unsettled: 1 }, compared: { mismatch: 0 } });
    expect(legacy.seen.length).toBe(asked + 1);
  });

  test('behind the step to the candidate its own lag is waited for, before legacy is asked last', async () => {
    await start();
    await facade.put('items', 'candidate');
    await until('reads at the candidate', async () => {
      before.eligible += 1;
      return (await read()).headers['x-fig-upstream'] === 'candidate';
    });
    await settled(0);
    let there = { price: 1 };
    const order: string[] = [];
    const noting =
      (side: string, state: () => object): Script =>
      (request, response) => {
        order.push(side);
        json(state())(request, response);
      };
    legacy.answer = noting('legacy', () => ({ price: 2 }));
    candidate.answer = noting('candidate', () => there);
    relay.covered = false;
    relay.head = '7';
    await read();
    await until('the position to be asked for', () => relay.coversAsked.includes('7'));
    there = { price: 2 };
    relay.covered = true;
    expect(await settled(1)).toMatchObject({ discarded: { raced: 1 }, fields: [] });
    expect(order.slice(2)).toEqual(['candidate', 'legacy']);
    // What legacy, which owns the data, changes meanwhile is no fault of the candidate.
    let n = 0;
    legacy.answer = holding(() => ({ n: n++ }));
    candidate.answer = json({ n: -1 });
    await read();
    expect(await settled(2)).toMatchObject({ discarded: { raced: 2 }, compared: { mismatch: 0 } });
  });

  const rehearse =
    (status: number, afterMs = 0): Script =>
    (_request, response) =>
      void setTimeout(
        () =>
          response
            .writeHead(status, { 'content-type': 'application/json', 'x-fig-dry-run': 'done' })
            .end('{}'),
        afterMs,
      );

  test('a write is rehearsed only where all that was written before it has been carried over', async () => {
    await start();
    legacy.answer = json({}, 201);
    candidate.answer = rehearse(201);
    const copies = candidate.seen.length;
    relay.head = '8';
    relay.lagMs = 500;
    await write();
    expect(await settled()).toMatchObject({ skipped: { behind: expect.any(Number) } });
    expect(candidate.seen.length).toBe(copies);
    relay.head = null;
    await write();
    const seen = await settled(2);
    expect(seen.compared.match).toBe(before.match + 1);
    expect(candidate.seen.at(-1)?.line).toBe('POST /.fig/dry-run/items');
  });

  test('a rehearsal that differs says nothing where the write itself may have come there before it', async () => {
    await start();
    legacy.answer = json({}, 201);
    candidate.answer = rehearse(409, 60);
    relay.carriedMs = 10;
    await write();
    expect(await settled()).toMatchObject({ discarded: { unsettled: 1 }, compared: { mismatch: 0 } });
    // Also where legacy commits long before it answers.
    legacy.answer = (request, response) => void setTimeout(() => json({}, 201)(request, response), 120);
    await write();
    expect(await settled(2)).toMatchObject({ discarded: { unsettled: 2 }, compared: { mismatch: 0 } });
    // A fault may be behind each of them: they speak against a pass, and not for a breach.
    const evidence = await facade.guardrails.evidenceOf('items');
    expect(evidence?.guardrails).toMatchObject([{ name: 'mismatch', verdict: 'hold', value: 0 }]);
    expect(evidence?.guardrails[0]?.explanation).toContain('2 more differ where it is not known yet');
    // Or where what waits may have been written before.
    relay.carriedMs = 60_000;
    legacy.answer = json({}, 201);
    relay.delayMs = 40;
    relay.head = '9';
    await write();
    expect(await settled(3)).toMatchObject({ discarded: { unsettled: 3 }, compared: { mismatch: 0 } });
    [relay.head, relay.delayMs] = [null, 0];
    await write();
    const seen = await settled(4);
    expect(seen.compared.mismatch).toBe(1);
    expect(seen.fields).toMatchObject([{ path: 'status', kind: 'status' }]);
  });
});
