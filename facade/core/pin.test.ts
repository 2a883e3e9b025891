import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openPin, type Pin, sealPin } from './pin.ts';

const secret = Buffer.from('a secret of this facade');
const pin: Pin = { route: 'articles', to: 'candidate', expiresAt: 1_000 };
const token = sealPin(pin, secret);

describe('a pin', () => {
  test('gives back the upstream that was sealed, until its second has come', () => {
    expect(openPin(token, 'articles', secret, 999)).toBe('candidate');
    expect(openPin(token, 'articles', secret, 1_000)).toBeNull();
    expect(openPin(sealPin({ ...pin, to: 'legacy' }, secret), 'articles', secret, 0)).toBe('legacy');
  });

  test('counts for its own route alone, and only under the secret that signed it', () => {
    expect(openPin(token, 'authors', secret, 0)).toBeNull();
    expect(openPin(token, 'articles', Buffer.from('another'), 0)).toBeNull();
  });

  test('is found among others, of which at most eight are looked at', () => {
    const other = sealPin({ ...pin, route: 'authors' }, secret);
    expect(openPin(`${other}~${token}`, 'articles', secret, 0)).toBe('candidate');
    expect(openPin(`garbage, ${token}`, 'articles', secret, 0)).toBe('candidate');
    expect(openPin(`${'x,'.repeat(8)}${token}`, 'articles', secret, 0)).toBeNull();
  });

  test('is worth nothing with one character changed', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 2), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        fc.pre(changed !== token);
        expect(openPin(changed, 'articles', secret, 0)).toBeNull();
      }),
    );
  });

  test.each([
    '',
    '.',
    '1.articles.candidate.9.',
    '1.articles.nobody.9.x',
    `1.articles.candidate.9.${'A'.repeat(43)}`,
  ])('is not %j', (text) => expect(openPin(text, 'articles', secret, 0)).toBeNull());
});
