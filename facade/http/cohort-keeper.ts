import type { IncomingMessage } from 'node:http';
import { bucketOf } from '../core/cohort.ts';
import { COHORT_COOKIE, type HeldBuckets, heldBuckets, sealBuckets } from '../core/cohort-cookie.ts';
import type { RouteState, Snapshot } from '../core/snapshot.ts';
import { clientAddress, cohortKey, cookieValues, type Edge } from './edge.ts';
import { sharedCacheMayKeep } from './shared-cache.ts';

const MAX_AGE_SECONDS = 30 * 24 * 3600;

/** The cohort of one request: nothing is computed unless a route in canary asks. */
export class RequestCohort {
  readonly #request: IncomingMessage;
  readonly #edge: Edge;
  readonly #secret: Buffer;
  #key: string | undefined;
  #held: HeldBuckets | undefined;

  constructor(request: IncomingMessage, edge: Edge, secret: Buffer) {
    // Read before the forwarder replaces the request's headers.
    this.#request = request;
    this.#edge = edge;
    this.#secret = secret;
  }

  /** The bucket that the client's cookie holds, else the one of its key. */
  readonly bucket = (state: RouteState): number => {
    return this.#heldBuckets().get(state.mark) ?? bucketOf(state.seed, this.key);
  };

  /** What tells this client apart from others. */
  get key(): string {
    this.#key ??= cohortKey(this.#request, this.#edge);
    return this.#key;
  }

  /** The client is told apart by its address alone, and has shown that it keeps cookies. */
  get isOnlyKnownByCookie(): boolean {
    return this.#heldBuckets().size > 0 && this.key === clientAddress(this.#request, this.#edge);
  }

  get isSecure(): boolean {
    return this.#edge.secure;
  }

  /**
   * The Set-Cookie that keeps the client's first buckets; null when its cookie holds this route already or a shared
   * cache may keep the answer. It names every route in canary, so that parallel answers do not overwrite each other.
   */
  cookieFor(state: RouteState, snapshot: Snapshot, method: string, answer: string[]): string | null {
    if (this.#heldBuckets().has(state.mark) || sharedCacheMayKeep(method, answer)) return null;
    const buckets = new Map(snapshot.canary.map((canary) => [canary.mark, this.bucket(canary)]));
    const value = sealBuckets(buckets, this.#secret);
    const secure = this.#edge.secure ? '; Secure' : '';
    return `${COHORT_COOKIE}=${value}; Path=/; Max-Age=${MAX_AGE_SECONDS}; HttpOnly; SameSite=Lax${secure}`;
  }

  /** Computes what later calls need, while the client's own headers are still there. */
  capture(): void {
    void this.key;
    this.#heldBuckets();
  }

  #heldBuckets(): HeldBuckets {
    this.#held ??= heldBuckets(cookieValues(this.#request.headers.cookie, COHORT_COOKIE), this.#secret);
    return this.#held;
  }
}
