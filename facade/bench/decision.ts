import type { Plan } from '#plan/model/plan.ts';
import { decide } from '../core/decide.ts';
import { initialPosition } from '../core/position.ts';
import { buildSnapshot } from '../core/snapshot.ts';
import { planOf, routeOf } from '../test-kit/plan-of.ts';

const ROUNDS = 15;
const CALLS = 200_000;

/** Nanoseconds of one decision (matching and choosing) in a plan of `routes` routes: the median of 15 rounds. */
export function decisionNanos(routes: number): number {
  const plan = planOfSize(routes);
  const snapshot = buildSnapshot(plan, new Map(plan.routes.map((route) => [route.name, initialPosition])));
  const paths = Array.from({ length: 64 }, (_, n) => `/api/part-${(n * 7919) % routes}/items/${n}`);
  const bucket = () => 0;
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.hrtime.bigint();
    for (let call = 0; call < CALLS; call++) {
      const { upstream } = decide(snapshot, 'GET', paths[call & 63] as string, bucket);
      if (upstream === null) throw new Error('nobody answers');
    }
    rounds.push(Number(process.hrtime.bigint() - started) / CALLS);
  }
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1] as number;
}

function planOfSize(count: number): Plan {
  return planOf({
    routes: Array.from({ length: count }, (_, n) =>
      routeOf(`part-${n}`, [`GET /api/part-${n}`, `GET /api/part-${n}/items/:id`]),
    ),
  });
}
