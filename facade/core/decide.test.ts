import { describe, expect, test } from '@jest/globals';
import { canary, planOf, routeOf } from '../test-kit/plan-of.ts';
import { decide } from './decide.ts';
import { initialPosition, type Position } from './position.ts';
import { buildSnapshot } from './snapshot.ts';

const match = ['GET /a', 'POST /a', 'POST /a/search safe', 'GET /a/track unsafe'];
const plan = planOf({
  routes: [
    routeOf('free', match),
    routeOf(
      'owned',
      match.map((text) => text.replace('/a', '/o')),
      { data: { kind: 'owned', set: 's' } },
    ),
  ],
});

const at = (part: Partial<Position> | null) =>
  buildSnapshot(
    plan,
    part &&
      new Map(
        plan.routes.map((route) => [route.name, { ...initialPosition, version: 1, ...part } as Position]),
      ),
  );
const verdict = (part: Partial<Position> | null, method: string, path: string, bucket = 0) => {
  const { upstream, reason } = decide(at(part), method, path, () => bucket);
  return `${upstream} ${reason}`;
};
const IN = 0;
const OUT = 0xffffffff;

describe('a decision', () => {
  test.each<[string, Partial<Position> | null, string, string, number, string]>([
    ['a path without route', {}, 'GET', '/x', IN, 'legacy UNMATCHED'],
    ['stage legacy', {}, 'GET', '/a', IN, 'legacy STAGE'],
    ['stage shadow', { stage: 'shadow' }, 'GET', '/a', IN, 'legacy STAGE'],
    ['stage candidate', { stage: 'candidate' }, 'GET', '/a', OUT, 'candidate STAGE'],
    ['stage retired', { stage: 'retired' }, 'GET', '/a', OUT, 'candidate STAGE'],
    ['canary, a bucket inside', canary(10), 'GET', '/a', IN, 'candidate COHORT'],
    ['canary, a bucket outside', canary(10), 'GET', '/a', OUT, 'legacy COHORT'],
    ['a write without owned data', canary(10), 'POST', '/a', IN, 'candidate COHORT'],
    ['a write to owned data', { stage: 'candidate' }, 'POST', '/o', IN, 'legacy WRITER'],
    [
      'a write, the candidate owns',
      { stage: 'candidate', writer: 'candidate' },
      'POST',
      '/o',
      IN,
      'candidate WRITER',
    ],
    ['a read of owned data', { stage: 'candidate' }, 'GET', '/o', IN, 'candidate STAGE'],
    ['a POST marked safe', { stage: 'candidate' }, 'POST', '/o/search', IN, 'candidate STAGE'],
    ['a GET marked unsafe', { stage: 'candidate' }, 'GET', '/o/track', IN, 'legacy WRITER'],
    ['a HEAD', { stage: 'candidate' }, 'HEAD', '/o', IN, 'candidate STAGE'],
    ['a killed route', { stage: 'candidate', killed: true }, 'GET', '/a', IN, 'legacy KILLED'],
    ['a paused route', { stage: 'candidate', paused: true }, 'GET', '/a', IN, 'candidate STAGE'],
    ['no known position', null, 'GET', '/a', IN, 'legacy FENCED'],
    ['no known position, owned data', null, 'GET', '/o', IN, 'null FENCED'],
  ])('for %s', (_what, part, method, path, bucket, expected) => {
    expect(verdict(part, method, path, bucket)).toBe(expected);
  });

  test.each<[string, Partial<Position>, string, string, string]>([
    ['a read elsewhere', { stage: 'candidate' }, 'GET', '/o', 'legacy FENCED'],
    ['a read elsewhere by cohort', canary(10), 'GET', '/o', 'legacy FENCED'],
    ['a read elsewhere by a pin', { stage: 'shadow' }, 'GET', '/o', 'legacy FENCED'],
    ['a read at the owner', { stage: 'candidate', writer: 'candidate' }, 'GET', '/o', 'candidate PINNED'],
    ['a read past an owning candidate', { writer: 'candidate' }, 'GET', '/o', 'candidate FENCED'],
    ['a write', { stage: 'candidate' }, 'POST', '/o', 'legacy WRITER'],
    ['a killed route', { stage: 'candidate', killed: true }, 'GET', '/o', 'legacy KILLED'],
    ['a retired route', { stage: 'retired' }, 'GET', '/o', 'candidate STAGE'],
    ['a route that owns nothing', { stage: 'candidate' }, 'GET', '/a', 'candidate STAGE'],
  ])('by a fence, for %s', (what, part, method, path, expected) => {
    const pin = () => (/pin|at the owner/.test(what) ? 'candidate' : null);
    const { upstream, reason } = decide(
      at(part),
      method,
      path,
      () => IN,
      pin,
      () => 'behind',
    );
    expect(`${upstream} ${reason}`).toBe(expected);
  });

  test('asks for a bucket only in canary', () => {
    const ask = () => {
      throw new Error('asked');
    };
    for (const stage of ['legacy', 'shadow', 'candidate'] as const)
      expect(() => decide(at({ stage }), 'GET', '/a', ask)).not.toThrow();
    expect(() => decide(at(canary(10)), 'GET', '/a', ask)).toThrow('asked');
  });

  test('of a route that the ledger never saw is legacy', () => {
    const snapshot = buildSnapshot(plan, new Map());
    expect(decide(snapshot, 'GET', '/a', () => IN)).toMatchObject({ upstream: 'legacy', reason: 'STAGE' });
  });
});
