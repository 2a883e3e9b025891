import type { Upstream } from '#plan/model/plan.ts';

/** One pool of connections for each upstream: the same address with other TLS settings is another one. */
export class Pools<T> {
  readonly #open: (upstream: Upstream) => T;
  readonly #pools = new Map<string, T>();

  constructor(open: (upstream: Upstream) => T) {
    this.#open = open;
  }

  of(upstream: Upstream): T {
    const key = keyOf(upstream);
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = this.#open(upstream);
      this.#pools.set(key, pool);
    }
    return pool;
  }

  /** Forgets the pools of all other upstreams; gives those. */
  retain(upstreams: readonly Upstream[]): T[] {
    const kept = new Set(upstreams.map(keyOf));
    const left: T[] = [];
    for (const [key, pool] of this.#pools) {
      if (kept.has(key)) continue;
      this.#pools.delete(key);
      left.push(pool);
    }
    return left;
  }

  clear(): T[] {
    return this.retain([]);
  }
}

const keyOf = ({ url, keepAliveMs, tls }: Upstream): string => JSON.stringify([url, keepAliveMs, tls]);
