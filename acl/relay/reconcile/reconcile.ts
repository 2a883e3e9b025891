import type { Logger } from 'pino';
import { messageOf, pausable, withRetry } from '../backfill/retry.ts';
import type { Completeness } from '../completeness/completeness.ts';
import { compareStores } from './compare-stores.ts';
import type { ReconcileParts } from './reconcile-parts.ts';
import { Findings, type ReconcileJournal, type ReconcileResult } from './result.ts';

type State = 'idle' | 'running' | 'done' | 'failed' | 'stopped';

/** What the API answers. `result` is of the last run that came to its end, whatever became of later ones. */
export type ReconcileStatus = {
  readonly set: string;
  readonly state: State;
  readonly repair: boolean;
  /** Rows to look at, of both stores; an estimate until legacy has been read. */
  readonly rowsTotal: number;
  readonly rowsRead: number;
  /** Null until there is something to measure. */
  readonly rowsPerSecond: number | null;
  /** Null unless running. */
  readonly etaSeconds: number | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly error: string | null;
  /** Nobody stopped it: the relay ended in mid-run. */
  readonly interrupted: boolean;
  readonly result: ReconcileResult | null;
};

export type ReconcileOptions = {
  readonly parts: ReconcileParts;
  readonly journal: ReconcileJournal;
  readonly log: Logger;
  /** Attempts for each step before the run fails. Default 5. */
  readonly tries?: number;
  /** Milliseconds before attempt `attempt` + 1. */
  readonly backoffMs: (attempt: number) => number;
  /** Told when a run begins, before anything is read. */
  readonly onStart?: () => void;
  /** Told of each run by its start: before it reads anything, and when both stores were found to be the same. */
  readonly onRun?: Pick<Completeness, 'began' | 'ended'>;
};

const CUT_OFF = 'the relay stopped in mid-run; the next comparison starts anew';

type Run = Omit<ReconcileStatus, 'set' | 'rowsPerSecond' | 'etaSeconds' | 'result'>;

const IDLE: Run = {
  state: 'idle',
  repair: false,
  rowsTotal: 0,
  rowsRead: 0,
  startedAt: null,
  finishedAt: null,
  error: null,
  interrupted: false,
};

/** Compares the stores of one data set: at most one run at a time, from the beginning, as nothing read is kept. */
export class Reconcile {
  readonly #options: ReconcileOptions;
  readonly #source: string;
  #run: Run;
  #result: ReconcileResult | null;
  #work: Promise<void> | null = null;
  #stop = new AbortController();
  #isEnding = false;

  private constructor(options: ReconcileOptions, source: string, run: Run, result: ReconcileResult | null) {
    this.#options = options;
    this.#source = source;
    this.#run = run;
    this.#result = result;
  }

  /** Opens the journal. What was found in another database counts for nothing here. */
  static async open(options: ReconcileOptions): Promise<Reconcile> {
    const source = await options.parts.store.identity();
    const stored = await options.journal.load();
    const run: Run = stored?.isRunning
      ? { ...IDLE, state: 'stopped', error: CUT_OFF, interrupted: true }
      : IDLE;
    const result = stored?.source === source ? stored.result : null;
    const done: Run =
      run.state === 'idle' && result !== null
        ? {
            ...{ ...run, state: 'done', repair: result.repair },
            ...{ startedAt: result.startedAt, finishedAt: result.finishedAt },
          }
        : run;
    return new Reconcile(options, source, done, result);
  }

  status(): ReconcileStatus {
    const { startedAt, finishedAt, rowsRead, rowsTotal, state } = this.#run;
    const endMs = finishedAt === null ? this.#options.parts.now().getTime() : Date.parse(finishedAt);
    const seconds = startedAt === null ? 0 : (endMs - Date.parse(startedAt)) / 1000;
    const rate = seconds > 0 && rowsRead > 0 ? rowsRead / seconds : null;
    const left = Math.max(0, rowsTotal - rowsRead);
    return {
      set: this.#options.parts.set,
      ...this.#run,
      rowsPerSecond: rate === null ? null : Math.round(rate),
      etaSeconds: state === 'running' && rate !== null ? Math.ceil(left / rate) : null,
      result: this.#result,
    };
  }

  /** Starts a run; false when one is running. */
  start(repair: boolean): boolean {
    if (this.#work !== null) return false;
    this.#stop = new AbortController();
    this.#options.onStart?.();
    this.#run = { ...IDLE, state: 'running', repair, startedAt: this.#options.parts.now().toISOString() };
    this.#work = this.#compare().finally(() => {
      this.#work = null;
    });
    return true;
  }

  /** Stops at the next chunk; resolves when the run has ended. Does nothing when none is running. */
  async cancel(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  /** Stops because this process ends. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.cancel();
  }

  async #compare(): Promise<void> {
    const { parts, journal, log } = this.#options;
    const { set, store, tables } = parts;
    const findings = new Findings();
    const { signal } = this.#stop;
    log.info({ set, repair: this.#run.repair }, 'reconcile started');
    try {
      await this.#options.onRun?.began(`reconcile ${this.#run.startedAt}`);
      await journal.save({ source: this.#source, isRunning: true, result: this.#result });
      let ofLegacy = 0;
      await this.#attempt(async () => {
        ofLegacy = 0;
        for (const table of tables) ofLegacy += await store.count(table.name);
      });
      // The service has about as many.
      this.#run = { ...this.#run, rowsTotal: 2 * ofLegacy };
      const { kind: capture } = await this.#attempt(() => parts.source.state());
      await compareStores({
        ...{ parts, findings, signal, repair: this.#run.repair, isNoted: capture !== 'absent' },
        attempt: (action) => this.#attempt(action),
        onRows: (rows) => {
          const rowsRead = this.#run.rowsRead + rows;
          this.#run = {
            ...this.#run,
            error: null,
            rowsRead,
            rowsTotal: Math.max(this.#run.rowsTotal, rowsRead),
          };
        },
        onHalf: () => {
          this.#run = { ...this.#run, rowsTotal: 2 * this.#run.rowsRead };
        },
      });
      parts.failpoint('reconcile-before-done');
      const finishedAt = parts.now().toISOString();
      const startedAt = this.#run.startedAt as string;
      const { repair } = this.#run;
      const durationMs = Date.parse(finishedAt) - Date.parse(startedAt);
      const result = { startedAt, finishedAt, durationMs, repair, capture, ...findings.told() };
      await journal.save({ source: this.#source, isRunning: false, result });
      this.#result = result;
      if (result.left === 0 && result.restless === 0)
        await this.#options.onRun?.ended(`reconcile ${startedAt}`);
      const rowsTotal = this.#run.rowsRead;
      this.#run = { ...this.#run, rowsTotal, state: 'done', error: null, finishedAt };
      const { differences: _, quarantine: __, restlessKeys: ___, ...counts } = result;
      log.info({ set, ...counts }, 'reconcile done');
    } catch (error) {
      await this.#end(signal.aborted ? null : messageOf(error));
    }
  }

  async #end(failure: string | null): Promise<void> {
    const { parts, journal, log } = this.#options;
    const interrupted = failure === null && this.#isEnding;
    const finishedAt = parts.now().toISOString();
    const state = failure === null ? 'stopped' : 'failed';
    const error = interrupted ? CUT_OFF : failure;
    // As running where the process ends: the next one then says so.
    await journal
      .save({ source: this.#source, isRunning: interrupted, result: this.#result })
      .catch((problem: unknown) => {
        log.error({ set: parts.set, error: messageOf(problem) }, 'the state cannot be written');
      });
    this.#run = { ...this.#run, state, error, interrupted, finishedAt };
    log.info({ set: parts.set, error }, `reconcile ${state}`);
  }

  #attempt<T>(action: () => Promise<T>): Promise<T> {
    const { signal } = this.#stop;
    return withRetry(action, {
      tries: this.#options.tries ?? 5,
      pause: (attempt) => pausable(this.#options.backoffMs(attempt), signal),
      isStopping: () => signal.aborted,
      onFailure: (message) => {
        this.#options.log.warn({ set: this.#options.parts.set, error: message }, 'reconcile: trying again');
        this.#run = { ...this.#run, error: message };
      },
    });
  }
}
