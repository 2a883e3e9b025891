/** Why reads of a whole set may go to its owner alone. `behind` it lags further than `maxLag` · `unknown` nobody can say. */
export type LagCause = 'behind' | 'unknown';

/** Ages by the clock of a database are cut to milliseconds. */
const ROUNDING_MS = 10;

/**
 * What is known of how far one set has been carried over. All times are milliseconds of one clock that never jumps.
 * An answer that was asked for at t and tells an age of the oldest waiting entry says: what was answered to clients
 * before t minus that age is at the other side.
 */
export class SetProgress {
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #lagMs: number | null = null;
  #carriedUntilMs = Number.NEGATIVE_INFINITY;

  /** `lagMs` null: whoever was asked does not know. Answers may come in another order than they were asked for. */
  heard(askedAtMs: number, lagMs: number | null): void {
    if (askedAtMs < this.#askedAtMs) return;
    this.#askedAtMs = askedAtMs;
    this.#lagMs = lagMs;
    if (lagMs !== null)
      this.#carriedUntilMs = Math.max(this.#carriedUntilMs, askedAtMs - lagMs - ROUNDING_MS);
  }

  /** Whether everything that was answered to clients before this moment has been carried over. */
  hasCarried(atMs: number): boolean {
    return atMs < this.#carriedUntilMs;
  }

  /** Null: not known, or only of longer ago than `maxLagMs`. */
  lagMs(nowMs: number, maxLagMs: number): number | null {
    return nowMs - this.#askedAtMs > maxLagMs ? null : this.#lagMs;
  }

  /** What was heard some time ago counts as that much further behind now. */
  cause(nowMs: number, maxLagMs: number): LagCause | null {
    const lagMs = this.lagMs(nowMs, maxLagMs);
    if (lagMs === null) return 'unknown';
    return nowMs - this.#askedAtMs + lagMs > maxLagMs ? 'behind' : null;
  }
}
