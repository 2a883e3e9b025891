import type { Fence, FenceCause } from '../../core/fence/fence.ts';
import { FenceBook } from '../../core/fence/fence-book.ts';
import type { SetWatch } from './set-watch.ts';
import type { SetWatches } from './set-watches.ts';

/** A fence on its way to the other workers of the port; times are milliseconds since 1970. */
export type ToldFence = { readonly set: string; readonly client: string; readonly fence: Fence };

/** Clocks of two machines may differ by so much. */
const CLOCK_ERROR_MS = 1_000;
const MAX_CLIENTS = 10_000;

export type FencesOptions = {
  readonly watches: SetWatches;
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** Resolves when the other workers of the port know it, or will not in time; null without others. */
  readonly share: ((told: ToldFence) => Promise<void>) | null;
  readonly maxClients?: number;
};

/** Keeps clients' reads at the owner of a set until their own writes are at the other side. */
export class Fences {
  readonly watches: SetWatches;
  readonly #options: FencesOptions;
  readonly #books = new Map<string, FenceBook>();

  constructor(options: FencesOptions) {
    this.#options = options;
    this.watches = options.watches;
    this.watches.onHeard((watch) => this.#bookOf(watch.set).prune(({ atMs }) => watch.hasCarried(atMs)));
  }

  /** The fence that is kept here for a client. */
  kept(set: string, client: string): Fence | null {
    return this.#bookOf(set).get(client) ?? null;
  }

  /** Whether a read may go to the other side; `fence` null where the client has none. */
  causeOf(watch: SetWatch, fences: readonly { fence: Fence; clockErrorMs: number }[]): FenceCause | null {
    const cause = watch.cause();
    if (cause !== null) return cause;
    return fences.every(({ fence, clockErrorMs }) => watch.covers(fence, clockErrorMs)) ? null : 'own-write';
  }

  /** Keeps a fence for a client, here and at all workers of the port. */
  async keep(set: string, client: string, fence: Fence): Promise<void> {
    this.#put(set, client, fence);
    const { share } = this.#options;
    await share?.({ set, client, fence: this.outward(fence) });
  }

  /** Another worker has answered a write. */
  told({ set, client, fence }: ToldFence): void {
    this.#put(set, client, this.inward(fence));
  }

  drop(set: string, client: string, fence: Fence): void {
    this.#bookOf(set).drop(client, fence);
  }

  /** A fence by the clock on the wall, for others. */
  outward({ atMs, position }: Fence): Fence {
    const { now, wallMs } = this.#options;
    return { atMs: wallMs() - now() + atMs, position };
  }

  /** A fence of others by the clock of this process. */
  inward({ atMs, position }: Fence): Fence {
    const { now, wallMs } = this.#options;
    return { atMs: now() - wallMs() + atMs, position };
  }

  get clockErrorMs(): number {
    return CLOCK_ERROR_MS;
  }

  #put(set: string, client: string, fence: Fence): void {
    const gone = this.#bookOf(set).put(client, fence);
    // Whose fence it was is not known any more: all wait until it would be over.
    if (gone) this.watches.of(set)?.holdUntil(gone.atMs);
  }

  #bookOf(set: string): FenceBook {
    let book = this.#books.get(set);
    if (!book) {
      book = new FenceBook(this.#options.maxClients ?? MAX_CLIENTS);
      this.#books.set(set, book);
    }
    return book;
  }
}
