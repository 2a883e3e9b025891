import type { Plan } from '#plan/model/plan.ts';

/** How much somebody must move at least, and over how long that is judged. */
export type Pace = {
  readonly windowMs: number;
  /** Null: anything but nothing will do. */
  readonly minBytesPerSecond: number | null;
};

/** Judges one side of an exchange by what it moves while the other side waits for it. */
export class PaceMeter {
  #sinceMs: number | null = null;
  #bytes = 0;

  /** `waiting`: somebody waits for it now; `bytes`: what it moved so far. True when it is too slow to be waited for. */
  tooSlow(waiting: boolean, bytes: number, pace: Pace, nowMs: number): boolean {
    if (!waiting) {
      this.#sinceMs = null;
      return false;
    }
    if (this.#sinceMs !== null) {
      const ms = nowMs - this.#sinceMs;
      if (ms < pace.windowMs) return false;
      const needed = Math.max(1, ((pace.minBytesPerSecond ?? 0) * ms) / 1000);
      if (bytes - this.#bytes < needed) return true;
    }
    this.#sinceMs = nowMs;
    this.#bytes = bytes;
    return false;
  }
}

/** Looks several times in each window, so that none is judged much later than it ended. */
export const lookEveryMs = ({ windowMs }: Pace): number => Math.min(5_000, Math.max(20, windowMs / 4));

/** What a plan asks of clients. */
export const paceOf = ({ timeouts, clients }: Plan): Pace => ({
  windowMs: timeouts.idleMs,
  minBytesPerSecond: clients.minBytesPerSecond,
});
