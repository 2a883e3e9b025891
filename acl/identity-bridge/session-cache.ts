import type { Session } from '../gateway-kit/identity.ts';

/** Longest Cookie header that is remembered; longer ones are asked about each time. */
const MAX_KEY_LENGTH = 4096;

export type SessionCacheOptions = {
  /** How long an answer is believed, from the moment it was asked for. */
  readonly maxAgeMs: number;
  readonly maxEntries: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
};

type Entry = { readonly untilMs: number; readonly session: Promise<Session | null> };

/**
 * Remembers who is logged in, for seconds. Only successes stay: a failure or "nobody" is asked again at once, so that
 * a fresh login is never refused. Requests that come together with the same cookie share one question.
 */
export class SessionCache {
  readonly #options: SessionCacheOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: SessionCacheOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  async through(cookie: string, ask: () => Promise<Session | null>): Promise<Session | null> {
    if (cookie.length > MAX_KEY_LENGTH) return ask();
    const nowMs = this.#options.nowMs();
    const known = this.#entries.get(cookie);
    if (known !== undefined && nowMs < known.untilMs) return known.session;
    const entry: Entry = { untilMs: nowMs + this.#options.maxAgeMs, session: ask() };
    this.#entries.delete(cookie);
    this.#entries.set(cookie, entry);
    this.#evict();
    const forget = () => {
      if (this.#entries.get(cookie) === entry) this.#entries.delete(cookie);
    };
    try {
      const session = await entry.session;
      if (session === null) forget();
      return session;
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** All entries live equally long, so the oldest is always the first. */
  #evict(): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.maxEntries) return;
      this.#entries.delete(oldest);
    }
  }
}
