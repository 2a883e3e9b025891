import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Caller } from '../../core/access.ts';
import { adminClient } from '../../test-kit/admin-client.ts';
import { type EventClient, eventClient, type StreamEvent } from '../../test-kit/event-client.ts';
import { facadeOf, listenOn, type TestFacade, type TestFacadeOptions } from '../../test-kit/facade-of.ts';
import { planOf, routeOf } from '../../test-kit/plan-of.ts';
import { until } from '../../test-kit/until.ts';

const open: TestFacade[] = [];
const clients: EventClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const facade of open.splice(0)) await facade.close();
});

const PLAN = planOf({ routes: [routeOf('articles', ['GET /a']), routeOf('authors', ['GET /b'])] });

async function start(options: TestFacadeOptions = {}, plan = PLAN) {
  const facade = await facadeOf(plan, options);
  open.push(facade);
  const listen = async (headers: Record<string, string> = {}, path?: string) => {
    const client = await eventClient(facade.adminUrl, { headers, ...(path ? { path } : {}) });
    clients.push(client);
    return client;
  };
  return { facade, call: adminClient(facade), listen };
}

const reason = 'test';
const isA = (name: string) => (event: StreamEvent) => event.event === name;
const entries = (client: EventClient) => client.events.filter(isA('entry')).map(({ id }) => Number(id));

describe('the event stream', () => {
  test('begins with everything as it stands, and goes on with what happens', async () => {
    const { call, listen } = await start();
    await call('POST', '/v1/routes/articles/pause', { reason });
    const client = await listen();
    expect(client.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const first = await client.next('the snapshot', isA('snapshot'));
    expect(first).toMatchObject({
      id: '1',
      data: {
        plan: 'plan-1',
        seq: 1,
        fault: null,
        routes: [{ route: 'articles', paused: true }, { route: 'authors' }],
        upstreams: [{ party: 'legacy', state: 'ok' }, { candidate: 'catalog' }],
      },
    });
    const to = { stage: 'canary', percent: 10, expectedVersion: 0, reason };
    await call('POST', '/v1/routes/authors/transitions', to);
    const entry = await client.next('the entry', isA('entry'));
    expect(entry).toMatchObject({ id: '2', data: { seq: 2, route: 'authors', actor: 'admin', reason } });
    expect(await client.next('the route', isA('route'))).toMatchObject({
      id: null,
      data: { route: 'authors', stage: 'canary', percent: 10, next: { stage: 'canary', percent: 50 } },
    });
  });

  test('tells a kill of all routes as one entry and one route each, and a new plan as a whole', async () => {
    const plans = [planOf({ hash: 'plan-2', routes: [routeOf('tags', ['GET /t'])] })];
    const { call, listen } = await start({ loadPlan: () => ({ plan: plans[0] ?? PLAN, problems: [] }) });
    const client = await listen();
    await call('POST', '/v1/kill', { reason });
    await until('both routes', () => client.events.filter(isA('route')).length === 2);
    expect(entries(client)).toEqual([1, 2]);
    await call('POST', '/v1/reload', { reason });
    expect(
      await client.next('the plan', ({ event, data }) => event === 'snapshot' && data.plan === 'plan-2'),
    ).toMatchObject({ id: '3', data: { routes: [{ route: 'tags' }] } });
    expect(entries(client)).toEqual([1, 2, 3]);
  });

  test('goes on where a client has left off, each entry once, whatever happens meanwhile', async () => {
    const { call, listen } = await start();
    const toggle = async (times: number) => {
      for (let i = 0; i < times; i++)
        await call('POST', `/v1/routes/articles/${i % 2 ? 'resume' : 'pause'}`, { reason });
    };
    await toggle(6);
    const busy = toggle(10);
    const back = [await listen({ 'last-event-id': '2' }), await listen({}, '/v1/stream?after=2')];
    await busy;
    for (const client of back) {
      await client.next('the last entry', ({ id, event }) => event === 'entry' && id === '16');
      expect(entries(client)).toEqual(Array.from({ length: 14 }, (_, i) => i + 3));
      const first = client.events.findIndex(isA('snapshot'));
      expect(client.events.slice(0, first).every(isA('entry'))).toBe(true);
    }
  });

  test.each(['16', '99999', 'x', '-1', '1e3', ''])('with the last id %j begins anew', async (id) => {
    const { call, listen } = await start();
    await call('POST', '/v1/routes/articles/pause', { reason });
    const client = await listen({ 'last-event-id': id });
    expect(await client.next('the snapshot', isA('snapshot'))).toMatchObject({ id: '1' });
    expect(entries(client)).toEqual([]);
  });

  test('tells of no entries at all to one that missed more than a thousand', async () => {
    const { facade, listen } = await start();
    for (let i = 0; i < 501; i++) {
      await facade.control.pause('articles', { actor: 'a', reason });
      await facade.control.resume('articles', { actor: 'a', reason });
    }
    const far = await listen({ 'last-event-id': '1' });
    expect(await far.next('the snapshot', isA('snapshot'))).toMatchObject({ id: '1002' });
    expect(entries(far)).toEqual([]);
    const near = await listen({ 'last-event-id': '2' });
    await near.next('the snapshot', isA('snapshot'));
    expect(entries(near)).toHaveLength(1000);
  });

  test('cuts off who reads too slowly, and nobody waits for him', async () => {
    const many = Array.from({ length: 400 }, (_, i) => routeOf(`route-${i}`, [`GET /${i}`]));
    const { facade, listen } = await start({}, planOf({ routes: many }));
    const [slow, quick] = [await listen(), await listen()];
    await slow.next('the snapshot', isA('snapshot'));
    slow.pause();
    await until(
      'the slow one to be cut off',
      async () => {
        const author = { actor: 'a', reason: 'x'.repeat(1000) };
        await facade.control.kill(null, author);
        for (const { name } of many) await facade.control.resume(name, author);
        const { seenSeq } = facade.control;
        await until('the quick one to know', () => entries(quick).at(-1) === seenSeq);
        return facade.logged.some((line) => line.includes('reads too slowly'));
      },
      60_000,
    );
    slow.resume();
    await until('the end', () => slow.closed());
    const { seenSeq } = facade.control;
    expect(quick.closed()).toBe(false);
    expect(entries(quick)).toEqual(Array.from({ length: seenSeq }, (_, i) => i + 1));
    const back = await listen({ 'last-event-id': String(entries(slow).at(-1)) });
    await back.next('the snapshot', isA('snapshot'));
  }, 90_000);

  test('beats, shows turns of health, and ends when its token is taken away', async () => {
    const callers = new Map<string, Caller>([['t', { actor: 'a', role: 'viewer' }]]);
    const candidate = createServer((_request, response) => response.end());
    const url = `http://127.0.0.1:${await listenOn(candidate)}`;
    const plan = planOf({
      candidates: new Map([['catalog', { url, build: null }]]),
      health: { ...PLAN.health, intervalMs: 50 },
    });
    const { listen } = await start(
      { access: { callerOf: async (token) => callers.get(token) ?? null } },
      plan,
    );
    const client = await listen({ authorization: 'Bearer t' });
    await client.next('the snapshot', isA('snapshot'));
    candidate.closeAllConnections();
    candidate.close();
    expect(
      await client.next(
        'the turn',
        ({ event, data }) => event === 'upstreams' && data.upstreams[1].state === 'out',
      ),
    ).toMatchObject({
      data: { upstreams: [{ party: 'legacy' }, { candidate: 'catalog', cause: 'probes' }] },
    });
    expect(await client.next('a heartbeat', isA('heartbeat'))).toMatchObject({ id: null, data: { seq: 0 } });
    expect(client.closed()).toBe(false);
    callers.clear();
    await until('the end', () => client.closed(), 30_000);
  }, 90_000);

  test('is open to as many as it serves and no more, and to others once they leave', async () => {
    const { call, listen } = await start({ maxStreams: 3 });
    for (let i = 0; i < 3; i++) await listen();
    expect(await call('GET', '/v1/stream')).toMatchObject({ status: 503, code: 'ROUTE_STREAMS_EXHAUSTED' });
    clients.shift()?.close();
    await until('a place', async () => (await listen()).status === 200);
  });

  test('takes no other values of its query, and nobody without a token', async () => {
    const { call } = await start();
    for (const query of ['after=-1', 'after=x', 'after=1&after=2', 'since=1'])
      expect(await call('GET', `/v1/stream?${query}`)).toMatchObject({ status: 400 });
    expect(await call('GET', '/v1/stream', undefined, { authorization: 'Bearer x' })).toMatchObject({
      status: 401,
    });
  });
});
