/**
 * A time limit for what comes from a socket. Where the process itself stood still (it was frozen, or had no core),
 * timers run before sockets are read, and whoever kept to the limit would pass for silent: what has come by then is
 * read first.
 */
export class Deadline {
  #timer: NodeJS.Timeout | undefined;
  #lastLook: NodeJS.Immediate | undefined;

  /** In place of any limit before it; 0 ms: no limit. */
  set(ms: number, onExpired: () => void): void {
    this.clear();
    if (ms > 0)
      this.#timer = setTimeout(() => {
        this.#lastLook = setImmediate(onExpired);
      }, ms);
  }

  /** Something moved: the limit begins anew. */
  refresh(): void {
    clearImmediate(this.#lastLook);
    this.#timer?.refresh();
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastLook);
    this.#timer = undefined;
  }
}
