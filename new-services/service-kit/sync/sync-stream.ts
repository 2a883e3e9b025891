import type { EntityManager } from 'typeorm';
import type { z } from 'zod';

type SyncedValue<V> = { readonly key: string; readonly destination: string; readonly value: V };

/** Rows that won against what was there: the only ones that may touch domain tables. */
export type Winners<V> = {
  readonly values: readonly SyncedValue<V>[];
  readonly tombstones: readonly { readonly key: string; readonly destination: string }[];
};

/** What a service registers so that rows of the other store can be carried into it, and its own to the other store. */
export type SyncStream<V> = {
  readonly name: string;
  /** `numeric`: keys are decimal numbers without sign or leading zeros, and order as such; `text`: bytewise. */
  readonly keyOrder: 'numeric' | 'text';
  /**
   * The sequences that number what is born here, each with what its numbers are prefixed with in a key: nothing, or the
   * table and a slash in a set of several. They hand out no number that the other store has used.
   */
  readonly numbers?: readonly { readonly prefix: string; readonly sequence: string }[];
  /** The value as it travels, in one canonical writing: what is written is what is read. */
  readonly value: z.ZodType<V>;
  /** Key of the aggregate that a source key stands for. */
  readonly destinationOf: (key: string) => string;
  /** Why a valid value does not belong to its key, or to what `destinationOf` says of that; null when it does. */
  readonly mismatch: (key: string, value: V, destination: string) => string | null;
  /**
   * Winners that cannot be applied because another row holds what must be unique, with the reason in words; none when
   * the rest can all be applied together. Without it such rows are found one by one.
   */
  readonly conflicts?: (
    manager: EntityManager,
    winners: Winners<V>,
  ) => Promise<readonly { readonly key: string; readonly reason: string }[]>;
  /** Writes and removes aggregates, with all that is derived from them, and says how many were changed by it. */
  readonly apply: (manager: EntityManager, winners: Winners<V>) => Promise<{ readonly changed: number }>;
  /** Living aggregates in key order, from the first key after `after` (null: from the start). */
  readonly read: (
    manager: EntityManager,
    after: string | null,
    limit: number,
  ) => Promise<{ readonly key: string; readonly value: V }[]>;
  /** Their keys alone, which are all that a comparison from this side needs. */
  readonly readKeys: (
    manager: EntityManager,
    after: string | null,
    limit: number,
  ) => Promise<readonly string[]>;
  /** Living aggregates among these keys, in any order, as they are now. */
  readonly find: (
    manager: EntityManager,
    keys: readonly string[],
  ) => Promise<{ readonly key: string; readonly value: V }[]>;
};

/** Compares two keys of a stream as its `keyOrder` says. */
export function compareKeys(order: 'numeric' | 'text', a: string, b: string): number {
  if (order === 'numeric' && a.length !== b.length) return a.length - b.length;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function isKeyOf(order: 'numeric' | 'text', key: string): boolean {
  return order === 'text' || /^(0|[1-9]\d{0,17})$/.test(key);
}
