import type { Plan } from '#plan/model/plan.ts';

/** How waiting ended: with a place, without one in time, or with a client that left. */
export type Waited = 'in' | 'late' | 'gone';

/** What tells that a client left: a response, or the socket of an upgrade. */
export type Leaver = {
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
};

/**
 * The places at one upstream: `concurrency` requests in flight, `queue` more that wait, first come, first served.
 * Nobody overtakes those who wait.
 */
export class Bulkhead {
  #limits: Plan['bulkhead'];
  readonly #waiting = new Set<() => void>();
  #inFlight = 0;
  #refused = 0;

  constructor(limits: Plan['bulkhead']) {
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#inFlight;
  }
  /** Who comes now has to wait. */
  get isFull(): boolean {
    return this.#inFlight >= this.#limits.concurrency;
  }
  get queued(): number {
    return this.#waiting.size;
  }
  /** Requests that got no place, since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Other limits from now on; who is in stays in. */
  limit(limits: Plan['bulkhead']): void {
    this.#limits = limits;
    while (this.#waiting.size > 0 && this.#inFlight < limits.concurrency) this.#admitNext();
  }

  /** Takes a place at once; false when there is none. */
  enter(): boolean {
    if (this.#inFlight >= this.#limits.concurrency || this.#waiting.size > 0) return false;
    this.#inFlight++;
    return true;
  }

  /** Waits for a place, at most `maxMs`; null when too many wait already. */
  wait(client: Leaver, maxMs: number): Promise<Waited> | null {
    if (this.#waiting.size >= this.#limits.queue) {
      this.#refused++;
      return null;
    }
    return new Promise((resolve) => {
      const end = (how: Waited) => {
        clearTimeout(timer);
        client.off('close', onClose);
        this.#waiting.delete(admit);
        if (how === 'late') this.#refused++;
        resolve(how);
      };
      const admit = () => end('in');
      const onClose = () => end('gone');
      const timer = setTimeout(() => end('late'), maxMs);
      client.once('close', onClose);
      this.#waiting.add(admit);
    });
  }

  /** Gives a place back: to who waits longest, if anybody does. */
  leave(): void {
    this.#inFlight--;
    if (this.#waiting.size > 0 && this.#inFlight < this.#limits.concurrency) this.#admitNext();
  }

  #admitNext(): void {
    this.#inFlight++;
    const [admit] = this.#waiting;
    admit?.();
  }
}
