/** A worker that hangs does not read anybody's requests either: the answer to a write does not wait for it. */
const WAIT_MS = 250;

/** Waits until the other workers know a fence. */
export class TellFence {
  readonly #waiting = new Map<number, () => void>();
  #told = 0;

  /** `send` says it with this number; resolves when `done` is called with it, or when that takes too long. */
  async tell(send: (number: number) => void): Promise<void> {
    const number = ++this.#told;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS);
      this.#waiting.set(number, resolve);
      send(number);
    });
    clearTimeout(timer);
    this.#waiting.delete(number);
  }

  done(number: number): void {
    this.#waiting.get(number)?.();
  }
}
