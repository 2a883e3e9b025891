/** Part of a budget for bodies; `CaptureBudget` is one. */
export type Budget = { take(bytes: number): boolean; give(bytes: number): void };

/** Chunks of this size are kept as they came. */
const LARGE_BYTES = 16 * 1024;
const MAX_BLOCK_BYTES = 64 * 1024;

/**
 * A body that is kept as it comes, chunk by chunk, within a limit of its own and a budget that it shares with others.
 * SECURITY: a body of a megabyte may come in a million chunks, each an object of a hundred bytes and more. Small ones
 * are copied together into blocks, and the budget counts blocks.
 */
export class KeptBody {
  /** Why it let go of what it had: more than the limit, or all that is kept takes as much as it may. */
  exceeded: 'too-large' | 'no-memory' | null = null;
  readonly #budget: Budget;
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  /** The block that has room behind all parts, and how much of it is filled. */
  #open: Buffer | null = null;
  #filled = 0;
  #bytes = 0;
  #taken = 0;
  #released = false;

  constructor(maxBytes: number, budget: Budget) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  /** False when nothing is kept any more: neither this nor what came before. */
  add(chunk: Buffer): boolean {
    if (this.#released) return false;
    if (chunk.length === 0) return true;
    if (this.#bytes + chunk.length > this.#maxBytes) return this.#exceed('too-large');
    if (!(chunk.length >= LARGE_BYTES ? this.#keep(chunk) : this.#copy(chunk)))
      return this.#exceed('no-memory');
    this.#bytes += chunk.length;
    return true;
  }

  /** All of it in one piece, of which the budget counts exactly the length from here on. */
  whole(): Buffer {
    this.#close();
    const whole =
      this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [whole];
    this.#budget.give(this.#taken - this.#bytes);
    this.#taken = this.#bytes;
    return whole;
  }

  /** Lets go of what was kept; what comes later is not kept either. Safe to call twice. */
  release(): void {
    this.#budget.give(this.#taken);
    this.#parts = [];
    this.#open = null;
    this.#filled = this.#bytes = this.#taken = 0;
    this.#released = true;
  }

  #exceed(reason: 'too-large' | 'no-memory'): false {
    this.release();
    this.exceeded = reason;
    return false;
  }

  #keep(chunk: Buffer): boolean {
    if (!this.#take(chunk.length)) return false;
    this.#close();
    this.#parts.push(chunk);
    return true;
  }

  #copy(chunk: Buffer): boolean {
    if (!this.#open || this.#open.length - this.#filled < chunk.length) {
      // Most bodies are one small chunk: the first block is no larger than it, the further ones grow with the body.
      const size = Math.max(chunk.length, Math.min(this.#bytes, MAX_BLOCK_BYTES));
      if (!this.#take(size)) return false;
      this.#close();
      this.#open = Buffer.allocUnsafe(size);
    }
    this.#filled += chunk.copy(this.#open, this.#filled);
    return true;
  }

  #close(): void {
    if (this.#open) this.#parts.push(this.#open.subarray(0, this.#filled));
    this.#open = null;
    this.#filled = 0;
  }

  #take(bytes: number): boolean {
    if (!this.#budget.take(bytes)) return false;
    this.#taken += bytes;
    return true;
  }
}
