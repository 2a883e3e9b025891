import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { VECTOR_ROUTE, VECTOR_SHARES, vectorKeys } from '../test-kit/nginx/keys.ts';
import { askNginx, nginxVersion } from '../test-kit/nginx/split-clients.ts';
import { bucketOf, cohortSeed, isInShare, shareThreshold } from './cohort.ts';

const seed = cohortSeed(VECTOR_ROUTE);
const ours = (keys: string[]) =>
  keys
    .map((key) => VECTOR_SHARES.findIndex((share) => isInShare(bucketOf(seed, key), share)))
    .map((index) => (index === -1 ? 'x' : String(index)))
    .join('');

describe('the cohort of a client', () => {
  test('is the one that a real nginx computed, for 5,000 keys and ten shares', () => {
    const file = new URL('../test-kit/nginx/vectors.json', import.meta.url);
    const { firstShare } = JSON.parse(readFileSync(file, 'utf8')) as { firstShare: string };
    expect(firstShare).toHaveLength(5000);
    expect(ours(vectorKeys())).toBe(firstShare);
  });

  const installed = nginxVersion();
  (installed ? test : test.skip)(
    installed
      ? 'is the one that the nginx on this machine computes'
      : 'is the one that the nginx on this machine computes (skipped: no nginx binary on PATH)',
    async () => {
      const keys = vectorKeys().slice(0, 600);
      expect(ours(keys)).toBe(await askNginx(keys));
    },
  );

  test('takes 25 % ± 1.3 points of 10,000 keys at 25 %, and all of them stay at 50 %', () => {
    const keys = Array.from({ length: 10_000 }, (_, i) => `client-${i}`);
    const quarter = keys.filter((key) => isInShare(bucketOf(seed, key), 2500));
    expect(Math.abs(quarter.length / 100 - 25)).toBeLessThan(1.3);
    expect(quarter.every((key) => isInShare(bucketOf(seed, key), 5000))).toBe(true);
  });

  test('is never taken back by a larger share', () => {
    const share = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(fc.string(), share, share, (key, a, b) => {
        const bucket = bucketOf(seed, key);
        return !isInShare(bucket, Math.min(a, b)) || isInShare(bucket, Math.max(a, b));
      }),
    );
  });

  test('is nobody at 0 % and everybody at 100 %', () => {
    expect(shareThreshold(0)).toBe(0);
    expect(isInShare(0xffffffff, 10_000)).toBe(true);
  });

  test('hashes route names beyond ASCII as their UTF-8 bytes', () => {
    expect(cohortSeed('prüfung')).toBe(`${Buffer.from('prüfung').toString('latin1')}:`);
  });
});
