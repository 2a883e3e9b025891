import type { Progress, RunState } from '../state/progress.ts';

/** What the API answers about a set. Rates are of the current or last stretch of work, not of the whole pass. */
export type SetStatus = {
  readonly set: string;
  readonly state: RunState;
  readonly rowsTotal: number;
  readonly rowsRead: number;
  readonly applied: number;
  readonly stale: number;
  readonly removed: number;
  readonly quarantined: number;
  /** Last key done of the current table; null at its beginning and after the pass. */
  readonly checkpoint: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Null until there is something to measure, and in a process that has not run the set. */
  readonly rowsPerSecond: number | null;
  /** Null unless running. */
  readonly etaSeconds: number | null;
  readonly error: string | null;
  /** Paused because the relay was stopped or killed in mid-run: nobody asked for the pause. */
  readonly interrupted: boolean;
};

/** `leg` is the stretch since the last start in this process. */
export function statusOf(
  set: string,
  progress: Progress,
  quarantined: number,
  leg: { readonly sinceMs: number; readonly rowsBefore: number } | null,
  nowMs: number,
): SetStatus {
  const endMs = progress.finishedAt === null ? nowMs : Date.parse(progress.finishedAt);
  const seconds = leg === null ? 0 : (endMs - leg.sinceMs) / 1000;
  const rows = leg === null ? 0 : progress.rowsRead - leg.rowsBefore;
  const rowsPerSecond = seconds > 0 && rows > 0 ? rows / seconds : null;
  const rowsLeft = Math.max(0, progress.rowsTotal - progress.rowsRead);
  return {
    set,
    state: progress.state,
    rowsTotal: progress.rowsTotal,
    rowsRead: progress.rowsRead,
    applied: progress.applied,
    stale: progress.stale,
    removed: progress.removed,
    quarantined,
    checkpoint: progress.after,
    startedAt: progress.startedAt,
    finishedAt: progress.finishedAt,
    rowsPerSecond: rowsPerSecond === null ? null : Math.round(rowsPerSecond),
    etaSeconds:
      progress.state === 'running' && rowsPerSecond !== null ? Math.ceil(rowsLeft / rowsPerSecond) : null,
    error: progress.error,
    interrupted: progress.interrupted,
  };
}
