import type { ServerResponse } from 'node:http';

/** What a tap may hold in memory, over all answers that are being kept at the moment. */
export class CaptureBudget {
  readonly #limit: number;
  #taken = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  take(bytes: number): boolean {
    if (this.#taken + bytes > this.#limit) return false;
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }
}

/**
 * Keeps a copy of what goes to a client, as it goes: nothing waits for it, and beyond the limit it lets go of what it has.
 * It sees the body as the upstream sent it, whichever forwarder brings it.
 */
export class AnswerTap {
  status = 0;
  rawHeaders: readonly string[] = [];
  /** Why it let go of what it had: more than the limit, or all taps together hold as much as they may. */
  exceeded: 'too-large' | 'no-memory' | null = null;
  readonly #budget: CaptureBudget;
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(response: ServerResponse, maxBytes: number, budget: CaptureBudget) {
    this.#budget = budget;
    this.#maxBytes = maxBytes;
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

  body(): Buffer {
    return this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
  }

  /** Lets go of what was kept. Safe to call twice. */
  release(): void {
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
    this.#parts = [];
  }

  // What comes before a head is the facade's own.
  #keep(chunk: unknown): void {
    if (this.exceeded !== null || this.status === 0 || !Buffer.isBuffer(chunk) || chunk.length === 0) return;
    if (this.#bytes + chunk.length > this.#maxBytes) this.exceeded = 'too-large';
    else if (!this.#budget.take(chunk.length)) this.exceeded = 'no-memory';
    if (this.exceeded !== null) {
      this.release();
      return;
    }
    this.#bytes += chunk.length;
    this.#parts.push(chunk);
  }
}
