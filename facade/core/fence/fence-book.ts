import type { Fence } from './fence.ts';

/** The fences of clients, by a key for each, in bounded memory: the oldest is given up for one too many. */
export class FenceBook {
  readonly #max: number;
  /** Oldest first. */
  readonly #fences = new Map<string, Fence>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#fences.size;
  }

  get(client: string): Fence | undefined {
    return this.#fences.get(client);
  }

  /** Keeps the newer of two of one client. Gives the one that had to go, null when there was room. */
  put(client: string, fence: Fence): Fence | null {
    const known = this.#fences.get(client);
    if (known && known.atMs > fence.atMs) return null;
    this.#fences.delete(client);
    this.#fences.set(client, fence);
    if (this.#fences.size <= this.#max) return null;
    const [[oldest, gone]] = this.#fences as unknown as [[string, Fence]];
    this.#fences.delete(oldest);
    return gone;
  }

  /** Takes a client's fence away if it is this one or an older one. */
  drop(client: string, fence: Fence): void {
    const known = this.#fences.get(client);
    if (known && known.atMs <= fence.atMs) this.#fences.delete(client);
  }

  /** Takes away, from the oldest on, what is over. */
  prune(isOver: (fence: Fence) => boolean): void {
    for (const [client, fence] of this.#fences) {
      if (!isOver(fence)) return;
      this.#fences.delete(client);
    }
  }
}
