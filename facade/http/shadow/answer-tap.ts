import type { ClientResponse } from '../client-response.ts';
import { type Budget, KeptBody } from './kept-body.ts';

/**
 * Keeps a copy of what goes to a client, as it goes: nothing waits for it, and beyond the limit it lets go of what it has.
 * It sees the body as the upstream sent it, whichever forwarder brings it.
 */
export class AnswerTap {
  status = 0;
  rawHeaders: readonly string[] = [];
  readonly #kept: KeptBody;

  constructor(response: ClientResponse, maxBytes: number, budget: Budget) {
    this.#kept = new KeptBody(maxBytes, budget);
    response.watch((chunk) => this.#keep(chunk));
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
  #keep(chunk: Buffer): void {
    if (this.status !== 0) this.#kept.add(chunk);
  }
}
