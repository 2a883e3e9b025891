import { pausable } from '../backfill/retry.ts';
import type { Look, Looker } from './look.ts';
import type { ReconcileParts } from './reconcile-parts.ts';

type Suspect = { look: Look; sameSince: number; readonly sinceMs: number };

/** What became of rows that differed. Those that are equal by now stand in neither. */
export type Settled = {
  /** They differ, and no write on its way explains it. */
  readonly different: readonly Look[];
  /** Written so often that they were never seen at rest. */
  readonly restless: readonly string[];
};

/** How often a row has to be found the same, each time behind what the relay had carried by then. */
const LOOKS = 2;
/** Rounds in mid-run; who is not at rest by then waits for the next time. */
const ROUNDS = 4;
const PAUSE_MS = 10;
/** Nobody notes writes: time has to do. */
const UNNOTED_PAUSE_MS = 250;

/**
 * Rows that differed when they were looked at: the write may still be on its way. So each is looked at again when the
 * relay has covered the position that was observed after it was seen. A row that shows the same two sides twice has
 * not been written since, or its write would have arrived; that is a difference. One that shows others every time is
 * being written.
 */
export class Suspects {
  readonly #parts: ReconcileParts;
  readonly #looker: Looker;
  readonly #isNoted: boolean;
  readonly #all = new Map<string, Suspect>();
  /** Kept here until they are handed out: a round that fails is done again. */
  #different: Look[] = [];
  #restless: string[] = [];

  constructor(parts: ReconcileParts, looker: Looker, isNoted: boolean) {
    this.#parts = parts;
    this.#looker = looker;
    this.#isNoted = isNoted;
  }

  get size(): number {
    return this.#all.size;
  }

  add(look: Look): void {
    const sinceMs = this.#parts.now().getTime();
    if (look.verdict.kind !== 'equal') this.#all.set(look.key, { look, sameSince: 0, sinceMs });
  }

  /** `whole`: until none is left. Throws when the relay does not catch up, or `signal` says so. */
  async settle(whole: boolean, signal: AbortSignal): Promise<Settled> {
    for (let round = 0; this.#all.size > 0 && (whole || round < ROUNDS); round += 1) {
      await this.#behindWhatIsWritten(signal);
      for (const look of await this.#lookAgain()) {
        const before = this.#all.get(look.key)!;
        if (look.verdict.kind === 'equal') this.#all.delete(look.key);
        else if (look.evidence !== before.look.evidence) {
          const isOld = this.#parts.now().getTime() - before.sinceMs > this.#parts.settleMs;
          if (isOld) this.#restless.push(look.key);
          if (isOld) this.#all.delete(look.key);
          else this.#all.set(look.key, { ...before, look, sameSince: 0 });
        } else if (before.sameSince + 1 < LOOKS) before.sameSince += 1;
        else {
          this.#different.push(look);
          this.#all.delete(look.key);
        }
      }
    }
    const settled = { different: this.#different, restless: this.#restless };
    this.#different = [];
    this.#restless = [];
    return settled;
  }

  async #lookAgain(): Promise<Look[]> {
    const keys = [...this.#all.keys()];
    const looks: Look[] = [];
    for (let at = 0; at < keys.length; at += this.#parts.batchSize)
      looks.push(...(await this.#looker.keys(keys.slice(at, at + this.#parts.batchSize))));
    return looks;
  }

  async #behindWhatIsWritten(signal: AbortSignal): Promise<void> {
    const { source, coverMs, set } = this.#parts;
    await pausable(this.#isNoted ? PAUSE_MS : UNNOTED_PAUSE_MS, signal);
    if (!this.#isNoted) return signal.throwIfAborted();
    const position = await source.head();
    const until = performance.now() + coverMs;
    while (!(await source.covers(position))) {
      signal.throwIfAborted();
      if (performance.now() > until)
        throw new RangeError(
          `changes up to ${position} were not carried over within ${coverMs / 1000} s, so nothing can be said of rows that differ. See: npx fig capture status ${set}`,
        );
      await pausable(PAUSE_MS, signal);
    }
    signal.throwIfAborted();
  }
}
