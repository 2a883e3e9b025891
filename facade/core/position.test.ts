import { describe, expect, test } from '@jest/globals';
import { canary, routeOf } from '../test-kit/plan-of.ts';
import {
  initialPosition,
  kill,
  type Move,
  nextStep,
  type Position,
  pause,
  resume,
  rollback,
  transition,
} from './position.ts';

const stages = [
  { stage: 'shadow', hundredths: 0 },
  canary(10),
  canary(50),
  { stage: 'candidate', hundredths: 0 },
  { stage: 'retired', hundredths: 0 },
] as const;
const route = routeOf('articles', ['GET /a'], { stages });
const owned = routeOf('articles', ['GET /a'], { stages, data: { kind: 'owned', set: 'articles' } });
const at = (part: Partial<Position>): Position => ({ ...initialPosition, version: 5, ...part });
const legacy = { stage: 'legacy', hundredths: 0 } as const;

const done = (move: Move): Position => {
  if (!move.ok) throw new Error(move.detail);
  return move.position;
};
const code = (move: Move) => (move.ok ? 'legal' : move.code);

describe('a position', () => {
  test('walks the stages of its route one by one, and every step counts one version', () => {
    let position = initialPosition;
    for (const [index, step] of stages.entries()) {
      expect(nextStep(position, stages)).toEqual(step);
      position = done(transition(position, route, step, false));
      expect(position).toMatchObject({ ...step, version: index + 1 });
    }
    expect(nextStep(position, stages)).toBeNull();
  });

  test.each([
    ['a skipped step', at({}), canary(10)],
    ['a step back', at(canary(50)), canary(10)],
    ['the step it stands on', at(canary(10)), canary(10)],
    ['a share that the plan does not name', at(canary(10)), canary(20)],
    ['legacy', at(canary(10)), legacy],
  ])('refuses %s without force', (_what, position, to) => {
    const move = transition(position, route, to, false);
    expect(code(move)).toBe('ROUTE_STEP_ILLEGAL');
    expect(code(transition(position, route, to, true))).toBe('legal');
  });

  test('explains a refusal with where it is, what comes next and what was asked', () => {
    const move = transition(at({ stage: 'shadow' }), route, canary(50), false);
    expect(move).toMatchObject({
      detail: expect.stringMatching(/articles is at shadow.*next step is canary 10%.*got canary 50%/),
    });
  });

  test('goes on with the first step beyond it when it stands outside the envelope', () => {
    expect(nextStep(at(canary(25)), stages)).toEqual(canary(50));
    expect(nextStep(at({ stage: 'candidate' }), [canary(10)])).toBeNull();
  });

  test('never leaves retired, not even by force', () => {
    const retired = at({ stage: 'retired' });
    expect(code(transition(retired, route, legacy, true))).toBe('ROUTE_RETIRED');
    expect(code(rollback(retired, route))).toBe('ROUTE_RETIRED');
    expect(code(kill(retired, route))).toBe('ROUTE_RETIRED');
  });

  test('is retired from candidate, also where its stages do not say so, and from nowhere before', () => {
    const to = { stage: 'retired', hundredths: 0 } as const;
    const short = { ...route, stages: [{ stage: 'candidate', hundredths: 0 }] } as const;
    expect(code(transition(at({ stage: 'candidate' }), short, to, false))).toBe('legal');
    expect(code(transition(at({ stage: 'shadow' }), short, to, false))).toBe('ROUTE_STEP_ILLEGAL');
  });

  test('is not retired while legacy owns the data', () => {
    const to = { stage: 'retired', hundredths: 0 } as const;
    expect(code(transition(at({ stage: 'candidate' }), owned, to, true))).toBe('ROUTE_WRITER_LEGACY');
    expect(code(transition(at({ stage: 'candidate', writer: 'candidate' }), owned, to, false))).toBe('legal');
  });

  test('rolls back to legacy from any stage, and not past a candidate that owns the data', () => {
    for (const { stage, hundredths } of [canary(50), { stage: 'candidate', hundredths: 0 } as const])
      expect(done(rollback(at({ stage, hundredths }), route))).toMatchObject({ ...legacy, version: 6 });
    expect(code(rollback(at({ stage: 'candidate', writer: 'candidate' }), owned))).toBe(
      'ROUTE_WRITER_CANDIDATE',
    );
  });

  test('keeps its stage through pause, kill and resume', () => {
    const paused = done(pause(at(canary(10))));
    const killed = done(kill(paused, route));
    expect(killed).toMatchObject({
      stage: 'canary',
      hundredths: 1000,
      paused: true,
      killed: true,
      version: 7,
    });
    expect(code(transition(killed, route, canary(50), false))).toBe('ROUTE_KILLED');
    expect(done(resume(killed))).toMatchObject({ ...canary(10), paused: false, killed: false, version: 8 });
  });

  test('does not change when what is asked for holds already', () => {
    const position = at({ paused: true });
    expect(pause(position)).toEqual({ ok: true, unchanged: true, position });
    expect(rollback(position, route)).toMatchObject({ unchanged: true });
  });
});
