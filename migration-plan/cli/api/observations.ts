/** One that has answered beside the build that was observed, and when last. */
export type OtherBuild = { readonly build: string; readonly at: string };

/** `GET /v1/routes/:route/observations`, as far as the CLI shows it. */
export type Observations = {
  readonly route: string;
  readonly build: string | null;
  readonly mixed?: OtherBuild | undefined;
  readonly since: string;
  readonly eligible: number;
  readonly sampledOut: number;
  readonly dropped: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly sent: number;
  readonly inFlight: number;
  readonly failed: number;
  readonly discarded: Readonly<Record<string, number>>;
  readonly compared: Outcomes;
  readonly endpoints: readonly (Outcomes & { readonly template: string })[];
  readonly fields: readonly ObservedField[];
  readonly rowsLeftOut: number;
  readonly latency: Readonly<Record<'legacy' | 'candidate', Latency>>;
};

type Outcomes = {
  readonly match: number;
  readonly mismatch: number;
  readonly ignored: number;
  readonly doubtful?: number | undefined;
};
type Latency = {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
};

export type ObservedField = {
  readonly endpoint: string;
  readonly path: string;
  readonly kind: string;
  readonly severity: string;
  readonly reasons: readonly string[];
  readonly count: number;
  readonly noise: number | null;
  readonly verdict: 'counts' | 'noise';
  readonly suggestion: {
    readonly rule: string;
    readonly yaml: string;
    readonly reason: string;
    readonly hides: readonly string[];
  } | null;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly samples: readonly {
    readonly seen: string;
    readonly at: string;
    readonly curl: string;
    readonly legacy: string | null;
    readonly candidate: string | null;
  }[];
};

/** What has moved on since a parity run: the form of the route, the suite, the build; or it is older than 24 h. */
export type Stale = 'route' | 'suite' | 'build' | 'age';

/** A run of a parity suite as the ledger has it; stale, it tells nothing of the route as it is now. */
export type RecordedParity = ParityVerdict & {
  readonly at: string;
  readonly actor: string;
  readonly stale: Stale | null;
};

/** `GET /v1/routes/:route/evidence`. */
export type Evidence = {
  readonly route: string;
  readonly at: string;
  readonly since: string | null;
  readonly build: string | null;
  readonly mixed?: OtherBuild | undefined;
  readonly verdict: 'pass' | 'hold' | 'breach';
  readonly guardrails: readonly {
    readonly name: string;
    readonly verdict: 'pass' | 'hold' | 'breach';
    readonly explanation: string;
    readonly missing: { readonly samples: number; readonly ms: number | null } | null;
  }[];
  readonly bakeLeftMs: number;
  readonly hash: string;
  /** The last run of the parity suite that was recorded. */
  readonly parity: RecordedParity | null;
  /** Why that is not enough for `candidate`; null when it is, or without a suite. */
  readonly parityGap: string | null;
};

export type ParityVerdict = {
  readonly verdict: 'pass' | 'fail';
  readonly suite: string;
  readonly suiteHash: string;
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly skipped: number;
  readonly unsentWrites: number;
};
