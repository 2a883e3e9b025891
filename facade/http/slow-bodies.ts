import type { IncomingMessage } from 'node:http';
import { lookEveryMs, type Pace, PaceMeter } from './pace.ts';

/** Request bodies that are on their way, and whether they get on. */
export class SlowBodies {
  readonly #pace: () => Pace;
  readonly #bodies = new Map<IncomingMessage, { meter: PaceMeter; onTooSlow: () => void }>();
  #timer: NodeJS.Timeout | null = null;

  constructor(pace: () => Pace) {
    this.#pace = pace;
  }

  /** Calls `onTooSlow` once when the client sends less of this body than it must. */
  watch(request: IncomingMessage, onTooSlow: () => void): void {
    this.#bodies.set(request, { meter: new PaceMeter(), onTooSlow });
    this.#lookLater();
  }

  #lookLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#look();
      if (this.#bodies.size > 0) this.#lookLater();
    }, lookEveryMs(this.#pace())).unref();
  }

  #look(): void {
    const pace = this.#pace();
    const now = performance.now();
    for (const [request, { meter, onTooSlow }] of this.#bodies) {
      if (request.complete || request.destroyed) {
        this.#bodies.delete(request);
        continue;
      }
      // Where an upstream does not read, or nobody does yet, the client is the one who waits.
      const waiting = request.readableFlowing === true && request.readableLength === 0;
      if (!meter.tooSlow(waiting, request.socket.bytesRead, pace, now)) continue;
      this.#bodies.delete(request);
      onTooSlow();
    }
  }
}
