import type { Plan } from '#plan/model/plan.ts';

/** The part of the bulkhead that one of several workers has: together they have all places, and each has at least one. */
export function shareOf({ concurrency, queue }: Plan['bulkhead'], worker: number, workers: number) {
  const part = (total: number) => Math.floor(total / workers) + (worker <= total % workers ? 1 : 0);
  return { concurrency: Math.max(1, part(concurrency)), queue: part(queue) };
}
