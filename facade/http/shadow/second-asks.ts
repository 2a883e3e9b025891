import type { Again } from '../../core/noise/noise-table.ts';
import { ShadowQueue } from './shadow-queue.ts';

/** The side that answers clients must not feel it. */
const LIMITS = { concurrency: 4, queue: 256 };
/** Two answers of one millisecond, or of one second, tell the same time, and it would be taken for no noise. */
const AFTER_MS = { soon: 10, later: 1_100 };
const MAX_WAITING = 2_000;
/**
 * Samples that wait for the later moment at once. Each keeps its request and answer, which then outlive V8's young
 * generation: a hundred of them were pauses of 10 ms for clients.
 */
const MAX_SAMPLES = 16;

/** Second questions of one route to the side that answered. */
export class SecondAsks {
  readonly #queue = new ShadowQueue();
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();
  #waiting = 0;
  #samples = 0;

  /**
   * Runs `ask` a moment later, when `ready` says so and its turn has come; null when there is no place, or `ready` says no. Null too where enough of an endpoint
   * are under way to learn its noise: then when they have their answers, so that who waited can be judged by those.
   */
  async take<T>(
    endpoint: string,
    { when, missing }: Again,
    ask: () => Promise<T>,
    ready: () => Promise<boolean> = async () => true,
  ): Promise<T | null> {
    const isSample = missing === 0 && when === 'later';
    if (this.#waiting >= MAX_WAITING || (isSample && this.#samples >= MAX_SAMPLES)) return null;
    this.#waiting += 1;
    if (isSample) this.#samples += 1;
    const others = this.#underWay.get(endpoint) ?? new Set();
    try {
      if (missing > 0 && others.size >= missing) {
        await Promise.all(others);
        // Whoever asked takes note of the answer first.
        await later(0);
        return null;
      }
      const asked = later(AFTER_MS[when])
        .then(ready)
        .then((isReady) => (isReady ? this.#inTurn(ask) : null));
      this.#underWay.set(endpoint, others.add(asked));
      try {
        return await asked;
      } finally {
        others.delete(asked);
        if (others.size === 0) this.#underWay.delete(endpoint);
      }
    } finally {
      this.#waiting -= 1;
      if (isSample) this.#samples -= 1;
    }
  }

  #inTurn<T>(ask: () => Promise<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const entered = this.#queue.enter(LIMITS, () => ask().then(resolve, reject));
      if (!entered) resolve(null);
    });
  }
}

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
