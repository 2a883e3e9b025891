import type { Copied } from './copier.ts';

const MIB = 1024 * 1024;
const MOST_BYTES = 8 * MIB;
const BYTES_PER_MS = (2 * MIB) / 1000;
/** What an answer that is none takes, in bytes that could have been read of one that is: mostly another connection. */
const NO_ANSWER_BYTES = 16 * 1024;
/** So many in a row are no accident: from then on one copy is a trial, until an answer comes that can be used. */
const IN_A_ROW = 16;
const TRIAL_MS = 500;

/**
 * Bounds what is spent on copies of one route that come to nothing, since it is clients' CPU: answers beyond the limit,
 * which a candidate may send without end and as fast as they are read, and such as are no answers at all. Times are
 * milliseconds of a clock that never jumps.
 */
export class Waste {
  #leftBytes = MOST_BYTES;
  #atMs: number;
  #inARow = 0;
  #nextTrialMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** No further copy for now. */
  isSpent(nowMs: number): boolean {
    return this.#left(nowMs) <= 0 || (this.#inARow >= IN_A_ROW && nowMs < this.#nextTrialMs);
  }

  began(nowMs: number): void {
    this.#nextTrialMs = nowMs + TRIAL_MS;
  }

  ended(copied: Copied, maxBodyBytes: number, nowMs: number): void {
    if (copied.kind === 'answer') {
      this.#inARow = 0;
      return;
    }
    this.#inARow += 1;
    this.#leftBytes = this.#left(nowMs) - (copied.kind === 'too-large' ? maxBodyBytes : NO_ANSWER_BYTES);
  }

  #left(nowMs: number): number {
    this.#leftBytes = Math.min(MOST_BYTES, this.#leftBytes + (nowMs - this.#atMs) * BYTES_PER_MS);
    this.#atMs = nowMs;
    return this.#leftBytes;
  }
}
