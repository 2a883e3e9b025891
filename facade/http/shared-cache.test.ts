import { describe, expect, test } from '@jest/globals';
import { sharedCacheMayKeep } from './shared-cache.ts';

describe('a shared cache', () => {
  const cdn = ['CDN-Cache-Control', 'no-store'];
  test.each<[boolean, string[]]>([
    [false, []],
    [true, ['Cache-Control', 'public, max-age=60']],
    [true, ['Cache-Control', 'max-age=60']],
    [false, ['Cache-Control', 'private, max-age=60']],
    [false, ['Cache-Control', 'max-age=60, NO-STORE']],
    [false, ['Cache-Control', 'max-age=60', 'Cache-Control', 'private']],
    [true, ['Cache-Control', 'public, max-age=60, private="X-Foo"']],
    [true, ['Cache-Control', 'max-age=60, private=x-foo']],
    [true, ['Cache-Control', 'max-age=60, x="no-store"']],
    [true, ['Cache-Control', 'max-age=60, x="a, private"']],
    [true, ['Cache-Control', 'max-age=60, x="a\\", no-store"']],
    [true, ['Cache-Control', 'x-private, not-no-store']],
    [true, ['Cache-Control', 'max-age=60', ...cdn]],
    [true, cdn],
    [false, ['Cache-Control', 'private', ...cdn]],
    [true, ['Cache-Control', 'private', 'CDN-Cache-Control', 'max-age=60']],
    [true, ['Expires', 'Mon, 01 Jan 2029 00:00:00 GMT']],
    [false, ['Cache-Control', 'no-store', 'Expires', 'Mon, 01 Jan 2029 00:00:00 GMT']],
    [true, ['Last-Modified', 'Mon, 01 Jan 2024 00:00:00 GMT']],
  ])('may keep (%s) an answer with %j', (may, headers) => {
    expect(sharedCacheMayKeep('GET', headers)).toBe(may);
    expect(sharedCacheMayKeep('POST', headers)).toBe(false);
  });
});
