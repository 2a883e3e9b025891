import type { Logger } from 'pino';
import type { ChangeSource } from '../capture/change-source.ts';
import type { Completeness } from '../completeness/completeness.ts';
import type { ReachFailpoint } from '../failpoint.ts';
import { IDLE, type Progress, type QuarantinedRow, type RunJournal } from '../state/progress.ts';
import { type Carried, carryChanges, carryRows } from '../tail/carry-changes.ts';
import type { BatchResult } from '../target/sync-inbox.ts';
import { CopyAhead } from './copy-ahead.ts';
import { nextBatch } from './pass.ts';
import type { BatchDone, PassParts } from './pass-parts.ts';
import { Quarantine } from './quarantine.ts';
import { messageOf, pausable, withRetry } from './retry.ts';
import { type SetStatus, statusOf } from './status.ts';

export type SetRelayOptions = {
  readonly set: string;
  readonly parts: Omit<PassParts, 'quarantine'>;
  readonly journal: RunJournal;
  readonly log: Logger;
  /** Attempts for each batch before the run fails. Default 5. */
  readonly tries?: number;
  /** Milliseconds before attempt `attempt` + 1. */
  readonly backoffMs: (attempt: number) => number;
  /** Told of each run by its start: before it reads anything, and when all was copied. */
  readonly onRun?: Pick<Completeness, 'began' | 'ended'>;
};

const STOPPED = 'the relay stopped in mid-run; start the backfill to go on';

/** Carries one data set: at most one run at a time, which can be paused, killed and gone on with. */
export class SetRelay {
  readonly set: string;
  readonly #options: SetRelayOptions;
  readonly #parts: PassParts;
  readonly #failpoint: ReachFailpoint;
  readonly #ahead: CopyAhead;
  #progress: Progress;
  #leg: { readonly sinceMs: number; readonly rowsBefore: number } | null = null;
  #run: Promise<void> | null = null;
  #stop = new AbortController();
  #isStopping = false;

  private constructor(options: SetRelayOptions, progress: Progress, quarantine: Quarantine) {
    this.set = options.set;
    this.#options = options;
    this.#parts = { ...options.parts, quarantine };
    this.#failpoint = options.parts.failpoint;
    this.#ahead = new CopyAhead(this.#parts);
    this.#progress = progress;
  }

  /** Opens the journal. A run that was going on when its process died is shown as paused. */
  static async open(options: SetRelayOptions): Promise<SetRelay> {
    const source = await options.parts.store.identity();
    const stored = ofSource(source, await options.journal.loadProgress());
    const progress: Progress =
      stored.state === 'running' ? { ...stored, state: 'paused', error: STOPPED, interrupted: true } : stored;
    const quarantine = new Quarantine(
      options.journal,
      stored.state === 'idle' ? [] : await options.journal.loadQuarantine(),
    );
    return new SetRelay(options, { ...progress, source }, quarantine);
  }

  status(): SetStatus {
    const nowMs = this.#parts.now().getTime();
    return statusOf(this.set, this.#progress, this.#parts.quarantine.size, this.#leg, nowMs);
  }

  quarantined(): readonly QuarantinedRow[] {
    return this.#parts.quarantine.list();
  }

  /** Carries what waits in the queue of changes over, at most a batch. */
  carryChanges(source: ChangeSource): Promise<Carried> {
    return carryChanges(this.#parts, source, this.#parts.batchSize, this.#progress.pass);
  }

  /** Carries rows over as they are now, by their keys in the stream; what is refused goes into quarantine. */
  async carryRows(keys: readonly string[]): Promise<BatchResult> {
    const result = await carryRows(this.#parts, keys, this.#progress.pass);
    await this.#parts.quarantine.save();
    return result;
  }

  /** Starts a run, or goes on with the one that was paused or failed; false when one is running. */
  start(): boolean {
    if (this.#run !== null) return false;
    const now = this.#parts.now();
    const { source } = this.#progress;
    const goesOn = this.#progress.state === 'paused' || this.#progress.state === 'failed';
    const begun: Progress = goesOn
      ? this.#progress
      : { ...IDLE, source, pass: this.#progress.pass + 1, startedAt: now.toISOString() };
    this.#progress = { ...begun, state: 'running', error: null, finishedAt: null, interrupted: false };
    this.#leg = { sinceMs: now.getTime(), rowsBefore: this.#progress.rowsRead };
    this.#stop = new AbortController();
    this.#run = this.#carry(goesOn).finally(() => {
      this.#run = null;
    });
    return true;
  }

  /** Stops at the next batch; resolves when the run has stopped. Does nothing when none is running. */
  async pause(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  /** Pauses because this process ends: the status says so, and whoever watches can go on with the run. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.pause();
  }

  async #carry(goesOn: boolean): Promise<void> {
    const { log } = this.#options;
    log.info({ set: this.set, after: this.#progress.after }, 'backfill started');
    try {
      if (!goesOn) await this.#options.onRun?.began(this.#name);
      await this.#attempt(() => this.#countRows());
      for (;;) {
        if (this.#stop.signal.aborted) return await this.#end('paused', null);
        const done = await this.#attempt(() => nextBatch(this.#parts, this.#progress, this.#ahead));
        if (done.isPassComplete) return await this.#complete(done);
        await this.#keep({ ...done.progress, error: null });
        this.#failpoint('after-checkpoint');
      }
    } catch (error) {
      const isPaused = this.#stop.signal.aborted;
      await this.#end(isPaused ? 'paused' : 'failed', messageOf(error)).catch((failure: unknown) => {
        log.error({ set: this.set, error: messageOf(failure) }, 'the checkpoint cannot be written');
      });
    }
  }

  async #complete(done: BatchDone): Promise<void> {
    this.#parts.quarantine.releaseUnseen(done.progress.pass);
    await this.#parts.quarantine.save();
    this.#failpoint('before-done');
    this.#progress = done.progress;
    await this.#options.onRun?.ended(this.#name);
    await this.#end('done', null);
  }

  get #name(): string {
    return `backfill ${this.#progress.startedAt}`;
  }

  async #countRows(): Promise<void> {
    let rowsTotal = 0;
    for (const table of this.#parts.tables) rowsTotal += await this.#parts.store.count(table.name);
    await this.#keep({ ...this.#progress, rowsTotal });
  }

  async #attempt<T>(action: () => Promise<T>): Promise<T> {
    return withRetry(action, {
      tries: this.#options.tries ?? 5,
      pause: (attempt) => pausable(this.#options.backoffMs(attempt), this.#stop.signal),
      isStopping: () => this.#stop.signal.aborted,
      onFailure: (message) => {
        this.#options.log.warn({ set: this.set, error: message }, 'batch failed, trying again');
        this.#progress = { ...this.#progress, error: message };
      },
    });
  }

  async #keep(progress: Progress): Promise<void> {
    await this.#options.journal.saveProgress(progress);
    this.#progress = progress;
  }

  async #end(state: 'done' | 'failed' | 'paused', error: string | null): Promise<void> {
    await this.#ahead.settle();
    const finishedAt = this.#parts.now().toISOString();
    const interrupted = state === 'paused' && this.#isStopping;
    const reason = interrupted ? STOPPED : error;
    const ended: Progress = { ...this.#progress, state, error: reason, finishedAt, interrupted };
    try {
      await this.#options.journal.saveProgress(ended);
    } finally {
      // Only now: whoever sees the end may start the next run at once. Also when it could not be written, since a
      // run must not look alive after its end.
      this.#progress = ended;
      this.#options.log.info({ ...this.status() }, `backfill ${state}`);
    }
  }
}

/** What was copied from another database says nothing about this one: the set counts as never copied. */
function ofSource(source: string, stored: Progress): Progress {
  return stored.source === null || stored.source === source ? stored : { ...IDLE, pass: stored.pass };
}
