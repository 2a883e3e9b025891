import type { IncomingMessage } from 'node:http';
import { Looks, lookEveryMs, type Pace, PaceMeter } from './pace.ts';

/** Look no less often: what is crowded now may have been empty a moment ago. */
const LOOK_MS = 1_000;
/** Where others wait for its place, a body must get on as fast as this, whatever the plan leaves to it otherwise. */
const CROWDED: Pace = { windowMs: 2_000, minBytesPerSecond: 1_024 };

type Watched = {
  readonly meter: PaceMeter;
  readonly isCrowded: () => boolean;
  readonly onTooSlow: (pace: Pace) => void;
};

/** Request bodies that are on their way, and whether they get on. */
export class SlowBodies {
  readonly #pace: () => Pace;
  readonly #bodies = new Map<IncomingMessage, Watched>();
  readonly #looks = new Looks(
    () => Math.min(LOOK_MS, lookEveryMs(this.#pace())),
    (now) => this.#look(now),
  );

  constructor(pace: () => Pace) {
    this.#pace = pace;
  }

  /**
   * Calls `onTooSlow` once when the client sends less of this body than it must, with what it must. `isCrowded`: others
   * wait for the place that it holds.
   */
  watch(request: IncomingMessage, isCrowded: Watched['isCrowded'], onTooSlow: Watched['onTooSlow']): void {
    this.#bodies.set(request, { meter: new PaceMeter(), isCrowded, onTooSlow });
    this.#looks.begin();
  }

  #look(now: number): boolean {
    const usual = this.#pace();
    for (const [request, { meter, isCrowded, onTooSlow }] of this.#bodies) {
      if (request.complete || request.destroyed) {
        this.#bodies.delete(request);
        continue;
      }
      // Where an upstream does not read, or nobody does yet, the client is the one who waits.
      const waiting = request.readableFlowing === true && request.readableLength === 0;
      const pace = isCrowded() ? tighter(usual, CROWDED) : usual;
      if (!meter.tooSlow(waiting, request.socket.bytesRead, pace, now)) continue;
      this.#bodies.delete(request);
      onTooSlow(pace);
    }
    return this.#bodies.size > 0;
  }
}

function tighter(one: Pace, other: Pace): Pace {
  return {
    windowMs: Math.min(one.windowMs, other.windowMs),
    minBytesPerSecond: Math.max(one.minBytesPerSecond ?? 0, other.minBytesPerSecond ?? 0),
  };
}
