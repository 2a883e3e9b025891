import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normalisePath } from './path.ts';

describe('a normalised path', () => {
  test.each([
    ['/', '/'],
    ['/api/articles', '/api/articles'],
    ['/api/articles/', '/api/articles/'],
    ['//api///articles', '/api/articles'],
    ['/api/%61rticles', '/api/articles'],
    ['/api/%7Ea', '/api/~a'],
    ['/api/./articles', '/api/articles'],
    ['/api/x/../articles', '/api/articles'],
    ['/api/x/%2e%2E/articles', '/api/articles'],
    ['/../../etc', '/etc'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/.', '/a/'],
    ['/a%2fb', '/a%2Fb'],
    ['/a%2F..%2Fb', '/a%2F..%2Fb'],
    ['/a#b', '/a%23b'],
    ['/a\\..\\b', '/a%5C..%5Cb'],
    ['/\u00fc', '/%FC'],
    ['/...', '/...'],
  ])('of %s is %s', (given, expected) => {
    expect(normalisePath(given)).toBe(expected);
  });

  test.each(['', 'a', '*', '/%', '/%zz', '/%4', '/a%00b'])('of %j is refused', (given) => {
    expect(normalisePath(given)).toBeNull();
  });

  const piece = fc.constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '%2F',
    '%61',
    '%25',
    '%C3%BC',
    'a',
    'B',
    '\u00fc',
    '#',
    '\\',
    ';',
    '%',
    ' ',
  );
  const path = fc.array(piece, { maxLength: 20 }).map((pieces) => `/${pieces.join('')}`);

  test('stays what it is when it is normalised again', () => {
    fc.assert(
      fc.property(path, (given) => {
        const once = normalisePath(given);
        if (once !== null) expect(normalisePath(once)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  test('holds no dot segment, no empty segment inside, and nothing that needs an escape', () => {
    fc.assert(
      fc.property(path, (given) => {
        const normal = normalisePath(given);
        if (normal === null) return;
        expect(normal).toMatch(/^(?:\/(?!\.{1,2}(?:\/|$))(?:[\w\-.~!$&'()*+,;=:@]|%[0-9A-F]{2})+)*\/?$/);
      }),
      { numRuns: 2000 },
    );
  });
});
