import type { ReachFailpoint } from '../failpoint.ts';
import type { LegacyStore } from '../source/legacy-store.ts';
import type { Progress } from '../state/progress.ts';
import type { SyncInbox } from '../target/sync-inbox.ts';
import type { DataSetTranslator } from '../translator-module.ts';
import type { Quarantine } from './quarantine.ts';

/** What a pass over one data set works with. */
export type PassParts = {
  readonly stream: string;
  readonly tables: readonly { readonly name: string; readonly key: string }[];
  readonly translator: DataSetTranslator;
  readonly store: LegacyStore;
  readonly inbox: SyncInbox;
  readonly quarantine: Quarantine;
  /** Rows to a batch, at most 1000. */
  readonly batchSize: number;
  readonly now: () => Date;
  readonly failpoint: ReachFailpoint;
};

export type BatchDone = { readonly progress: Progress; readonly isPassComplete: boolean };
