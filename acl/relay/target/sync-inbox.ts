/** One change for a stream: the translated value, or that the key is gone. */
export type SyncRow =
  | { readonly key: string; readonly deleted: false; readonly value: unknown }
  | { readonly key: string; readonly deleted: true };

/** What became of a batch. `stale` rows lost against a newer ticket; each rejected row was rolled back alone. */
export type BatchResult = {
  readonly applied: number;
  readonly stale: number;
  readonly rejected: readonly { readonly key: string; readonly reason: string }[];
};

type HeldRow = { readonly key: string; readonly deleted: boolean; readonly value: unknown };

type KeyPage = {
  /** Of rows that are alive. */
  readonly keys: readonly string[];
  /** Where the next page starts; null after the last one. */
  readonly next: string | null;
};

/** The service's side of the relay. At most 1000 rows to a batch. */
export type SyncInbox = {
  readonly url: string;
  /** A ticket orders what is read after it before everything that is read after a later one. */
  takeTicket(): Promise<string>;
  apply(stream: string, ticket: string, rows: readonly SyncRow[]): Promise<BatchResult>;
  /** Keys of what the service holds, in its order; a page may have fewer than `limit`, and none. */
  keysAfter(stream: string, after: string | null, limit: number): Promise<KeyPage>;
  /**
   * What the service holds of these keys now, at most 1000; one that it does not hold is deleted or left out. Numbers
   * that JavaScript cannot hold come as `ExactNumber`.
   */
  rows(stream: string, keys: readonly string[]): Promise<readonly HeldRow[]>;
};
