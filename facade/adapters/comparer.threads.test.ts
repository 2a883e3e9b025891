import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { routeOf } from '../test-kit/plan-of.ts';
import { until } from '../test-kit/until.ts';
import type { ComparePool } from './compare-pool.ts';
import { createThreadsComparer } from './comparer.threads.ts';

const zip = (text: string | Buffer) => ({
  status: 200,
  rawHeaders: ['Content-Encoding', 'gzip'],
  body: gzipSync(text),
});

/** Holds each pair of unpacked bodies until it is let go. */
class HoldingPool implements ComparePool {
  readonly held: (() => void)[] = [];

  compare(): ReturnType<ComparePool['compare']> {
    return new Promise((resolve) => this.held.push(() => resolve({ ok: false, reason: 'busy' })));
  }

  async close(): Promise<void> {}
}

describe('the comparer on threads', () => {
  test('has no more than four unpacked pairs at once', async () => {
    const pool = new HoldingPool();
    const comparer = createThreadsComparer(pool);
    const pairs = Array.from({ length: 20 }, (_, n) =>
      comparer.compare(routeOf('articles', ['/']), { legacy: zip('a'), candidate: zip(`b${n}`) }),
    );
    for (let left = pairs.length; left > 0; left--) {
      await until('as many as may to be unpacked', () => pool.held.length >= Math.min(4, left));
      // Whatever else were unpacked would be through before these, which stand behind it.
      await Promise.all(Array.from({ length: 8 }, () => promisify(gunzip)(gzipSync('fence'))));
      expect(pool.held.length).toBe(Math.min(4, left));
      pool.held.shift()?.();
    }
    expect(await Promise.all(pairs)).toEqual(pairs.map(() => 'compare-busy'));
  });

  test('unpacks sixteen times what a route lets be kept, and no more', async () => {
    const pool = new HoldingPool();
    const comparer = createThreadsComparer(pool);
    const given = routeOf('articles', ['/']);
    const route = { ...given, shadow: { ...given.shadow, maxBodyBytes: 1024 } };
    const [fits, bomb] = [zip(Buffer.alloc(16 * 1024, 'a')), zip(Buffer.alloc(16 * 1024 + 1, 'a'))];
    expect(await comparer.compare(route, { legacy: fits, candidate: bomb })).toMatchObject({
      outcome: 'mismatch',
      differences: [{ reasons: ['too-large'] }],
    });
    expect(
      await comparer.compare(route, {
        legacy: { ...bomb, rawHeaders: ['content-encoding', 'x-gzip'] },
        candidate: bomb,
      }),
    ).toBe('too-large');
    expect(pool.held).toEqual([]);
  });
});
