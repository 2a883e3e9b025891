// Two generations of at most so many clients: what is not asked for is forgotten, and no client list grows for ever.
const MAX_CLIENTS = 32_768;

/**
 * Limits requests for each key by GCRA, the leaky bucket that needs one number a key (ITU-T I.371). In a quiet second
 * the allowance of one second gathers; a key may use it at once. The cost does not depend on the number of keys, and
 * memory is bounded: beyond 65,536 keys the oldest are forgotten, and start with a full allowance.
 */
export class RateLimiter {
  readonly #maxClients: number;
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  /** What was let in since `untold` was asked; null while nobody asks. */
  #untold: Map<string, number> | null = null;

  constructor(maxClients = MAX_CLIENTS) {
    this.#maxClients = maxClients;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Takes one request of a key; gives 0, or the milliseconds after which it may come again. */
  take(key: string, ratePerSecond: number, nowMs: number): number {
    const stepMs = 1000 / ratePerSecond;
    const burstMs = Math.max(0, 1000 - stepMs);
    const due = Math.max(this.#young.get(key) ?? this.#old.get(key) ?? 0, nowMs);
    if (due - nowMs > burstMs + 1e-6) return due - nowMs - burstMs;
    this.#keep(key, due + stepMs);
    this.#untold?.set(key, (this.#untold.get(key) ?? 0) + 1);
    return 0;
  }

  /** What was let in since this was last asked, for limiters that share the limit: they `add` it. Nothing at first. */
  untold(): [key: string, requests: number][] {
    const untold = this.#untold ? [...this.#untold] : [];
    if (untold.length > 0 || !this.#untold) this.#untold = new Map();
    return untold;
  }

  /** Counts what another one let in: it is taken from the allowance that is to come. */
  add(key: string, requests: number, ratePerSecond: number, nowMs: number): void {
    const due = Math.max(this.#young.get(key) ?? this.#old.get(key) ?? 0, nowMs);
    this.#keep(key, due + (requests * 1000) / ratePerSecond);
  }

  #keep(key: string, due: number): void {
    if (this.#young.size >= this.#maxClients && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, due);
  }
}
