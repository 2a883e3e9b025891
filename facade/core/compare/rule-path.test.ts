import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JSON_PATH } from '#plan/model/schema/terms.ts';
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
});
