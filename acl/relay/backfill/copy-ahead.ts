import type { LegacyRow } from '../source/legacy-store.ts';
import type { BatchResult } from '../target/sync-inbox.ts';
import { applyRows, translate } from './apply-rows.ts';
import type { PassParts } from './pass-parts.ts';

/** A batch of a copy: the rows of one table behind a key, from its start when that is null. */
type Place = { readonly table: PassParts['tables'][number]; readonly after: string | null };

type Flight = Place & {
  readonly rows: Promise<readonly LegacyRow[]>;
  readonly result: Promise<BatchResult>;
};

export type Copied = { readonly rows: readonly LegacyRow[]; readonly result: BatchResult };

/** Batches that are under way at once: one is read, one is taken by the service, one is written by its database. */
const AT_ONCE = 3;

/**
 * Copies batches ahead of the one that is asked for, and hands them out in order. Each has a ticket from before it was
 * read, so it does not matter which of them arrives first; none counts before those in front of it.
 */
export class CopyAhead {
  readonly #parts: PassParts;
  #flights: Flight[] = [];

  constructor(parts: PassParts) {
    this.#parts = parts;
  }

  /** Rejects with what kept the batch from being copied; nothing is under way any more then. */
  async take(place: Place, pass: number): Promise<Copied> {
    const first = this.#flights[0];
    if (first?.table !== place.table || first.after !== place.after) {
      await this.settle();
      this.#flights = [this.#begin(place, pass)];
    }
    const head = this.#flights[0] as Flight;
    void this.#extend(pass);
    try {
      const copied = { rows: await head.rows, result: await head.result };
      this.#flights.shift();
      void this.#extend(pass);
      return copied;
    } catch (error) {
      await this.settle();
      throw error;
    }
  }

  /** Resolves when nothing is under way any more; what was copied ahead is copied again when it is asked for. */
  async settle(): Promise<void> {
    const left = this.#flights;
    this.#flights = [];
    await Promise.allSettled(left.map(({ result }) => result));
  }

  /** The next batch begins where the last one ends, which is known as soon as that has been read. */
  async #extend(pass: number): Promise<void> {
    for (let last = this.#flights.at(-1); last && this.#flights.length < AT_ONCE; ) {
      const rows = await last.rows.catch(() => []);
      const isStill = last === this.#flights.at(-1) && this.#flights.length < AT_ONCE;
      if (!isStill || rows.length < this.#parts.batchSize) return;
      last = this.#begin({ table: last.table, after: rows.at(-1)!.key }, pass);
      this.#flights.push(last);
    }
  }

  #begin({ table, after }: Place, pass: number): Flight {
    const { inbox, store, batchSize, failpoint } = this.#parts;
    const read = (async () => {
      // The ticket comes before the read: whoever reads later holds a higher ticket, and fresher rows win.
      const ticket = await inbox.takeTicket();
      failpoint('after-ticket');
      const rows = await store.readRowsAfter(table.name, table.key, after, batchSize);
      failpoint('after-read');
      return { ticket, rows };
    })();
    const result = read.then(async ({ ticket, rows }) => {
      const applied = await applyRows(this.#parts, ticket, translate(this.#parts, table, rows, pass), pass);
      failpoint('after-apply');
      return applied;
    });
    const rows = read.then((one) => one.rows);
    // Whoever takes the batch hears of a failure; nobody does when it is given up before.
    for (const one of [rows, result]) one.catch(() => {});
    return { table, after, rows, result };
  }
}
