import type { ServerResponse } from 'node:http';
import { type Budget, KeptBody } from './kept-body.ts';

/**
 * Keeps a copy of what goes to a client, as it goes: nothing waits for it, and beyond the limit it lets go of what it has.
 * It sees the body as the upstream sent it, whichever forwarder brings it.
 */
export class AnswerTap {
  status = 0;
  rawHeaders: readonly string[] = [];
  readonly #kept: KeptBody;

  constructor(response: ServerResponse, maxBytes: number, budget: Budget) {
    this.#kept = new KeptBody(maxBytes, budget);
    const write = response.write as (...given: unknown[]) => boolean;
    const end = response.end as (...given: unknown[]) => ServerResponse;
    response.write = (...given: unknown[]) => {
      this.#keep(given[0]);
      return write.apply(response, given);
    };
    response.end = (...given: unknown[]) => {
      this.#keep(given[0]);
      return end.apply(response, given);
    };
  }

  /** The upstream's own head; called again when another upstream takes over. */
  head(status: number, rawHeaders: readonly string[]): void {
    this.status = status;
    this.rawHeaders = rawHeaders;
  }

  /** Why it let go of what it had. */
  get exceeded(): KeptBody['exceeded'] {
    return this.#kept.exceeded;
  }

  body(): Buffer {
    return this.#kept.whole();
  }

  /** Lets go of what was kept. Safe to call twice. */
  release(): void {
    this.#kept.release();
  }

  // What comes before a head is the facade's own.
  #keep(chunk: unknown): void {
    if (this.status !== 0 && Buffer.isBuffer(chunk)) this.#kept.add(chunk);
  }
}
