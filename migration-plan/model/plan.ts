/** The plan as the engine uses it: validated, defaults filled in, units in names. Immutable; one reload makes a new one. */
export type Plan = {
  /** Absolute folder the plan was read from. */
  readonly dir: string;
  /** SHA-256 (hex) over the canonical form of everything that decides traffic: no comments, owners, dates. */
  readonly hash: string;
  readonly publicUrl: string;
  /** Null when the plan names no legacy: an unmatched request is then answered 404. */
  readonly legacy: Upstream | null;
  readonly candidates: ReadonlyMap<string, Upstream>;
  readonly cohort: readonly CohortSource[];
  readonly expose: boolean;
  /** CIDR blocks whose forwarded and identity headers are believed. */
  readonly trustedProxies: readonly string[];
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly matching: { readonly caseSensitive: boolean; readonly strictSlash: boolean };
  readonly timeouts: { readonly connectMs: number; readonly headersMs: number; readonly idleMs: number };
  readonly clients: {
    readonly headMs: number;
    /** Null: anything but silence will do. */
    readonly minBytesPerSecond: number | null;
    readonly keepAliveMs: number;
  };
  readonly limits: {
    readonly maxHeaderBytes: number;
    readonly maxBodyBytes: number | null;
    readonly ratePerSecond: number | null;
  };
  readonly bulkhead: { readonly concurrency: number; readonly queue: number };
  readonly health: {
    readonly path: string;
    readonly intervalMs: number;
    readonly ejectAtRatio: number;
    readonly minimum: number;
    readonly windowMs: number;
  };
  readonly redact: { readonly headers: readonly string[]; readonly json: readonly string[] };
  readonly notify: { readonly webhook: string | null };
  readonly relay: { readonly url: string } | null;
  /** What `fig up` starts on one machine, in start order. */
  readonly up: readonly UpProcess[];
  readonly routes: readonly Route[];
  readonly dataSets: ReadonlyMap<string, DataSet>;
};

export type Upstream = {
  readonly url: string;
  /** Path where the build identity is read, e.g. `/version`; null when the plan names none. */
  readonly build: string | null;
  /** Header in which each answer names its build, in lower case. */
  readonly buildHeader?: string;
  /** How long an idle connection may still be used; 0: never. 4 s where a plan was not read from files. */
  readonly keepAliveMs?: number;
  /** How an https upstream is trusted, where the plan says so. */
  readonly tls?: UpstreamTls;
};

export type UpstreamTls = {
  /** Authorities to trust instead of the system's, PEM; null for the system's. */
  readonly ca: string | null;
  /** Name to ask for and to find in the certificate; null for the host of the url. */
  readonly serverName: string | null;
};

export type CohortSource =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'address' };

/** One process of `fig up`; `external` when an environment variable points its URL elsewhere: then it is not started. */
export type UpProcess = {
  readonly name: string;
  readonly run: string;
  readonly url: string;
  readonly external: boolean;
  /** Name of the variable in `url: "${NAME:-…}"`, by which the address can be moved; null when it is fixed. */
  readonly urlVariable: string | null;
  readonly ready: string;
  readonly database: 'legacy' | 'postgres' | null;
  /** Script and arguments that fill a database which was just made; empty when there is none. */
  readonly seed: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

export type Route = {
  readonly name: string;
  /** Plan file, relative to the plan folder: `routes/articles.yaml`. */
  readonly file: string;
  /** SHA-256 (hex) over the canonical route, without owner, dates and comments. */
  readonly hash: string;
  readonly owner: string | null;
  readonly dependsOn: readonly string[];
  readonly targetDate: string | null;
  readonly match: readonly Match[];
  /** Name of an entry of `candidates`. */
  readonly candidate: string;
  readonly rewrite: { readonly from: string; readonly to: string } | null;
  readonly data: RouteData;
  readonly stages: readonly StageStep[];
  readonly fallbackToLegacy: boolean;
  /** Whether ETags are marked with their upstream while both sides may answer. */
  readonly etags: 'marked' | 'plain';
  readonly shadow: Shadow;
  readonly credentials: {
    readonly shadow: HeaderChange | null;
    readonly legacy: HeaderChange | null;
    readonly candidate: HeaderChange | null;
  };
  readonly compare: Compare;
  readonly guardrails: Guardrails;
  /** Its parity suite: the file, relative to the plan folder (`parity/articles.parity.yaml`), and SHA-256 (hex) of what it holds. */
  readonly parity: { readonly file: string; readonly hash: string } | null;
};

export type RouteData =
  | { readonly kind: 'none' }
  | { readonly kind: 'shared' }
  | { readonly kind: 'owned'; readonly set: string };

/**
 * One match of a route. `method` null means any method; patterns hold literal segments, `:name` (one segment)
 * and a last `*rest` (one or more segments).
 */
export type Match = {
  readonly method: string | null;
  readonly pattern: string;
  /** Overrides what the method says: a POST marked `safe` is a read, a GET marked `unsafe` is never shadowed or retried. */
  readonly safety: 'safe' | 'unsafe' | null;
};

export type Stage = 'legacy' | 'shadow' | 'canary' | 'candidate' | 'retired';

/** A step of a route's envelope. `hundredths` is the share in 0.01 % steps: `canary 2.5%` is 250. 0 outside canary. */
export type StageStep = { readonly stage: Exclude<Stage, 'legacy'>; readonly hundredths: number };

type Shadow = {
  readonly sampleRatio: number;
  readonly writes: 'off' | 'dry-run';
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly concurrency: number;
  readonly queue: number;
  readonly noiseRatio: number;
};

export type HeaderChange = {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
};

type Compare = {
  readonly ignore: readonly string[];
  readonly unordered: readonly { readonly path: string; readonly key: string | null }[];
  readonly tolerance: Readonly<Record<string, number>>;
  readonly equivalent: readonly { readonly path: string; readonly as: string }[];
  readonly headers: readonly string[];
};

type Guardrails = {
  readonly mismatch: { readonly maxRatio: number } | null;
  readonly errors: { readonly maxIncreaseRatio: number } | null;
  readonly p99: { readonly maxRatio: number } | null;
  readonly minimum: number;
  readonly windowMs: number;
  readonly bakeMs: number;
  readonly onBreach: 'pause' | 'step-back' | 'rollback';
};

/** Whether something beside the routes of a data set still writes its tables. */
type OutsideState = 'running' | 'stopped' | 'moved';

/** The tables that change owner together. */
export type DataSet = {
  readonly name: string;
  readonly file: string;
  readonly service: { readonly url: string; readonly stream: string };
  readonly tables: readonly { readonly name: string; readonly key: string }[];
  /** Module path, relative to the repository root, whose exports translate rows: see acl/relay. */
  readonly translator: string;
  readonly routes: readonly string[];
  /** What else writes the tables: see writers-outside.ts. */
  readonly requests: readonly { readonly match: Match; readonly state: OutsideState }[];
  readonly jobs: readonly { readonly name: string; readonly state: OutsideState }[];
  readonly maxLagMs: number;
};
