import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Route } from '#plan/model/plan.ts';
import { openMemoryLedger } from '../adapters/ledger.memory.ts';
import type { LedgerEntry } from '../core/ledger.ts';
import { chainFault } from '../core/ledger-chain.ts';
import { ledgerLine, readLedgerLine } from '../core/ledger-line.ts';
import { facadeOf, type TestFacade, TOKEN } from '../test-kit/facade-of.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';

const HOUR = 3_600_000;
const CLEAN = { passed: 63, failed: 0, errors: 0, skipped: 2, unsentWrites: 0 };
const SUITE = { suite: 'parity/articles.parity.yaml', suiteHash: 'suite-1' };
const hash = 'a'.repeat(64);

describe('the step to candidate of a route with a parity suite', () => {
  let facade: TestFacade;
  let shiftMs: number;
  let build: string | null;
  const start = async (part: Partial<Route> = {}) => {
    const route: Route = {
      ...routeOf('articles', ['GET /api/articles', 'POST /api/articles']),
      hash,
      stages: [{ stage: 'candidate', hundredths: 0 }],
      parity: { file: 'parity/articles.parity.yaml', hash: 'suite-1' },
      ...part,
    };
    facade = await facadeOf(planOf({ routes: [route] }), {
      ledger: openMemoryLedger(),
      now: () => new Date(Date.now() + shiftMs),
      lookAtBuilds: (control) => control.learnBuild('catalog', build),
    });
    facade.control.learnBuild('catalog', build);
  };
  beforeEach(() => {
    shiftMs = 0;
    build = 'b1';
  });
  afterEach(() => facade.close());

  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${facade.adminUrl}/v1/routes/articles${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    // biome-ignore lint/suspicious/noExplicitAny: what the API answers is what is tested
    return { status: answer.status, body: (await answer.json()) as any };
  };
  const record = (counts: Partial<typeof CLEAN> = {}, more: object = {}) => {
    const found = { ...CLEAN, ...counts };
    const verdict = found.failed + found.errors === 0 ? 'pass' : 'fail';
    const parity = { verdict, ...SUITE, ...found };
    return call('POST', '/evidence', { parity, hash, build, reason: 'nightly', ...more });
  };
  const advance = (force = false) =>
    call('POST', '/transitions', { stage: 'candidate', expectedVersion: 0, reason: 'go', force });
  const refusedFor = async (words: RegExp) => {
    const { status, body } = await advance();
    expect([status, body.code]).toEqual([422, 'ROUTE_EVIDENCE_MISSING']);
    expect(body.detail).toMatch(words);
    expect(body.detail).toContain('npx fig parity articles --writes --evidence');
    expect((await call('GET', '/evidence')).body.parityGap).toMatch(words);
  };
  const stale = async () => (await call('GET', '/evidence')).body.parity.stale;

  test('is refused without a run, and taken with one that passed', async () => {
    await start();
    await refusedFor(/No run of its parity suite \(parity\/articles\.parity\.yaml\) is recorded/);
    const recorded = await record();
    expect(recorded).toMatchObject({
      status: 200,
      body: { parityGap: null, parity: { ...CLEAN, verdict: 'pass', actor: 'admin', hash, build: 'b1' } },
    });
    // The decision of somebody who had read the route before is not outdated by it.
    expect(await advance()).toMatchObject({ status: 200, body: { stage: 'candidate', version: 1 } });
  });

  test('is refused with a run that failed, the last one counts', async () => {
    await start();
    await record();
    await record({ failed: 2, errors: 1 });
    await refusedFor(/failed: of 66 cases 2 were answered otherwise and 1 could not be told/);
    await record();
    expect((await advance()).status).toBe(200);
  });

  test('is refused with a run older than a day', async () => {
    shiftMs = -24 * HOUR - 1000;
    await start();
    await record();
    await refusedFor(/is older than 24 h/);
    expect(await stale()).toBe('age');
    shiftMs = -24 * HOUR + 60_000;
    await record();
    expect(await stale()).toBeNull();
    expect((await advance()).status).toBe(200);
  });

  test('is refused with a run of another build, and such a run is not recorded', async () => {
    await start();
    await record();
    build = 'b2';
    facade.control.learnBuild('catalog', build);
    await refusedFor(/another build of catalog \(b1, now b2\)/);
    expect(await stale()).toBe('build');
    const late = await record({}, { build: 'b1' });
    expect([late.status, late.body.code]).toEqual([409, 'ROUTE_EVIDENCE_OUTDATED']);
    expect(late.body.detail).toContain('build b2 now, and was b1');
    expect(await facade.ledgerEntries()).toHaveLength(1);
  });

  test('is refused with a run of another form of the route', async () => {
    await start();
    const other = await record({}, { hash: 'c'.repeat(64) });
    expect([other.status, other.body.code]).toEqual([409, 'ROUTE_EVIDENCE_OUTDATED']);
    await refusedFor(/No run/);
    await record();
    Object.assign(facade.control.snapshot.states.get('articles')?.route as Route, { hash: 'c'.repeat(64) });
    await refusedFor(/another form of the route \(aaaaaaaaaaaa, here cccccccccccc\)/);
    expect(await stale()).toBe('route');
  });

  test('is refused with a run of another suite, or of what the suite was before', async () => {
    await start();
    await record();
    for (const more of [{ suite: 'parity/other.parity.yaml' }, { suiteHash: 'suite-2' }]) {
      const parity = { verdict: 'pass', ...SUITE, ...CLEAN, ...more };
      const other = await record({}, { parity });
      expect([other.status, other.body.code]).toEqual([409, 'ROUTE_EVIDENCE_OUTDATED']);
    }
    const { route } = facade.control.snapshot.states.get('articles') as { route: Route };
    Object.assign(route, { parity: { file: 'parity/articles.parity.yaml', hash: 'suite-2' } });
    await refusedFor(/one of another suite: parity\/articles\.parity\.yaml has changed since/);
    expect(await stale()).toBe('suite');
  });

  test('takes cases that write, unless writes go by the owner of the data', async () => {
    await start();
    await record({ unsentWrites: 3, skipped: 3 });
    await refusedFor(/left out 3 cases that write/);
    await facade.close();
    await start({ data: { kind: 'owned', set: 'articles' } });
    await record({ unsentWrites: 3, skipped: 3 });
    expect((await advance()).status).toBe(200);
  });

  test('asks for nothing where there is no suite', async () => {
    await start({ parity: null });
    expect((await advance()).status).toBe(200);
  });

  test('is taken by force, and the ledger says so for ever', async () => {
    await start();
    expect((await advance(true)).status).toBe(200);
    const [entry] = (await facade.ledgerEntries()) as [LedgerEntry];
    expect(entry).toMatchObject({ type: 'transition', forced: true, reason: 'go' });
    expect(readLedgerLine(ledgerLine(entry))).toEqual(entry);
    // Nobody can take the mark away again.
    const { forced: _, ...unmarked } = entry;
    expect(chainFault(entry, undefined)).toBeNull();
    expect(chainFault(unmarked, undefined)).toBe('its hash does not fit its content');
  });

  test('a verdict that its own figures contradict is no verdict', async () => {
    await start();
    for (const counts of [{ failed: 1 }, { errors: 1 }, { passed: 0 }, { unsentWrites: 3 }]) {
      const parity = { verdict: 'pass', ...SUITE, ...CLEAN, ...counts };
      expect(await call('POST', '/evidence', { parity, hash, build, reason: 'r' })).toMatchObject({
        status: 400,
      });
    }
  });

  test('runs stand in the ledger of their route, chained', async () => {
    await start();
    await record();
    await advance();
    const answer = await fetch(`${facade.adminUrl}/v1/ledger?route=articles`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const { entries } = (await answer.json()) as { entries: LedgerEntry[] };
    expect(entries).toMatchObject([
      {
        type: 'evidence',
        route: null,
        version: 0,
        evidence: { route: 'articles', parity: CLEAN, build: 'b1' },
      },
      { type: 'transition', route: 'articles', version: 1 },
    ]);
    for (const [n, entry] of entries.entries()) expect(chainFault(entry, entries[n - 1])).toBeNull();
  });
});
