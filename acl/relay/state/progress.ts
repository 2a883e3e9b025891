export type RunState = 'idle' | 'running' | 'done' | 'failed' | 'paused';

/** Where a pass stands and what it has done; kept after every batch, so that a killed relay goes on from it. */
export type Progress = {
  readonly state: RunState;
  /** Identity of the legacy database that the rows came from; null before the first run. */
  readonly source: string | null;
  /** Tells one pass from the next; quarantine entries that a whole pass did not meet again are dropped. */
  readonly pass: number;
  /**
   * `copy` reads tables in order; `remove` looks for keys that only the service still has; `resend` tries again what
   * the pass set aside.
   */
  readonly phase: 'copy' | 'remove' | 'resend';
  /** Index of the table being copied. */
  readonly table: number;
  /** Last key done in this table, in the export while removing, or of those to send again; null before the first batch. */
  readonly after: string | null;
  readonly rowsTotal: number;
  readonly rowsRead: number;
  readonly applied: number;
  readonly stale: number;
  readonly removed: number;
  /** Rows of this round of `resend` that got through. */
  readonly healed: number;
  /** ISO instants. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly error: string | null;
  /** Paused because the process ended in mid-run, not because somebody asked for it. */
  readonly interrupted: boolean;
};

export const IDLE: Progress = {
  state: 'idle',
  source: null,
  pass: 0,
  phase: 'copy',
  table: 0,
  after: null,
  rowsTotal: 0,
  rowsRead: 0,
  applied: 0,
  stale: 0,
  removed: 0,
  healed: 0,
  startedAt: null,
  finishedAt: null,
  error: null,
  interrupted: false,
};

export type QuarantinedRow = {
  readonly key: string;
  readonly reason: string;
  /** When it was first refused, ISO. */
  readonly since: string;
  /** The pass that last refused it. */
  readonly pass: number;
};

/** Durable memory of one data set. A write is whole or did not happen. */
export type RunJournal = {
  loadProgress(): Promise<Progress>;
  saveProgress(progress: Progress): Promise<void>;
  loadQuarantine(): Promise<readonly QuarantinedRow[]>;
  saveQuarantine(rows: readonly QuarantinedRow[]): Promise<void>;
};
