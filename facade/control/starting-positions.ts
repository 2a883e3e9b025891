import type { DataState } from '../core/data-position.ts';
import {
  foldData,
  foldPositions,
  LEDGER_REMEDY,
  type LedgerEntry,
  type LedgerFault,
  lastRepair,
} from '../core/ledger.ts';
import type { Position } from '../core/position.ts';
import type { StoredPositions } from '../core/position-store.ts';

export type StartingPositions = {
  /** Null: nothing can be trusted, not even a stored copy. */
  readonly positions: Map<string, Position> | null;
  readonly data: Map<string, DataState>;
  /** Why the ledger is not trusted; null when it is. */
  readonly distrust: string | null;
};

/**
 * The positions to start from. A ledger that is faulty, or that lacks what this instance has served already, is not
 * trusted: then the last stored positions hold, and without them none do.
 */
export function startingPositions(
  entries: readonly LedgerEntry[],
  fault: LedgerFault | null,
  stored: StoredPositions | null,
): StartingPositions {
  const kept = {
    positions: stored && new Map(Object.entries(stored.positions)),
    data: new Map(Object.entries(stored?.data ?? {})),
  };
  const read = { positions: foldPositions(entries), data: foldData(entries) };
  // Nothing was read: even no entry at all would say something.
  if (fault?.away) return { ...kept, distrust: describeFault(fault) };
  const lack = forgotten(entries, stored);
  const distrust = fault ? describeFault(fault) : lack && `${lack}. ${LEDGER_REMEDY}`;
  if (!distrust) return { ...read, distrust: null };
  if (fault?.entriesHold && !lack) return { ...read, distrust };
  return { ...kept, distrust };
}

/** A fault in words: where, what, and what to do. */
export function describeFault({ place, detail, remedy }: LedgerFault): string {
  return `ledger ${place}: ${detail.replace(/\.$/, '')}. ${remedy ?? LEDGER_REMEDY}`;
}

/**
 * What a ledger lacks of what an instance has served, in words; null when it lacks nothing, or when it was repaired
 * since. A chain whose tail was cut off is whole in itself; only somebody who saw the tail can tell.
 */
export function forgotten(entries: readonly LedgerEntry[], stored: StoredPositions | null): string | null {
  if (!stored || stored.seq === 0) return null;
  const entry = entries[stored.seq - 1];
  if (entry?.hash === stored.hash) return null;
  // A repair has looked at what was stored until then; what is stored since names it.
  const repair = lastRepair(entries);
  if (repair && repair.hash !== stored.repair) return null;
  return entry
    ? `the ledger's entry ${stored.seq} is not the one this instance has served`
    : `the ledger ends at entry ${entries.length}, but this instance has served entry ${stored.seq}`;
}
