import { describe, expect, it } from '@jest/globals';
import { compareAnswers, compileRules } from '../compare/index.ts';
import { byShape } from './by-shape.ts';

const rules = compileRules({ ignore: [], unordered: [], tolerance: {}, equivalent: [], headers: [] });
const answer = (at: unknown) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ at })),
});
const outcome = (legacy: unknown, candidate: unknown) =>
  byShape(compareAnswers(answer(legacy), answer(candidate), rules)).outcome;

describe('a time in the answer to a write and in that to its dry run', () => {
  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z'],
    ['2026-01-02T03:04:05.678Z', '2026-01-02T03:14:05.678Z'],
    ['2026-12-31 23:59:59', '2027-01-01 00:00:01'],
    ['31.12.2026 23:59', '01.01.2027 00:00'],
    ['31/12/2026 23:59', '01/01/2027 00:00'],
    ['2026-01-02T03:04:05+01:00', '2026-01-02T02:04:06+00:00'],
    ['2026-01-02T03:04:05-0130', '2026-01-02T02:04:06-0230'],
  ])('is one that each made for itself: %s and %s', (legacy, candidate) => {
    expect(outcome(legacy, candidate)).toBe('ignored');
    expect(outcome(candidate, legacy)).toBe('ignored');
  });

  it.each([
    ['an old one', '2026-01-02T03:04:05Z', '2016-01-02T03:04:05Z'],
    ['one of another day', '02.01.2026 03:04', '03.01.2026 03:04'],
    ['one of another time zone', '02.01.2026 03:04', '02.01.2026 04:04'],
    ['one of a zone of a quarter of an hour', '2026-01-02T03:04:05Z', '2026-01-02T03:19:05Z'],
    ['one whose offset is wrong', '2026-01-02T03:04:05+01:00', '2026-01-02T03:04:06+00:00'],
    ['one that is none', '2026-01-02T03:04:05Z', '2026-99-99T99:99:99Z'],
    ['another format', '2026-01-02T03:04:05Z', '2026-01-02 03:04:05'],
    ['null', '2026-01-02T03:04:05Z', null],
  ])('is a difference where the candidate tells %s', (_what, legacy, candidate) => {
    expect(outcome(legacy, candidate)).toBe('mismatch');
    expect(outcome(candidate, legacy)).toBe('mismatch');
  });

  it('is a difference where legacy tells a local time and the candidate an hour less', () => {
    expect(outcome('29.03.2026 03:30', '29.03.2026 02:30')).toBe('mismatch');
  });
});
