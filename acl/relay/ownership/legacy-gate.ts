import { cascadesTo, type ForeignKey } from '../capture/cascades.ts';
import type { CaptureState } from '../capture/change-source.ts';
import type { OpenTransaction } from '../source/legacy-busy.ts';

/** Who may write the rows of a data set. `nobody`: in the middle of a change of owners. */
export type Owner = 'legacy' | 'candidate' | 'nobody';

/** `epoch` grows with each change. */
export type Ownership = { readonly owner: Owner; readonly epoch: number };

type GateOutcome =
  | { readonly ok: true; readonly ownership: Ownership }
  /** Writers were in the way for longer than the wait; nothing has changed. */
  | { readonly ok: false; readonly blockers: readonly OpenTransaction[] };

/**
 * Port: lets writes to the tables of one set through only while legacy owns it. Triggers reject all others, with the
 * relay's own excepted; they read the owner with a lock, so that a change of owners waits for the writes in flight, and
 * none comes after it. Adapters: MySQL and MariaDB, SQLite; suite: legacy-gate.suite.ts.
 */
export type LegacyGate = {
  /** Who owns the set; null where no gate is installed. */
  read(): Promise<Ownership | null>;
  /**
   * The same, once no change is on its way any more: a process that was killed may have sent one that still waits for
   * writers. Rejects when one goes on for longer than it may.
   */
  settled(): Promise<Ownership | null>;
  state(): Promise<CaptureState>;
  /** Puts the gate up, with legacy as the owner where none is known yet. May be called again. Rejects with LegacyBusy. */
  install(): Promise<void>;
  /** Takes it down: everybody may write again. Rejects with LegacyBusy. */
  remove(): Promise<void>;
  /** Changes owners; one with a lower epoch than what is there changes nothing and gives what is there. */
  write(next: Ownership): Promise<GateOutcome>;
  /** Writes that were rejected since the gate was put up; null where the database cannot keep count. */
  rejected(): Promise<number | null>;
  /** Writes to tables outside the set that change its rows over foreign keys, as the schema is now. */
  cascades(): Promise<readonly string[]>;
  openTransactions(): Promise<readonly OpenTransaction[]>;
  close(): Promise<void>;
};

/** How long a change of owners waits for writers, in milliseconds. */
export const GATE_WAIT_MS = 2_000;

/** What a rejected writer is told. */
export const refusal = (set: string) =>
  `data set ${set} is not owned by this database any more: write refused`;

/** What reaches the tables of a set over foreign keys from outside, in words, each once. */
export function cascadesFromOutside(
  tables: readonly { readonly name: string }[],
  keys: readonly ForeignKey[],
): readonly string[] {
  const own = new Set(tables.map(({ name }) => name));
  const told = tables.flatMap(({ name }) => {
    try {
      const outside = cascadesTo(name, keys).filter(({ on }) => !own.has(on));
      return outside.map(({ event, on, table }) => `${event} of ${on} (reaches ${table})`);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return [error.message];
    }
  });
  return [...new Set(told)].sort();
}
