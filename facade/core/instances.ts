/** What an instance says of itself with each heartbeat. */
export type InstanceState = {
  /** Version and build of its program. */
  readonly version: string;
  /** Hash of its plan. */
  readonly hash: string;
  /** Hash of each of its routes. */
  readonly routes: Readonly<Record<string, string>>;
  /** The last ledger entry that decides its requests. */
  readonly appliedSeq: number;
};

export type Instance = InstanceState & {
  readonly id: string;
  /** ISO UTC. */
  readonly lastSeen: string;
  /** Not seen for `SILENT_MS`: it may be dead, or serve on what it knew last. */
  readonly silent: boolean;
};

export const SILENT_MS = 10_000;

/**
 * Port: the instances that share a ledger. Adapters: memory (one process), postgres. One contract suite:
 * `instance-registry.suite.ts`. Everything rejects while the registry cannot be reached.
 */
export type InstanceRegistry = {
  /** Says that this instance lives. `evicted` once somebody evicted it; only a restart brings it back. */
  beat(state: InstanceState): Promise<'live' | 'evicted'>;
  /** All that neither left nor were evicted, by id. */
  list(): Promise<Instance[]>;
  /** False when there is no such instance. */
  evict(id: string): Promise<boolean>;
  /** Takes this instance off the list: it stops. */
  leave(): Promise<void>;
  close(): Promise<void>;
};
