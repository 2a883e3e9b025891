/** So many at once, so many that wait, first come, first served. */
export class Places {
  readonly #atOnce: number;
  readonly #waiting: number;
  readonly #queue: (() => void)[] = [];
  #taken = 0;

  constructor(atOnce: number, waiting: number) {
    this.#atOnce = atOnce;
    this.#waiting = waiting;
  }

  /** Gives what to call when it is over (calls after the first do nothing); null when nobody else may wait. */
  async enter(): Promise<(() => void) | null> {
    if (this.#taken >= this.#atOnce) {
      if (this.#queue.length >= this.#waiting) return null;
      // The place of the one that leaves is handed on, so that nobody slips in between.
      await new Promise<void>((go) => this.#queue.push(go));
    } else this.#taken += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#queue.shift();
      if (next) next();
      else this.#taken -= 1;
    };
  }
}
