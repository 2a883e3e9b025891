import type { DataState } from './data-position.ts';
import type { Position } from './position.ts';

/** The last positions that an instance served, and the ledger entry they rest on. */
export type StoredPositions = {
  readonly seq: number;
  readonly hash: string;
  /** Hash of the last repair of the ledger that this instance knew of; '' when there was none. */
  readonly repair: string;
  /** Hash of the first entry, which tells one ledger from another; '' when there was none, or an earlier version stored it. */
  readonly ledger: string;
  readonly positions: Readonly<Record<string, Position>>;
  /** Where data sets stand, by name; none when an earlier version stored it. */
  readonly data?: Readonly<Record<string, DataState>>;
};

/** Port: keeps an instance's last positions on disk, for a start on which the ledger cannot be trusted. */
export type PositionStore = {
  /** Null when nothing was stored, or what was stored is damaged. */
  load(): Promise<StoredPositions | null>;
  save(stored: StoredPositions): Promise<void>;
};
