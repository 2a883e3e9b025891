/** What one of several workers counted since it last told: the others add it to their own. */
export type Counts = {
  /** Requests that were let in, by key of the rate limiter. */
  readonly taken: readonly (readonly [key: string, requests: number])[];
  readonly upstreams: readonly UpstreamCounts[];
};

export type UpstreamCounts = {
  /** Null: legacy. */
  readonly candidate: string | null;
  readonly requests: number;
  readonly failures: number;
  /** It was out, and a trial brought it back. */
  readonly recovered: boolean;
};
