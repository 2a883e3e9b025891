import type { CaptureState } from '../capture/change-source.ts';
import type { FieldDifference } from './differing-fields.ts';
import type { DifferenceKind } from './judge-row.ts';

/** Keys that are told of each sort. All of them are counted. */
const MAX_TOLD = 100;

export type Difference = {
  /** Key of the stream: the row's own, behind `table/` when the set has several. */
  readonly key: string;
  readonly kind: DifferenceKind;
  readonly fields: readonly FieldDifference[];
  readonly repaired: boolean;
  /** Why it could not be repaired; null when that was not asked for, or done. */
  readonly reason: string | null;
};

/** What a comparison to its end found. Times are ISO, UTC. */
export type ReconcileResult = {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly repair: boolean;
  /** Whether writes were noted at its beginning; without that a write on its way looks like a difference. */
  readonly capture: CaptureState['kind'];
  /** Rows of legacy that were compared. */
  readonly compared: number;
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
  readonly repaired: number;
  /** Of missing + extra + changed, those that are not repaired. */
  readonly left: number;
  /** Rows that cannot be carried over and are known for it: no differences. */
  readonly quarantined: number;
  /** Rows that were written so often that nothing can be said of them. */
  readonly restless: number;
  readonly differences: readonly Difference[];
  readonly quarantine: readonly { readonly key: string; readonly reason: string }[];
  readonly restlessKeys: readonly string[];
};

/** What outlives the process. */
export type ReconcileMemory = {
  /** Identity of the legacy database that was compared. */
  readonly source: string;
  readonly isRunning: boolean;
  /** Of the last run that came to its end. */
  readonly result: ReconcileResult | null;
};

/** Durable memory of one data set. A write is whole or did not happen. */
export type ReconcileJournal = {
  load(): Promise<ReconcileMemory | null>;
  save(memory: ReconcileMemory): Promise<void>;
};

/** Gathers what is found: every key is counted, the first ones are kept. */
export class Findings {
  readonly #counts = { missing: 0, extra: 0, changed: 0, repaired: 0, quarantined: 0, restless: 0 };
  readonly #differences: Difference[] = [];
  readonly #quarantine: { key: string; reason: string }[] = [];
  readonly #restlessKeys: string[] = [];
  compared = 0;

  difference(found: Difference): void {
    this.#counts[found.kind] += 1;
    if (found.repaired) this.#counts.repaired += 1;
    if (this.#differences.length < MAX_TOLD) this.#differences.push(found);
  }

  quarantined(key: string, reason: string): void {
    this.#counts.quarantined += 1;
    if (this.#quarantine.length < MAX_TOLD) this.#quarantine.push({ key, reason });
  }

  restless(key: string): void {
    this.#counts.restless += 1;
    if (this.#restlessKeys.length < MAX_TOLD) this.#restlessKeys.push(key);
  }

  told() {
    const { missing, extra, changed, repaired } = this.#counts;
    return {
      compared: this.compared,
      ...this.#counts,
      left: missing + extra + changed - repaired,
      differences: this.#differences,
      quarantine: this.#quarantine,
      restlessKeys: this.#restlessKeys,
    };
  }
}
