import type { Copied } from './copier.ts';

const MIB = 1024 * 1024;
const MOST_BYTES = 32 * MIB;
const BYTES_PER_MS = (4 * MIB) / 1000;
/** What an answer that is none takes, in bytes that could have been read of one that is: mostly another connection. */
const NO_ANSWER_BYTES = 16 * 1024;

/**
 * Bounds what is spent on copies of one route that come to nothing, since it is clients' CPU: answers beyond the limit,
 * which a candidate may send without end and as fast as they are read, and such as are no answers at all.
 */
export class Waste {
  #leftBytes = MOST_BYTES;
  #atMs: number;

  /** Milliseconds of a clock that never jumps. */
  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** No further copy for now. */
  isSpent(nowMs: number): boolean {
    return this.#left(nowMs) <= 0;
  }

  ended(copied: Copied, maxBodyBytes: number, nowMs: number): void {
    if (copied.kind === 'answer') return;
    this.#leftBytes = this.#left(nowMs) - (copied.kind === 'too-large' ? maxBodyBytes : NO_ANSWER_BYTES);
  }

  #left(nowMs: number): number {
    this.#leftBytes = Math.min(MOST_BYTES, this.#leftBytes + (nowMs - this.#atMs) * BYTES_PER_MS);
    this.#atMs = nowMs;
    return this.#leftBytes;
  }
}
