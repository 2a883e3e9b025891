/** A limit passes in so many steps. */
export const STEPS = 4;

/**
 * A time limit for what comes from a socket, of time in which this process ran. Where it stood still itself (it was
 * frozen, or had no core), timers run before sockets are read, and whoever kept to the limit would pass for silent: a
 * step that took longer counts once, and behind the last one what has come by then is read first.
 */
export class Deadline {
  #timer: NodeJS.Timeout | undefined;
  #lastLook: NodeJS.Immediate | undefined;
  #left = STEPS;

  /** In place of any limit before it; 0 ms: no limit. */
  set(ms: number, onExpired: () => void): void {
    this.clear();
    if (ms <= 0) return;
    this.#left = STEPS;
    this.#timer = setTimeout(() => {
      this.#left--;
      if (this.#left > 0) this.#timer?.refresh();
      else this.#lastLook = setImmediate(onExpired);
    }, ms / STEPS);
  }

  /** Something moved: the limit begins anew. */
  refresh(): void {
    clearImmediate(this.#lastLook);
    this.#left = STEPS;
    this.#timer?.refresh();
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastLook);
    this.#timer = undefined;
  }
}
