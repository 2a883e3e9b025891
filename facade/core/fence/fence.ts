import type { LagCause } from './set-progress.ts';

/**
 * Holds one client's reads of a set at the owner until its own write is at the other side, too: everything up to
 * `position`, or with null everything that was answered before `atMs`.
 */
export type Fence = {
  /** When the write was answered by its upstream. */
  readonly atMs: number;
  readonly position: string | null;
};

/** Why a read is held at the owner: for the whole set, or for what this client has written itself. */
export type FenceCause = LagCause | 'own-write';
