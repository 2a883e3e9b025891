import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { parse } from 'yaml';
import { openMemoryRegistry } from '../../adapters/instance-registry.memory.ts';
import { openMemoryLedger } from '../../adapters/ledger.memory.ts';
import { initialData } from '../../core/data-position.ts';
import type { Instance } from '../../core/instances.ts';
import { type Ledger, LedgerError, type LedgerFault } from '../../core/ledger.ts';
import { adminClient, meet, unmetAnswers } from '../../test-kit/admin-client.ts';
import { eventClient } from '../../test-kit/event-client.ts';
import { facadeOf, type TestFacade, type TestFacadeOptions } from '../../test-kit/facade-of.ts';
import { planOf, routeOf } from '../../test-kit/plan-of.ts';
import { publishedDocument } from './published-document.ts';

const open: TestFacade[] = [];
afterEach(async () => {
  for (const facade of open.splice(0)) await facade.close();
});

const plan = planOf({
  routes: [
    routeOf('articles', ['GET /api/articles'], {
      parity: { file: 'parity/articles.parity.yaml', hash: 'suite-1' },
    }),
    routeOf('gone', ['GET /gone'], { stages: [{ stage: 'retired', hundredths: 0 }] }),
    routeOf('owned', ['GET /owned'], { data: { kind: 'owned', set: 'items' } }),
  ],
  dataSets: new Map([
    [
      'items',
      {
        ...{ name: 'items', file: 'data/items.yaml', translator: 'items.ts', maxLagMs: 5_000 },
        ...{
          service: { url: 'http://127.0.0.1:9', stream: 'items' },
          tables: [{ name: 'items', key: 'id' }],
        },
        ...{ routes: ['owned'], requests: [], jobs: [] },
      },
    ],
  ]),
});

async function start(options: TestFacadeOptions = {}) {
  const facade = await facadeOf(plan, options);
  open.push(facade);
  return { facade, call: adminClient(facade) };
}

const reason = 'test';
const step = { stage: 'canary', percent: 10, expectedVersion: 0, reason };
const operations = Object.entries(
  publishedDocument().paths as Record<string, Record<string, unknown>>,
).flatMap(([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path] as const));
const at = (path: string) =>
  path.replace('{route}', 'articles').replace('{id}', 'test:1').replace('{set}', 'items');
const run = {
  parity: {
    verdict: 'pass',
    suite: 'parity/articles.parity.yaml',
    suiteHash: 'suite-1',
    ...{ passed: 1, failed: 0, errors: 0, skipped: 0, unsentWrites: 0 },
  },
  hash: routeOf('articles', []).hash,
  build: null,
  reason,
};
/** A body that an operation takes. */
const bodyOf = (path: string) => {
  if (path.endsWith('/transitions')) return step;
  if (path.endsWith('/evidence')) return run;
  return path === '/v1/pins' ? { route: 'articles', to: 'candidate' } : { reason };
};
const posts = operations.filter(([method]) => method === 'POST').map(([, path]) => path);

const DEAD: Instance = {
  id: 'dead',
  version: '1',
  hash: 'h',
  routes: {},
  appliedSeq: 0,
  lastSeen: '2026-01-01T00:00:00.000Z',
  silent: true,
};

describe('the OpenAPI document', () => {
  test('is the one in facade/openapi.yaml (npm run schema writes it) and is served', async () => {
    const { call } = await start();
    const { status, contentType, ...served } = await call('GET', '/v1/openapi.json');
    expect(served).toEqual(publishedDocument());
    const file = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8');
    expect(parse(file)).toEqual(publishedDocument());
    expect([status, contentType]).toEqual([200, 'application/json; charset=utf-8']);
  });

  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(publishedDocument()))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });
});

// Every answer of `call` is checked against the document; the last test says which none of these has met.
describe('every operation answers as it is described', () => {
  test('to those who may not', async () => {
    const { call } = await start({
      access: {
        callerOf: async (token) => (token === 'v' ? { actor: 'v', role: 'viewer' } : null),
      },
    });
    for (const [method, path] of operations) {
      const body = method === 'POST' ? bodyOf(path) : undefined;
      expect(await call(method, at(path), body, { host: 'evil.example' })).toMatchObject({ status: 403 });
      if (!path.startsWith('/v1')) continue;
      expect(await call(method, at(path), body)).toMatchObject({ status: 401 });
      const viewer = { authorization: 'Bearer v' };
      if (method === 'POST')
        expect(await call(method, at(path), body, viewer)).toMatchObject({ status: 403 });
    }
  });

  test('to bodies that are none, or too large', async () => {
    const { call } = await start();
    for (const path of posts) {
      expect(await call('POST', at(path), { nonsense: 1 })).toMatchObject({ status: 400 });
      expect(await call('POST', at(path), { reason: 'x'.repeat(70_000) })).toMatchObject({ status: 413 });
    }
    for (const path of ['/v1/ledger', '/v1/stream'])
      expect(await call('GET', `${path}?after=x`)).toMatchObject({ status: 400 });
    expect(await call('GET', '/v1/data/%zz/cutover')).toMatchObject({ status: 400 });
    expect(await call('GET', '/v1/routes/articles/recording?limit=x')).toMatchObject({ status: 400 });
    for (const tail of ['', '/observations', '/evidence'])
      expect(await call('GET', `/v1/routes/%zz${tail}`)).toMatchObject({ status: 400 });
  });

  test('when all is well', async () => {
    const { facade, call } = await start({ maxStreams: 1 });
    for (const path of [
      '/livez',
      '/readyz',
      '/metrics',
      '/v1/routes',
      '/v1/routes/articles',
      '/v1/routes/articles/observations',
      '/v1/routes/articles/evidence',
      '/v1/openapi.json',
    ])
      expect(await call('GET', path)).toMatchObject({ status: 200 });
    for (const path of ['/v1/ledger', '/v1/instances', '/v1/upstreams'])
      expect(await call('GET', path)).toMatchObject({ status: 200 });
    for (const path of posts.filter(
      (one) => one.startsWith('/v1/routes') || one === '/v1/kill' || one === '/v1/resume',
    ))
      expect(await call('POST', at(path), bodyOf(path))).toMatchObject({ status: 200 });
    const recording = call('GET', '/v1/routes/articles/recording?seconds=1');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await call('GET', '/v1/routes/articles/recording')).toMatchObject({ status: 409 });
    expect(await recording).toMatchObject({ status: 200 });
    const stream = await eventClient(facade.adminUrl);
    meet('GET', '/v1/stream', stream.status, 'text/event-stream');
    expect(await call('GET', '/v1/stream')).toMatchObject({ status: 503 });
    stream.close();
    expect(await call('POST', '/v1/pins', bodyOf('/v1/pins'))).toMatchObject({ status: 201 });
    expect(await call('POST', '/v1/reload', { reason })).toMatchObject({ status: 200 });
    expect((await call('GET', '/v1/ledger')).entries.length).toBeGreaterThan(3);
  });

  test('about what is not there', async () => {
    const { call } = await start();
    for (const tail of ['', '/observations', '/evidence', '/recording'])
      expect(await call('GET', `/v1/routes/nothing${tail}`)).toMatchObject({ status: 404 });
    for (const verb of ['transitions', 'rollback', 'pause', 'resume', 'evidence'])
      expect(await call('POST', `/v1/routes/nothing/${verb}`, bodyOf(`/${verb}`))).toMatchObject({
        status: 404,
      });
    expect(await call('POST', '/v1/kill', { reason, route: 'nothing' })).toMatchObject({ status: 404 });
    expect(await call('POST', '/v1/pins', { route: 'nothing', to: 'legacy' })).toMatchObject({ status: 404 });
    expect(await call('POST', '/v1/instances/nobody/evict', { reason })).toMatchObject({ status: 404 });
    expect(await call('POST', '/v1/data/nothing/cutover', { reason })).toMatchObject({ status: 404 });
    expect(await call('GET', '/v1/data/nothing/cutover')).toMatchObject({ status: 404 });
    expect(await call('GET', '/v1/data')).toMatchObject({ sets: [{ set: 'items', owner: 'legacy' }] });
    expect(await call('GET', '/v1/data/items/cutover')).toMatchObject({ step: 'LEGACY_OWNS', to: null });
    // Without a relay nothing can be carried over.
    expect(await call('POST', '/v1/data/items/cutover', { reason })).toMatchObject({ status: 422 });
    expect(await call('POST', '/v1/data/items/cutover', { reason, dryRun: true })).toMatchObject({
      owner: 'legacy',
    });
    expect(await call('POST', '/v1/data/items/cutover', { reason, finalise: true })).toMatchObject({
      status: 422,
    });
  });

  test('to a change of owners while another one goes on', async () => {
    const { facade, call } = await start();
    const under = { step: 'TAILING', to: 'candidate', driver: 'another' } as const;
    await facade.control.moveData(initialData('items'), under, { actor: 'test', reason });
    expect(await call('POST', '/v1/data/items/cutover', { reason })).toMatchObject({
      status: 409,
      code: 'FENCE_CUTOVER_RUNNING',
    });
  });

  test('to moves that are not legal', async () => {
    const { facade, call } = await start({
      copyCheck: async () => ({ copied: false, detail: 'not copied' }),
      loadPlan: () => ({
        plan: null,
        problems: [{ file: 'plan.yaml', line: 1, key: 'x', message: 'm', severity: 'error' }],
      }),
    });
    await facade.put('gone', 'retired');
    for (const verb of ['transitions', 'rollback'])
      expect(await call('POST', `/v1/routes/gone/${verb}`, bodyOf(`/${verb}`))).toMatchObject({
        status: verb === 'transitions' ? 409 : 422,
      });
    expect(await call('POST', '/v1/routes/articles/transitions', { ...step, percent: 20 })).toMatchObject({
      status: 422,
    });
    const outdated = { ...run, hash: 'of another form' };
    expect(await call('POST', '/v1/routes/articles/evidence', outdated)).toMatchObject({ status: 409 });
    expect(await call('POST', '/v1/kill', { reason, route: 'gone' })).toMatchObject({ status: 422 });
    expect(await call('POST', '/v1/pins', { route: 'owned', to: 'candidate' })).toMatchObject({
      status: 422,
    });
    expect(await call('POST', '/v1/reload', { reason })).toMatchObject({ status: 422 });
  });

  /** A facade whose ledger works until `turn`, with a route that every verb would change. */
  async function startTurning(append: Ledger['append'], fault: LedgerFault | null = null) {
    const ledger = openMemoryLedger();
    let turned = false;
    const { facade, call } = await start({
      ledger: {
        ...ledger,
        append: (drafts) => (turned ? append(drafts) : ledger.append(drafts)),
        fault: () => (turned ? fault : null),
      },
      registry: {
        ...openMemoryRegistry({ id: 'test:1', now: () => new Date() }),
        list: async () => [DEAD],
      },
    });
    await facade.put('articles', 'candidate');
    await call('POST', '/v1/kill', { reason, route: 'articles' });
    turned = true;
    return call;
  }
  const VERBS = ['rollback', 'pause', 'resume', 'transitions'].map((verb) => `/v1/routes/articles/${verb}`);

  test('to those who come too late', async () => {
    const call = await startTurning(async (drafts) => ({
      ok: false,
      route: drafts[0]?.route ?? '',
      version: 7,
    }));
    for (const path of [...VERBS, '/v1/kill', '/v1/resume'])
      expect(await call('POST', path, bodyOf(path))).toMatchObject({
        status: 409,
        code: 'ROUTE_VERSION_STALE',
      });
    const { call: other } = await start();
    const evict = '/v1/instances/test:1/evict';
    expect(await other('POST', evict, { reason })).toMatchObject({ status: 409 });
    expect(await other('POST', evict, { reason, force: true })).toMatchObject({ status: 200 });
  });

  test.each<[LedgerError['code'], LedgerFault | null]>([
    ['LEDGER_CORRUPT', { place: 'ledger.jsonl:2', detail: 'it is not JSON' }],
    ['LEDGER_UNREACHABLE', { place: 'postgres://db', detail: 'it is away', away: true }],
    ['LEDGER_UNWRITABLE', null],
  ])('with %s', async (code, fault) => {
    const call = await startTurning(async () => {
      throw new LedgerError(code, 'it does not work');
    }, fault);
    for (const path of [
      ...VERBS,
      '/v1/routes/articles/evidence',
      '/v1/kill',
      '/v1/resume',
      '/v1/instances/dead/evict',
    ]) {
      const more = path.endsWith('/transitions') ? { force: true, expectedVersion: 2 } : {};
      expect(await call('POST', path, { ...bodyOf(path), ...more })).toMatchObject({ status: 503, code });
    }
    if (fault) {
      const cutover = await call('POST', '/v1/data/items/cutover', { reason });
      expect(cutover).toMatchObject({ status: 503, code });
    }
  });

  test('when no position is known', async () => {
    const fault = { place: 'ledger.jsonl:2', detail: 'it is not JSON' };
    const { call } = await start({ ledger: { ...openMemoryLedger(), fault: () => fault } });
    expect(await call('GET', '/readyz')).toMatchObject({ status: 503 });
  });

  test('and no answer is described that none of these has met', () => {
    expect(unmetAnswers()).toEqual([]);
  });
});
