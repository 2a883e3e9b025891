/** The copies of one route: so many in flight, so many that wait, first come, first served. */
export class ShadowQueue {
  readonly #waiting: { start: () => void; sinceMs: number }[] = [];
  #running = 0;

  isFull(limits: { readonly concurrency: number; readonly queue: number }): boolean {
    return this.#running >= limits.concurrency && this.#waiting.length >= limits.queue;
  }

  /**
   * Runs `work` now or when its turn comes; `waitedMs` says how long that took. False when nobody else may wait: then it is
   * never run. The limits are those of the moment, as a reload may change them.
   */
  enter(
    limits: { readonly concurrency: number; readonly queue: number },
    work: (waitedMs: number) => Promise<void>,
  ): boolean {
    if (this.isFull(limits)) return false;
    const sinceMs = performance.now();
    const start = () => {
      this.#running += 1;
      void work(performance.now() - sinceMs).finally(() => {
        this.#running -= 1;
        if (this.#running < limits.concurrency) this.#waiting.shift()?.start();
      });
    };
    if (this.#running < limits.concurrency) start();
    else this.#waiting.push({ start, sinceMs });
    return true;
  }
}
