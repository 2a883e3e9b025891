import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { answerOf } from '../../test-kit/comparison.ts';
import { compareAnswers, compileRules } from '../compare/index.ts';
import { compileRedaction, Redactor } from './redactor.ts';

const PLAIN = { 'content-type': 'text/plain' };
const redactor = () => new Redactor(compileRedaction({ headers: [], json: [] }));
const rules = compileRules({ ignore: [], unordered: [], tolerance: {}, equivalent: [], headers: [] });
/** As long as one is, and the same in each run. */
const keyOf = (of: string) => {
  const line = (_: unknown, n: number) => createHash('sha384').update(`${of}${n}`).digest('base64');
  const lines = Array.from({ length: 12 }, line).join('\n');
  return `-----BEGIN RSA PRIVATE KEY-----\n${lines}\n-----END RSA PRIVATE KEY-----\n`;
};
/** Of 16 kinds of characters alone, which no line by itself can tell from a digest. */
const hexKey = (of: string) =>
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${createHash('sha256').update(of).digest('hex')}\n-----END OPENSSH PRIVATE KEY-----\n`;

function samplesOf(legacy: string, candidate: string): string {
  const [a, b] = [answerOf(legacy, PLAIN), answerOf(candidate, PLAIN)];
  const { differences } = compareAnswers(a, b, rules);
  expect(differences.length).toBeGreaterThan(0);
  return JSON.stringify(differences.map((difference) => redactor().sample(difference)));
}

const linesOf = (key: string) => key.split('\n').slice(1, -2);

describe('private keys in texts, of which samples show a line', () => {
  const [one, other] = [keyOf('one'), keyOf('other')];
  it.each<[string, string, string, readonly string[]]>([
    ['beside another text', one, 'x', linesOf(one)],
    ['beside another key', `a\n${one}b`, `a\n${other}b`, [...linesOf(one), ...linesOf(other)]],
    [
      'beside one that differs in its middle',
      one,
      one.replace(linesOf(one)[4]!, linesOf(other)[4]!),
      [linesOf(one)[4]!, linesOf(other)[4]!],
    ],
    ['with other ends of lines', one, one.replaceAll('\n', '\r\n'), linesOf(one)],
    [
      'without its head',
      linesOf(one).join('\n'),
      linesOf(other).join('\r\n'),
      [...linesOf(one), ...linesOf(other)],
    ],
    ['with a head and other characters', hexKey('a'), 'x', [hexKey('a').split('\n')[1]!]],
    ['with a head, beside another one', hexKey('a'), hexKey('b'), [hexKey('a').split('\n')[1]!]],
    [
      'indented',
      linesOf(one)
        .map((line) => `    ${line}`)
        .join('\n'),
      'x',
      linesOf(one),
    ],
  ])('%s', (_where, legacy, candidate, lines) => {
    const shown = samplesOf(legacy, candidate);
    expect(shown).toMatch(/REDACTED-(?:private-key|secret)-1-/);
    for (const line of lines) expect(shown).not.toContain(line.slice(0, 40));
  });

  it('a line of base64 is one wherever it is the whole of it', () => {
    const bytes = fc.uint8Array({ minLength: 48, maxLength: 300 });
    const randomly = bytes.map((seed) => createHash('sha512').update(seed).digest('base64'));
    fc.assert(
      fc.property(randomly, (line) => {
        for (const text of [
          line,
          ` ${line} `,
          `a\n${line}\nb`,
          JSON.stringify(`n\n${line}\nb`),
          `"${line}…"`,
        ])
          expect(redactor().text(text)).not.toContain(line.slice(1, 80));
      }),
    );
  });

  it.each([
    'a3f5c1d2e4b6a7988796a5b4c3d2e1f0a3f5c1d2e4b6a7988796a5b4c3d2e1f0',
    'A3F5C1D2E4B6A7988796A5B4C3D2E1F0A3F5C1D2E4B6A7988796A5B4C3D2E1F0',
    'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft2',
    'CustomerAccountSettingsNotificationPreferencesControllerV2',
    'api/V2/Customers/Settings/Notifications/Preferences/Email2',
    '/srv/Data/Uploads2026/Pictures/Summer/Holidays/Beach/Photo1',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAa1',
    '1234567890123456789012345678901234567890123456',
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    'etag: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= of it',
    'x7Kf9Qz2LmW4',
  ])('other long lines stay: %s', (line) => {
    for (const text of [line, `a\n${line}\nb`, JSON.stringify(`a\n${line}`)])
      expect(redactor().text(text)).toBe(text);
  });

  it('in JSON, where such values are ids and pictures, they stay', () => {
    const json = '{"picture":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}';
    expect(redactor().body(json, 'application/json')).toBe(json);
  });
});
