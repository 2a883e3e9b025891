import { expect, test } from '@jest/globals';
import { readDate, showDate, showDateTime } from './dates.ts';
import { fold } from './matchcode.ts';
import { checkPassword, hashPassword } from './password.ts';

test.each([
  ['Müller, Jürgen', 'MUELLER, JUERGEN'],
  ['weiß', 'WEISS'],
  ['Łukasz Żak', 'UKASZ ZAK'],
  ['Yıldız', 'YLDZ'],
  ['İbrahim', 'IBRAHIM'],
  ['Иван', ''],
  ['Иванов, Иван', ','],
  ['  a   b ', 'A B'],
  ['a\tb', 'AB'],
  ['mu\u0308ller', 'MULLER'],
  ['100%_', '100%_'],
])('fold(%j) is %j', (name, match) => {
  expect(fold(name)).toBe(match);
});

test('dates are shown the German way, and nothing and the zero date are nothing', () => {
  expect(showDate('2024-02-29')).toBe('29.02.2024');
  expect(showDateTime('2024-02-29 13:14:15')).toBe('29.02.2024 13:14');
  for (const none of [null, '', '0000-00-00', '0000-00-00 00:00:00']) {
    expect(showDate(none)).toBe('');
    expect(showDateTime(none)).toBe('');
  }
});

test('reads only days of the calendar', () => {
  expect(readDate('29.02.2024')).toBe('2024-02-29');
  for (const odd of [
    '29.02.2023',
    '1.1.2024',
    '2024-01-01',
    '01.13.2024',
    '00.01.2024',
    '01.01.0000',
    5,
    null,
    '01.01.2024 ',
  ]) {
    expect(readDate(odd)).toBeNull();
  }
});

test('a password is checked against its salted hash', async () => {
  const stored = hashPassword('secret');
  expect(hashPassword('secret')).not.toBe(stored);
  expect(await checkPassword('secret', stored)).toBe(true);
  expect(await checkPassword('Secret', stored)).toBe(false);
  expect(await checkPassword('secret', 'plain')).toBe(false);
});
