import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareAnswers } from '../core/compare/index.ts';
import { answerOf, rulesOf } from '../test-kit/comparison.ts';
import { until } from '../test-kit/until.ts';
import { type ComparePool, type ComparePoolOptions, newComparePool } from './compare-pool.ts';

const NO_RULES = { ignore: [], unordered: [], tolerance: {}, equivalent: [], headers: [] };
const stuck = new URL('../test-kit/stuck-compare-worker.ts', import.meta.url);
const pools: ComparePool[] = [];
const poolOf = (options: ComparePoolOptions) => {
  const pool = newComparePool(options);
  pools.push(pool);
  return pool;
};
const compare = (pool: ComparePool, legacy: string, candidate: string, status = 200) =>
  pool.compare({
    legacy: answerOf(legacy, {}, status),
    candidate: answerOf(candidate),
    keys: NO_RULES,
    options: {},
  });
const big = (n: number) => JSON.stringify(Array.from({ length: 4000 }, (_, id) => ({ id, n })));

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

describe('the pool', () => {
  test('answers small bodies without starting a thread', async () => {
    const pool = poolOf({ script: new URL('file:///nowhere.ts') });
    expect(await compare(pool, '{"a":1}', '{"a":2}')).toMatchObject({
      ok: true,
      comparison: { outcome: 'mismatch' },
    });
  });

  test('nor for large ones of the same bytes: they are not read at all', async () => {
    const pool = poolOf({ script: new URL('file:///nowhere.ts'), queue: 0 });
    const all = await Promise.all(Array.from({ length: 200 }, () => compare(pool, big(1), big(1))));
    for (const verdict of all) expect(verdict).toMatchObject({ ok: true, comparison: { outcome: 'match' } });
    expect(await compare(pool, big(1), big(1), 201)).toMatchObject({
      comparison: { differences: [{ path: 'status' }] },
    });
  });

  test('compares large bodies on threads, and leaves the caller its bytes', async () => {
    const pool = poolOf({ timeoutMs: 50_000 });
    const job = { legacy: answerOf(big(1)), candidate: answerOf(big(2)), keys: NO_RULES, options: {} };
    const first = await pool.compare(job);
    expect(first).toMatchObject({
      ok: true,
      comparison: { outcome: 'mismatch', differences: [{ path: '$[*].n', count: 4000 }] },
    });
    expect(await pool.compare(job)).toEqual(first);
  });

  test('says the same as on the spot, whatever it is asked', async () => {
    const pool = poolOf({ inlineBytes: 0, timeoutMs: 50_000 });
    const keys = {
      ...NO_RULES,
      ignore: ['$..i'],
      unordered: [{ path: '$.u', key: null }],
      tolerance: { '$..t': 0.5 },
      headers: ['x-a'],
    };
    const body = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc
        .record(
          { u: fc.array(fc.nat(3)), t: fc.integer({ min: 0, max: 2 }), i: fc.anything({ maxDepth: 1 }) },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value)),
    );
    const type = fc.constantFrom('application/json', 'text/html', 'text/plain; charset=latin1', 'image/png');
    const answer = fc
      .tuple(fc.constantFrom(200, 404), body, type, fc.constantFrom('1', '2'))
      .map(([status, text, contentType, header]) =>
        answerOf(text, { 'content-type': contentType, 'x-a': header }, status),
      );
    await fc.assert(
      fc.asyncProperty(answer, answer, async (legacy, candidate) => {
        const verdict = await pool.compare({ legacy, candidate, keys, options: {} });
        expect(verdict).toEqual({ ok: true, comparison: compareAnswers(legacy, candidate, rulesOf(keys)) });
      }),
      { numRuns: 300 },
    );
  });

  test('ends a thread that takes too long, and goes on with another', async () => {
    const pool = poolOf({ threads: 1, timeoutMs: 300, script: stuck });
    const verdicts = await Promise.all([compare(pool, big(1), big(2)), compare(pool, big(1), big(2))]);
    expect(verdicts).toEqual(Array(2).fill({ ok: false, reason: 'timeout' }));
  });

  test.each<[string, number]>([
    ['breaks', 500],
    ['runs out of memory', 507],
  ])('survives a thread that %s', async (_, status) => {
    const pool = poolOf({ threads: 1, timeoutMs: 50_000, heapMiB: 32, script: stuck });
    expect(await compare(pool, big(1), big(2), status)).toEqual({ ok: false, reason: 'failed' });
    expect(await compare(pool, big(1), big(2), status)).toEqual({ ok: false, reason: 'failed' });
  });

  test('refuses what finds no place in the queue at once, and answers the rest when closed', async () => {
    const pool = poolOf({ threads: 1, queue: 2, script: stuck });
    const jobs = [1, 2, 3, 4, 5].map(() => compare(pool, big(1), big(2)));
    expect(await jobs[3]).toEqual({ ok: false, reason: 'busy' });
    expect(await jobs[4]).toEqual({ ok: false, reason: 'busy' });
    await pool.close();
    expect(await Promise.all(jobs.slice(0, 3))).toEqual(Array(3).fill({ ok: false, reason: 'closed' }));
    expect(await compare(pool, '1', '2')).toEqual({ ok: false, reason: 'closed' });
  });

  test('a thread that has nothing to do ends, and the next pair gets another', async () => {
    const script = new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { parentPort, threadId } from 'node:worker_threads';
        parentPort.on('message', () => parentPort.postMessage({ outcome: threadId }));
        parentPort.postMessage('ready');
      `)}`,
    );
    const threadOf = async (pool: ComparePool) => {
      const verdict = await compare(pool, big(0), big(1));
      return verdict.ok && verdict.comparison.outcome;
    };
    const patient = poolOf({ threads: 1, script });
    expect(await threadOf(patient)).toBe(await threadOf(patient));
    const pool = poolOf({ threads: 1, script, idleMs: 1 });
    const first = await threadOf(pool);
    await until('another thread to answer', async () => (await threadOf(pool)) !== first);
  });

  test('many at once are all answered', async () => {
    const pool = poolOf({ threads: 2, queue: 100, timeoutMs: 50_000 });
    const verdicts = await Promise.all(
      Array.from({ length: 40 }, (_, n) => compare(pool, big(0), big(n % 2))),
    );
    expect(verdicts.map((verdict) => verdict.ok && verdict.comparison.outcome)).toEqual(
      Array.from({ length: 40 }, (_, n) => (n % 2 ? 'mismatch' : 'match')),
    );
  });
});
