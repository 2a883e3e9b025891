import type { Logger } from 'pino';
import { messageOf, pausable } from '../backfill/retry.ts';
import type { CaptureState, ChangeSource, Lag } from '../capture/change-source.ts';
import type { Completeness } from '../completeness/completeness.ts';
import type { Carried } from './carry-changes.ts';

/** What the API answers about the changes of a set. */
export type TailStatus = {
  readonly set: string;
  /** Whether writes are noted: `installed`, `absent` (never), or `broken` (not all of them). */
  readonly capture: CaptureState['kind'];
  /** What is gone of it. */
  readonly missing: readonly string[];
  /** Why nobody can say how far the rows are behind, though writes are noted, and what to do; null: the queue says it. */
  readonly doubt: string | null;
  /** How the columns of the tables differ from what they were when capture was installed. */
  readonly drift: readonly string[];
  readonly running: boolean;
  /** Entries that wait; null when that is not known. */
  readonly waiting: number | null;
  /** Age of the oldest that waits, 0 when none does; null: not known, so rows may be as old as they like. */
  readonly lagMs: number | null;
  /** Since this process started. */
  readonly entries: number;
  readonly applied: number;
  readonly error: string | null;
};

/** How far a set has been carried over, at one moment. */
export type SetPosition = {
  readonly set: string;
  /** The highest entry that waits; null when none does, and when `lagMs` is null. */
  readonly head: string | null;
  /** Age of the oldest that waits, 0 when none does; null: not all writes are noted, so nothing can be said. */
  readonly lagMs: number | null;
  /** For so long this process has carried nothing over, whatever waits; null: not known, or something is under way. */
  readonly carriedMs: number | null;
};

export type TailOptions = {
  readonly set: string;
  readonly source: ChangeSource;
  /** What the queue does not tell. Left out where it tells all. */
  readonly completeness?: Completeness;
  /** Carries one batch over. */
  readonly carry: () => Promise<Carried>;
  readonly log: Logger;
  /** Pause when nothing has waited for a while; shorter behind a write, since the next is near. Default 50 ms. */
  readonly pollMs?: number;
  /** How often it is looked whether triggers are still there. Default 5 s. */
  readonly checkMs?: number;
  /** Milliseconds before attempt `attempt` + 1. */
  readonly backoffMs: (attempt: number) => number;
};

const CHECK_MS = 5_000;
/** Pause behind a batch; it doubles each time that nothing waits. */
const SHORT_PAUSE_MS = 2;
/** Batches of so many entries follow each other without a rest. */
const BACKLOG = 100;
const MOST_REST_MS = 25;

/** Follows what is written to the tables of one set: one loop, from its start until it is stopped. */
export class Tail {
  readonly #options: TailOptions;
  #stop: AbortController | null = null;
  #loop: Promise<void> = Promise.resolve();
  #state: CaptureState = { kind: 'absent' };
  #checkedAt = Number.NEGATIVE_INFINITY;
  /** A look at the triggers, beside the batches. */
  #look: { readonly sinceMs: number; readonly done: Promise<void> } | null = null;
  #entries = 0;
  #applied = 0;
  /** When the last entry was, or could have been; null while one may be under way, and where nobody follows. */
  #carriedAt: number | null = null;
  #error: string | null = null;

  constructor(options: TailOptions) {
    this.#options = options;
  }

  /** Follows from now on where writes are noted. Does nothing when it does so already. */
  async start(): Promise<void> {
    await this.#check();
    if (this.#stop || this.#state.kind === 'absent') return;
    this.#stop = new AbortController();
    this.#loop = this.#follow(this.#stop.signal);
  }

  /** Resolves when the batch in hand is done. */
  async stop(): Promise<void> {
    this.#stop?.abort();
    await this.#loop;
    await this.#look?.done;
    this.#stop = null;
  }

  /** Begins to note writes and, if asked to, follows them; says what keeps it from that. */
  async install(follow: boolean): Promise<readonly string[]> {
    const { source, completeness } = this.#options;
    const problems = await source.preflight();
    if (problems.length > 0) return problems;
    // Before: should it end in the middle, too little is trusted and not too much.
    await completeness?.accept(await source.state());
    await source.install();
    await this.#check();
    if (follow) await this.start();
    return [];
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.#options.source.remove();
    await this.#options.completeness?.forget();
    await this.#check();
    this.#error = null;
  }

  async status(): Promise<TailStatus> {
    await this.#check();
    const known = this.#state.kind === 'absent' ? null : await this.#lag();
    // Of what nobody noted nobody can say how long it waits.
    const lag = this.#knowsAll ? known : null;
    return {
      set: this.#options.set,
      capture: this.#state.kind,
      missing: this.#state.kind === 'broken' ? this.#state.missing : [],
      doubt: this.#doubt,
      drift: this.#options.completeness?.drift ?? [],
      running: this.#stop !== null,
      waiting: known?.waiting ?? null,
      lagMs: lag === null ? null : (lag.oldestMs ?? 0),
      entries: this.#entries,
      applied: this.#applied,
      error: this.#error,
    };
  }

  /** Rejects when the legacy database cannot say. */
  async position(): Promise<SetPosition> {
    const { set, source } = this.#options;
    if (!(await this.#notesAll())) return { set, head: null, lagMs: null, carriedMs: null };
    const [head, { oldestMs }] = await Promise.all([source.head(), source.lag()]);
    // Looked at last: what has left the queue by now was carried over before, or is under way.
    const carriedMs = this.#carriedAt === null ? null : performance.now() - this.#carriedAt;
    return { set, head, lagMs: oldestMs ?? 0, carriedMs };
  }

  /** Whether everything up to this position has been carried over; rejects when the legacy database cannot say. */
  async covers(position: string): Promise<boolean> {
    return (await this.#notesAll()) && this.#options.source.covers(position);
  }

  /** By the last look, which is never much older than `checkMs`: a look costs more than what is asked. */
  async #notesAll(): Promise<boolean> {
    const { checkMs = CHECK_MS } = this.#options;
    if (performance.now() - this.#checkedAt > 2 * checkMs) await this.#check();
    return this.#knowsAll;
  }

  get #doubt(): string | null {
    return this.#state.kind === 'installed' ? (this.#options.completeness?.doubt ?? null) : null;
  }

  get #knowsAll(): boolean {
    return this.#state.kind === 'installed' && this.#doubt === null;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { carry, log, set, pollMs = 50, checkMs = CHECK_MS, backoffMs } = this.#options;
    log.info({ set }, 'following changes');
    let attempt = 0;
    let pauseMs = pollMs;
    let carriedAt = performance.now();
    while (!signal.aborted) {
      try {
        this.#lookBeside(checkMs);
        const began = performance.now();
        this.#carriedAt = null;
        const { entries, applied } = await carry();
        if (entries > 0) carriedAt = performance.now();
        this.#carriedAt = carriedAt;
        this.#entries += entries;
        this.#applied += applied;
        this.#error = null;
        attempt = 0;
        pauseMs = entries > 0 ? Math.min(SHORT_PAUSE_MS, pollMs) : Math.min(2 * pauseMs, pollMs);
        // A small batch costs as much as a large one: what comes meanwhile goes with the next.
        const restMs = entries < BACKLOG ? Math.min(performance.now() - began, MOST_REST_MS, pollMs) : 0;
        await pausable(entries === 0 ? pauseMs : restMs, signal);
      } catch (error) {
        attempt += 1;
        // A part of it may have been carried over.
        carriedAt = performance.now();
        this.#error = messageOf(error);
        log.warn({ set, error: this.#error }, 'changes wait: a batch failed, trying again');
        await pausable(backoffMs(attempt), signal);
      }
    }
    this.#carriedAt = null;
  }

  /** Beside the batches: a look takes as long as many of them (information_schema), and they would wait for it. */
  #lookBeside(checkMs: number): void {
    const sinceMs = performance.now();
    const last = Math.max(this.#checkedAt, this.#look?.sinceMs ?? Number.NEGATIVE_INFINITY);
    if (sinceMs - last <= checkMs) return;
    const done = this.#check().catch((error: unknown) => {
      this.#error = messageOf(error);
    });
    this.#look = { sinceMs, done };
  }

  async #check(): Promise<void> {
    const { source, set, log } = this.#options;
    const state = await source.state();
    await this.#options.completeness?.look(state);
    this.#checkedAt = performance.now();
    if (state.kind === 'broken' && this.#state.kind !== 'broken')
      log.error(
        { set, missing: state.missing },
        'writes are not noted any more: triggers are gone. Do: fig capture install, then fig backfill',
      );
    this.#state = state;
  }

  #lag(): Promise<Lag | null> {
    return this.#options.source.lag().catch(() => null);
  }
}
