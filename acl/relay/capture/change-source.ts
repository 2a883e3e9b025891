/** A row that was written: which one, and not what it is. Whoever reads it then has what it is by then. */
export type Change = {
  /** Identifies the entry; says nothing about the order in which transactions ended. */
  readonly seq: string;
  readonly table: string;
  readonly key: string;
};

export type CapturedTable = {
  readonly name: string;
  /** Its primary key, one column. */
  readonly key: string;
};

/** `broken`: parts of it are gone, for example with a table that a tool for schema changes has replaced. */
export type CaptureState =
  | { readonly kind: 'absent' | 'installed' }
  | { readonly kind: 'broken'; readonly missing: readonly string[] };

export type Lag = {
  /** Entries that wait to be carried over. */
  readonly waiting: number;
  /** Age of the oldest of them, by the clock of the database; null when none waits. */
  readonly oldestMs: number | null;
};

/**
 * Port: what was written to the tables of one data set, as a queue that is emptied by whoever has carried it over.
 * Adapters: triggers in MySQL and MariaDB, and in SQLite; suite: change-source.suite.ts. Every method rejects with one
 * line when the database cannot be reached.
 */
export type ChangeSource = {
  /** Kind, host and database without credentials, for messages. */
  readonly name: string;
  /** What keeps it from being installed, each with what to do; empty when nothing does. */
  preflight(): Promise<readonly string[]>;
  /** Begins to note writes. Installs what is missing, so it may be called again. Rejects with LegacyBusy. */
  install(): Promise<void>;
  /** Leaves the tables as they were, with all that waits. Rejects with LegacyBusy. */
  remove(): Promise<void>;
  state(): Promise<CaptureState>;
  /** Entries of committed transactions, at most `limit`; empty when there is nothing. */
  changes(limit: number): Promise<readonly Change[]>;
  /** Drops exactly these entries: what was written again meanwhile has another one. */
  ack(changes: readonly Change[]): Promise<void>;
  lag(): Promise<Lag>;
  /**
   * The position of all that is committed now: the highest entry that waits, null when none does. A write that was
   * committed before the call has been carried over as soon as `covers` says so of this position.
   */
  head(): Promise<string | null>;
  /** Whether nothing up to this position waits any more. Ends of transactions keep no order: ask again for each position. */
  covers(position: string | null): Promise<boolean>;
  close(): Promise<void>;
};

/** Where entries wait, in the legacy database itself: an entry is there exactly when its write is. */
export const QUEUE = '_fig_change';
