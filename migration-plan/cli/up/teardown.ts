/**
 * What has to be undone, in reverse order. Once it runs, whatever still gets ready is undone at once: a start that
 * was interrupted half-way leaves nothing behind.
 */
export class Teardown {
  readonly #steps: (() => Promise<void>)[] = [];
  readonly #abort = new AbortController();
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Aborted as soon as the teardown begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Remembers how to undo what is ready now. Rejects when the teardown has begun already, after undoing it. */
  async add(step: () => Promise<void>): Promise<void> {
    if (!this.signal.aborted) {
      this.#steps.push(step);
      return;
    }
    await this.#undo(step);
    this.signal.throwIfAborted();
  }

  async run(): Promise<void> {
    this.#abort.abort();
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) await this.#undo(step);
  }

  async #undo(step: () => Promise<void>): Promise<void> {
    await step().catch((error: Error) => this.#say(error.message));
  }
}
