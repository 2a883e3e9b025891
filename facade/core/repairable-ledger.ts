import type { LedgerEntry } from './ledger.ts';
import type { StandingLine } from './ledger-repair.ts';

/** Port: a ledger that nobody uses, opened to be repaired. Adapters: file, postgres. */
export type RepairableLedger = {
  /** Every line, whatever it holds, in order. */
  readonly lines: readonly StandingLine[];
  /** Where the lines that are not kept are to stand. */
  asideName(stamp: string): string;
  /**
   * Keeps the first `kept` lines, puts `entries` behind them, and everything else under the name `aside`: safely, before
   * anything is taken away.
   */
  replace(kept: number, entries: readonly LedgerEntry[], aside: string): Promise<void>;
  close(): Promise<void>;
};
