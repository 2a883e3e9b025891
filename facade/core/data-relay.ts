import type { Party } from './party.ts';

/** One direction of changes as the relay sees it. `waiting` and `lagMs` null: not known. */
type Direction = {
  readonly capture: 'installed' | 'absent' | 'broken';
  /** Why an empty queue does not mean that every row is there; null: it does. */
  readonly doubt: string | null;
  /** How the tables of legacy differ from what they were when capture was installed. */
  readonly drift: readonly string[];
  readonly running: boolean;
  readonly waiting: number | null;
  readonly lagMs: number | null;
  readonly error: string | null;
};

/** What the relay knows of a set: what both stores say of its owner, and what still waits. */
export type RelayedSet = {
  readonly legacy: { readonly owner: Party | 'nobody'; readonly epoch: number } | null;
  readonly candidate: { readonly owner: Party | 'nobody' | 'open'; readonly epoch: number };
  readonly gate: 'installed' | 'absent' | 'broken';
  readonly missing: readonly string[];
  readonly direction: 'forward' | 'back';
  readonly forward: Direction;
  readonly back: Direction;
  readonly quarantined: number;
  readonly oneWay: readonly string[];
  /** Writes behind the facade's back that the gate rejected; null where that is not counted. */
  readonly rejected: number | null;
  /** Writes outside the set that change its rows over foreign keys: `DELETE of projects (reaches timesheets)`. */
  readonly cascades: readonly string[];
  readonly openTransactions: readonly {
    readonly id: string;
    readonly seconds: number;
    readonly user: string;
    readonly doing: string;
  }[];
};

export type StepOutcome = { readonly ok: true } | { readonly ok: false; readonly detail: string };

/** What a comparison of both stores found that began when it was asked for. */
export type Compared = { readonly compared: number; readonly differences: number; readonly detail: string };

/** `isPartial`: the relay does not remember all that was written. */
type Verified = {
  readonly compared: number;
  readonly different: readonly string[];
  readonly isPartial: boolean;
};

/**
 * Port: the relay's part of a change of owners. Adapter: HTTP. Every step may be asked for again. Rejects with
 * `RelayAway` while the relay, or what it needs, cannot be reached; then nobody knows what became of the step.
 */
export type DataRelay = {
  status(set: string): Promise<RelayedSet>;
  /** State of the last backfill: `done` when every row was copied. */
  backfill(set: string): Promise<string>;
  install(set: string): Promise<StepOutcome>;
  close(set: string, side: Party, epoch: number): Promise<StepOutcome>;
  /** Looks at the rows that were written since the stores were compared; gives the keys of those that differ. */
  verify(set: string): Promise<Verified>;
  prove(set: string, to: Party): Promise<StepOutcome>;
  open(set: string, owner: Party, epoch: number): Promise<StepOutcome>;
  /** Compares both stores row by row. */
  compare(set: string, signal: AbortSignal): Promise<Compared>;
};

export class RelayAway extends Error {
  override readonly name = 'RelayAway';
}
