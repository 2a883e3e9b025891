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

/** A look that comes later than this, in times of what lies between two, is late because this process stood still. */
const LATE = 2;

/**
 * Looks again and again, for as long as there is something to look at. `look` gets a time, in ms, in which this process
 * stood still only for moments: nobody is judged by what it could not see.
 */
export class Looks {
  readonly #everyMs: () => number;
  readonly #look: (nowMs: number) => boolean;
  #timer: NodeJS.Timeout | null = null;
  #nowMs = 0;

  /** `look` says whether there is something left to look at. */
  constructor(everyMs: () => number, look: (nowMs: number) => boolean) {
    this.#everyMs = everyMs;
    this.#look = look;
  }

  begin(): void {
    if (this.#timer) return;
    const everyMs = this.#everyMs();
    const begun = performance.now();
    this.#timer = setTimeout(() => {
      // What moved while this process stood still counts first.
      setImmediate(() => {
        this.#timer = null;
        this.#nowMs += Math.min(performance.now() - begun, LATE * everyMs);
        if (this.#look(this.#nowMs)) this.begin();
      });
    }, everyMs).unref();
  }
}

/** What a plan asks of clients. */
export const paceOf = ({ timeouts, clients }: Plan): Pace => ({
  windowMs: timeouts.idleMs,
  minBytesPerSecond: clients.minBytesPerSecond,
});
