import { describe, expect, test } from '@jest/globals';
import { canary, planOf, routeOf } from '../test-kit/plan-of.ts';
import { aheadOf, waitsFor } from './dependencies.ts';
import { initialPosition, type Position } from './position.ts';
import { buildSnapshot, type RouteState } from './snapshot.ts';

const plan = planOf({
  routes: [
    routeOf('articles', ['/articles'], { dependsOn: ['authors', 'tags'] }),
    routeOf('authors', ['/authors']),
    routeOf('tags', ['/tags']),
  ],
});
const candidate = { stage: 'candidate', hundredths: 0 } as const;

function statesAt(positions: Record<string, Partial<Position>>) {
  const entries = Object.entries(positions).map(([name, part]) => [name, { ...initialPosition, ...part }]);
  return buildSnapshot(plan, new Map(entries as [string, Position][])).states;
}
const names = (states: readonly RouteState[]) => states.map(({ route }) => route.name);

describe('a route', () => {
  test.each<[string, Record<string, Partial<Position>>, string[]]>([
    ['that never moved', {}, ['authors', 'tags']],
    ['at a smaller share', { authors: canary(9.99), tags: canary(10) }, ['authors']],
    ['at the same share, or further', { authors: canary(10), tags: candidate }, []],
    ['that is retired', { authors: { stage: 'retired' }, tags: { stage: 'retired' } }, []],
    ['that is killed', { authors: { ...candidate, killed: true }, tags: candidate }, ['authors']],
  ])('waits for one it depends on %s', (_what, positions, expected) => {
    const states = statesAt(positions);
    expect(names(waitsFor(states.get('articles') as RouteState, canary(10), states))).toEqual(expected);
  });

  test('knows who depends on it and stands further', () => {
    const states = statesAt({ articles: canary(10), tags: canary(10) });
    expect(names(aheadOf(states.get('authors') as RouteState, states))).toEqual(['articles']);
    expect(aheadOf(states.get('tags') as RouteState, states)).toEqual([]);
    expect(aheadOf(states.get('articles') as RouteState, states)).toEqual([]);
  });
});
