/** How far a data set has been carried over, as the relay says. */
export type HeardPosition = {
  /** The newest entry that waits; null when none does, and when `lagMs` is null. */
  readonly head: string | null;
  /** Age of the oldest that waits, 0 when none does; null: not known. */
  readonly lagMs: number | null;
  /** For so long nothing was carried over; null: not known, or something is under way. Absent: an older relay. */
  readonly carriedMs?: number | null | undefined;
};

/** Port: whoever knows how far the data sets have come. Adapter: set-link.relay.ts. Both reject when it does not say. */
export type SetLink = {
  position(set: string): Promise<HeardPosition>;
  /** Whether nothing up to this position waits any more. */
  covers(set: string, position: string): Promise<boolean>;
};
