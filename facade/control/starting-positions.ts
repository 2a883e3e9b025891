import { foldPositions, LEDGER_REMEDY, type LedgerEntry, type LedgerFault } from '../core/ledger.ts';
import type { Position } from '../core/position.ts';
import type { StoredPositions } from '../core/position-store.ts';

export type StartingPositions = {
  /** Null: nothing can be trusted, not even a stored copy. */
  readonly positions: Map<string, Position> | null;
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
  const distrust = fault ? describeFault(fault) : forgotten(entries, stored);
  if (!distrust) return { positions: foldPositions(entries), distrust: null };
  if (fault?.entriesHold && !forgotten(entries, stored))
    return { positions: foldPositions(entries), distrust };
  return { positions: stored && new Map(Object.entries(stored.positions)), distrust };
}

/** A fault in words: where, what, and what to do. */
export function describeFault({ place, detail, remedy }: LedgerFault): string {
  return `ledger ${place}: ${detail.replace(/\.$/, '')}. ${remedy ?? LEDGER_REMEDY}`;
}

// A chain whose tail was cut off is whole in itself; only somebody who saw the tail can tell.
function forgotten(entries: readonly LedgerEntry[], stored: StoredPositions | null): string | null {
  if (!stored || stored.seq === 0) return null;
  const entry = entries[stored.seq - 1];
  if (entry?.hash === stored.hash) return null;
  return entry
    ? `the ledger's entry ${stored.seq} is not the one this instance has served. ${LEDGER_REMEDY}`
    : `the ledger ends at entry ${entries.length}, but this instance has served entry ${stored.seq}. ${LEDGER_REMEDY}`;
}
