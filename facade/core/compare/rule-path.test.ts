import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JSON_PATH } from '#plan/model/schema/terms.ts';
import { identifierKind } from './identifier.ts';
import { foldedPath } from './json-path.ts';
import { readRulePath } from './rule-path.ts';

describe('rule paths', () => {
  test.each<[string, string[]]>([
    ['$', []],
    ['$.a.b', ['a', 'b']],
    ['$.a[*].b', ['a', '[*]', 'b']],
    ['$[*].*', ['[*]', '*']],
    ['$..password', ['..', 'password']],
    ['$.a..*', ['a', '..', '*']],
    ['$..[*]', ['..', '[*]']],
    ['$..["x"]', ['..', 'x']],
    [`$["a.b"]['it\\'s']`, ['a.b', "it's"]],
    ['$.a-b.ü', ['a-b', 'ü']],
    ['$.a[""]', ['a', '']],
    ["$..[''][*]", ['..', '', '[*]']],
    ['$["a\\nb\\u00e9\\/\\\\"]', ['a\nbé/\\']],
  ])('reads %s', (path, expected) => {
    const words = { 'any-member': '*', 'any-item': '[*]', descend: '..' };
    expect(readRulePath(path).map((step) => (step.kind === 'member' ? step.name : words[step.kind]))).toEqual(
      expected,
    );
  });

  test('reads what the plan accepts, and nothing else', () => {
    const pattern = new RegExp(`^(${JSON_PATH})$`);
    const piece = fc.constantFrom(
      '$',
      '.',
      '..',
      'a',
      '*',
      '[*]',
      '[',
      ']',
      '[0]',
      '"',
      "'",
      '["a"]',
      '[""]',
      "['b']",
      '\\',
      ' ',
      '?',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, starts) => {
        const path = (starts ? '$' : '') + pieces.join('');
        const reads = () => readRulePath(path);
        if (pattern.test(path)) expect(reads).not.toThrow();
        else expect(reads).toThrow(RangeError);
      }),
      { numRuns: 3000 },
    );
  });

  test('reads the paths of differences, whatever members are called, so that they can be made rules', () => {
    const pattern = new RegExp(`^(${JSON_PATH})$`);
    const name = fc
      .oneof(
        fc.constantFrom(
          '',
          '*',
          '…',
          '\n',
          '\0',
          '"',
          "'",
          '\\',
          '\\u0041',
          '\ud800',
          '\u2028',
          '[*]',
          '..',
          ' ',
        ),
        fc.string({ unit: 'binary', maxLength: 40 }),
      )
      .filter((one) => !identifierKind(one));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), (names) => {
        const path = foldedPath(names);
        expect(path).toMatch(pattern);
        expect(readRulePath(path)).toEqual(names.map((one) => ({ kind: 'member', name: one })));
      }),
      { numRuns: 1000 },
    );
  });
});
