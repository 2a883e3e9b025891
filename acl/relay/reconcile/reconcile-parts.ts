import type { ChangeSource } from '../capture/change-source.ts';
import type { ReachFailpoint } from '../failpoint.ts';
import type { LegacyStore } from '../source/legacy-store.ts';
import type { QuarantinedRow } from '../state/progress.ts';
import type { BatchResult, SyncInbox } from '../target/sync-inbox.ts';
import type { DataSetTranslator } from '../translator-module.ts';

/** What a comparison of one data set works with. */
export type ReconcileParts = {
  readonly set: string;
  readonly stream: string;
  readonly tables: readonly { readonly name: string; readonly key: string }[];
  readonly translator: DataSetTranslator;
  readonly store: LegacyStore;
  readonly inbox: Pick<SyncInbox, 'rows' | 'keysAfter'>;
  readonly source: Pick<ChangeSource, 'state' | 'head' | 'covers'>;
  /** What the relay has set aside. */
  readonly quarantined: () => readonly QuarantinedRow[];
  /** Carries rows over as they are now, by the relay's own order: ticket, read, apply. */
  readonly carry: (keys: readonly string[]) => Promise<BatchResult>;
  /** Rows to a chunk, at most 1000. */
  readonly batchSize: number;
  /** How long it waits for the relay to catch up. */
  readonly coverMs: number;
  /** A row that differs, and differs otherwise every time it is looked at, is left alone after so long. */
  readonly settleMs: number;
  readonly now: () => Date;
  readonly failpoint: ReachFailpoint;
};
