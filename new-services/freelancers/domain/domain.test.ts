import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  activateFreelancer,
  archiveFreelancer,
  blockFreelancer,
  editFreelancer,
  type Freelancer,
  matchcodeOf,
  type Profile,
  registerFreelancer,
} from './freelancer.ts';
import { FREELANCER_NAMESPACE, freelancerId } from './freelancer-id.ts';
import { upperByLetter } from './letter-case.ts';
import { fold } from './matchcode.ts';
import { formatAmount, moneyOf, parseAmount } from './money.ts';
import { searchText, skillKey, textNeedle } from './search-text.ts';

const profile: Profile = {
  name: { first: 'Jürgen', last: 'Größe' },
  status: 'active',
  blockReason: null,
  hourlyRate: { amount: '95.00', currency: 'EUR' },
  skills: ['java', 'SQL'],
  email: 'j.groesse@example.org',
  phone: null,
  city: 'Köln',
  country: 'DE',
  notes: null,
  availableFrom: null,
};
const born = new Date('2026-01-02T03:04:05.678Z');
const later = new Date('2026-02-02T03:04:05.678Z');
const someone = (): Freelancer => registerFreelancer(profile, 17, born);

describe('fold', () => {
  test.each([
    ['Größe, Jürgen', 'GROESSE, JUERGEN'],
    ['  Núñez,   José ', 'NUNEZ, JOSE'],
    ['Иванов, Пётр', ','],
    ['Иванов', ''],
    ['O’Neil', 'ONEIL'],
    ['a\tb', 'AB'],
    ['a\u0308', 'A'],
  ])('%j becomes %j', (text, folded) => {
    expect(fold(text)).toBe(folded);
  });

  test('gives printable ASCII without lower case, outer or double spaces, and folding twice changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const folded = fold(text);
        expect(folded).toMatch(/^([!-`{-~]+( [!-`{-~]+)*)?$/);
        expect(fold(folded)).toBe(folded);
      }),
    );
  });
});

describe('money', () => {
  test('survives text and back for every amount of hundredths, exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 99_999_999_999_999_999n }), (hundredths) => {
        expect(parseAmount(formatAmount(hundredths))).toBe(hundredths);
      }),
    );
  });

  test('orders as its hundredths do', () => {
    const cents = fc.bigInt({ min: 0n, max: 10n ** 17n - 1n });
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        const [left, right] = [parseAmount(formatAmount(a)) ?? -1n, parseAmount(formatAmount(b)) ?? -1n];
        expect(left < right).toBe(a < b);
      }),
    );
  });

  test.each(['', '-1.00', '1.234', '1e3', '1,00', ' 1', '.5', '0x10', '1234567890123456'])(
    'rejects %j',
    (text) => {
      expect(moneyOf(text, 'EUR')).toBeNull();
    },
  );

  test('writes one canonical form', () => {
    expect(moneyOf('95', 'EUR')).toEqual({ amount: '95.00', currency: 'EUR' });
    expect(moneyOf('007.5', 'EUR')).toEqual({ amount: '7.50', currency: 'EUR' });
  });
});

describe('freelancer', () => {
  test('has an id that follows from its number', () => {
    expect(FREELANCER_NAMESPACE).toBe('f49084ef-d7be-5adb-af80-977b709a7eae');
    expect(someone().id).toBe(freelancerId(17));
    expect(freelancerId(17)).not.toBe(freelancerId(18));
  });

  test('has a matchcode of last and first name, without a comma for a mononym', () => {
    expect(someone().matchcode).toBe('GROESSE, JUERGEN');
    expect(matchcodeOf({ first: '', last: 'Prince' })).toBe('PRINCE');
  });

  test('is the same object, version and time after an edit that changes nothing', () => {
    const before = someone();
    const edit = { name: { ...profile.name }, skills: [...profile.skills], city: 'Köln' };
    expect(editFreelancer(before, edit, later)).toBe(before);
  });

  test('keeps an imported matchcode until it is renamed', () => {
    const imported = { ...someone(), matchcode: 'IMPORTED' };
    expect(editFreelancer(imported, { city: 'Bonn' }, later).matchcode).toBe('IMPORTED');
    const renamed = editFreelancer(imported, { name: { first: 'A', last: 'B' } }, later);
    expect(renamed).toMatchObject({ matchcode: 'B, A', version: 2, updatedAt: later, createdAt: born });
  });

  test('is blocked once, with its reason, and activated without it', () => {
    const blocked = blockFreelancer(someone(), 'no show', later);
    expect(blocked).toMatchObject({ status: 'blocked', blockReason: 'no show', version: 2 });
    expect(blockFreelancer(blocked as Freelancer, 'again', later)).toBeNull();
    const active = activateFreelancer(blocked as Freelancer, later);
    expect(active).toMatchObject({ status: 'active', blockReason: null, version: 3 });
    expect(activateFreelancer(active, later)).toBe(active);
  });

  test('is archived once', () => {
    const archived = archiveFreelancer(someone(), later);
    expect(archived).toMatchObject({ archived: true, version: 2 });
    expect(archiveFreelancer(archived, later)).toBe(archived);
  });
});

describe('upper case by letter', () => {
  test.each([
    ['Straßenbau', 'STRAßENBAU'],
    ['ŉ ǰ ﬁ ΐ', 'ŉ ǰ ﬁ ΐ'],
    ['ſql ı İ ÿ ς', 'SQL I İ Ÿ Σ'],
    ['😀 𐐨', '😀 𐐀'],
  ])('makes %j %j', (text, large) => {
    expect(upperByLetter(text)).toBe(large);
  });

  test('never changes the length, and is done after one time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const large = upperByLetter(text);
        expect(large).toHaveLength(text.length);
        expect(upperByLetter(large)).toBe(large);
      }),
    );
  });
});

describe('search text', () => {
  test('keeps ß and its like as they are, in e-mail and skills', () => {
    const odd = {
      ...someone(),
      matchcode: 'M',
      email: 'jörg.weiß@x.example',
      skills: ['Straßenbau', 'ŉode'],
    };
    expect(searchText(odd)).toBe('M\nJÖRG.WEIß@X.EXAMPLE\nSTRAßENBAU,ŉODE');
    expect(skillKey('straßenbau')).toBe(skillKey('STRAßENBAU'));
    expect(skillKey('straßenbau')).not.toBe(skillKey('strassenbau'));
  });

  test('holds matchcode, e-mail and skills, and not the city', () => {
    expect(searchText(someone())).toBe('GROESSE, JUERGEN\nJ.GROESSE@EXAMPLE.ORG\nJAVA,SQL');
  });

  test.each([
    ['größe', { in: 'text', needle: 'GROESSE' }],
    ['Петр', { in: 'name', needle: 'петр' }],
    ['%', { in: 'text', needle: '%' }],
    ['  ', null],
  ])('the query %j looks for %j', (query, needle) => {
    expect(textNeedle(query)).toEqual(needle);
  });
});
