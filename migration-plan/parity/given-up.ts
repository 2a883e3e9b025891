/** After so many requests in a row without an answer it is asked whether anybody is there at all. */
const LIMIT = 5;

/** Says when there is no use in sending more: each further request would wait for its time to be up. */
export class GivenUp {
  readonly #isThere: () => Promise<unknown>;
  #silent = 0;
  #reason: string | null = null;

  /** `isThere` rejects when nobody answers. */
  constructor(isThere: () => Promise<unknown>) {
    this.#isThere = isThere;
  }

  heard(): void {
    this.#silent = 0;
  }

  async unheard(): Promise<void> {
    if (++this.#silent % LIMIT !== 0) return;
    await this.#isThere().catch((error: Error) => {
      this.#reason = `not sent, as ${LIMIT} requests in a row had no answer: ${error.message}`;
    });
  }

  /** Why nothing more is sent; null while there is hope. */
  get reason(): string | null {
    return this.#reason;
  }
}
