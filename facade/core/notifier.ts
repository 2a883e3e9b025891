import type { LedgerEntry } from './ledger.ts';

/** Something that people outside want to hear of. */
export type Notice = {
  /** The same for each time that it is sent. */
  readonly id: string;
  /** `transition`, `rollback` and whatever else a ledger entry can be, or `breach`. */
  readonly type: string;
  /** ISO UTC. */
  readonly at: string;
  readonly data: object;
};

/** What became of notices since the start, and how many wait, the one on its way among them. */
export type NoticeCounts = {
  readonly delivered: number;
  /** Given up: an answer that is final, or no good one after the last attempt. */
  readonly failed: number;
  /** Further attempts of any. */
  readonly retries: number;
  /** Pushed out by later ones. */
  readonly dropped: number;
  readonly waiting: number;
};

/** Port: tells somebody outside. It never waits and never fails; what cannot be told is logged. Adapter: webhook. */
export type Notifier = {
  tell(notice: Notice): void;
  /** Tells what is still to be told, for a moment. */
  close(): Promise<void>;
};

/** One change, which may have made several entries: a kill of all routes is one notice. */
export function noticeOf(entries: readonly LedgerEntry[]): Notice | null {
  const [first, last] = [entries[0], entries.at(-1)];
  return first && last ? { id: last.hash, type: first.type, at: first.at, data: { entries } } : null;
}
