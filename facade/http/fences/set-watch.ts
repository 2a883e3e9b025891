import { setTimeout as wait } from 'node:timers/promises';
import type { Fence } from '../../core/fence/fence.ts';
import type { HeardPosition, SetLink } from '../../core/fence/set-link.ts';
import { type LagCause, SetProgress } from '../../core/fence/set-progress.ts';

/** How often it is asked how far a set has come: also while reads are held, and more often where `maxLag` is short. */
const ASK_MS = 1_000;
const HELD_ASK_MS = 250;
const LEAST_ASK_MS = 20;
/** A write waits no longer than this for its position. */
const WRITE_WAIT_MS = 250;
/** Whether a position is covered is asked this often while somebody wants to know, of so many positions at once. */
const COVERS_MS = 25;
const MAX_COVERS_ASKED = 16;
/** Positions of which something is known. */
const MAX_POSITIONS = 4_096;

type Known = { covered: boolean; asking: boolean; askedAtMs: number };

/** One data set as one process watches it. No request waits for it, but a write for its position, and that briefly. */
export class SetWatch {
  readonly set: string;
  maxLagMs: number;
  readonly #link: SetLink;
  readonly #now: () => number;
  readonly #heard: (watch: SetWatch) => void;
  readonly #progress = new SetProgress();
  readonly #positions = new Map<string, Known>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #running: Promise<HeardPosition> | null = null;
  #next: Promise<HeardPosition> | null = null;
  #soon: Promise<HeardPosition | null> | null = null;
  /** The last write waited in vain: nobody else does until there is an answer again. */
  #isSlow = false;
  /** Reads of whoever does not own the set are held until all that was written before this is carried over. */
  #heldUntilMs: number;
  /** Why nothing was heard last time; null when something was. */
  #silence: string | null = null;

  /** `now` gives milliseconds of a clock that never jumps; `heard` is told after each question, answered or not. */
  constructor(
    set: string,
    maxLagMs: number,
    parts: { link: SetLink; now: () => number; heard: (watch: SetWatch) => void },
  ) {
    this.set = set;
    this.maxLagMs = maxLagMs;
    this.#link = parts.link;
    this.#now = parts.now;
    this.#heard = parts.heard;
    // What an earlier process knew of its clients' writes is gone.
    this.#heldUntilMs = this.#now();
    void this.#follow();
  }

  /** Why reads may go to the owner alone; null: to both sides. */
  cause(): LagCause | null {
    const cause = this.#progress.cause(this.#now(), this.maxLagMs);
    if (cause !== null) return cause;
    return this.#progress.hasCarried(this.#heldUntilMs) ? null : 'behind';
  }

  lagMs(): number | null {
    return this.#progress.lagMs(this.#now(), this.maxLagMs);
  }

  get silence(): string | null {
    return this.#silence;
  }

  /** Holds reads until everything that is answered before this moment has been carried over. */
  holdUntil(atMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, atMs);
  }

  /** The fence of a write that was just answered; null: what it wrote is at the other side already. Never rejects. */
  async fence(): Promise<Fence | null> {
    const atMs = this.#now();
    return fenceOf(await this.#hearNow(), atMs);
  }

  /**
   * Whether all that was written before this moment is at the other side. `perhaps`: what waits has waited no longer than
   * the answer took, so it may have been written behind it, by the very write that asks for example. Never rejects.
   */
  async isCaughtUp(): Promise<'yes' | 'perhaps' | 'no'> {
    const atMs = this.#now();
    const heard = await this.#hearNow(false);
    if (heard === null || heard.lagMs === null) return 'no';
    if (heard.head === null) return 'yes';
    return heard.lagMs < this.#now() - atMs ? 'perhaps' : 'no';
  }

  /** Waits until all that is written by now is at the other side; false where that takes longer, or nobody can say. */
  async carriesWithin(ms: number): Promise<boolean> {
    const atMs = this.#now();
    const untilMs = atMs + ms;
    const fence = fenceOf(await this.#hearSoon(), atMs);
    while (fence !== null && !this.covers(fence, 0)) {
      const leftMs = untilMs - this.#now();
      if (leftMs <= 0 || this.#isClosed) return false;
      await wait(Math.min(COVERS_MS, leftMs), undefined, { ref: false });
    }
    return true;
  }

  /** Whether anything was on its way to the other side since this moment; true too where nobody can say. */
  async hasMovedSince(atMs: number): Promise<boolean> {
    const heard = await this.#hearSoon();
    return heard === null || heard.head !== null || this.#hasCarriedSince(heard, atMs);
  }

  /** Whether anything may have come to the other side since this moment, whatever waits; true too where nobody can say. */
  async mayHaveCarriedSince(atMs: number): Promise<boolean> {
    const heard = await this.#hearNow(false);
    return heard === null || this.#hasCarriedSince(heard, atMs);
  }

  /** Whether a client may read at the other side again. What is not known yet is found out behind its back. */
  covers({ atMs, position }: Fence, clockErrorMs: number): boolean {
    if (this.#progress.hasCarried(atMs + clockErrorMs)) return true;
    return position !== null && this.#hasCovered(position);
  }

  /** Whether a write of this moment is covered by now. */
  hasCarried(atMs: number): boolean {
    return this.#progress.hasCarried(atMs);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** `carriedMs` was true a moment ago, so this errs to yes. */
  #hasCarriedSince({ carriedMs }: HeardPosition, atMs: number): boolean {
    return carriedMs === null || carriedMs === undefined || this.#now() - carriedMs >= atMs;
  }

  /** What the relay says now; null where it takes too long for that, or reads are held and nobody need know. */
  async #hearNow(isWrite = true): Promise<HeardPosition | null> {
    if (this.cause() !== null || this.#isSlow) return null;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), WRITE_WAIT_MS);
    });
    const heard = await Promise.race([this.#fresh().catch(() => null), late]);
    clearTimeout(timer);
    // What others ask beside them must not make writes give up their positions.
    if (isWrite) this.#isSlow ||= heard === null;
    return heard;
  }

  /** The same for whoever can wait: all that ask within a moment share one question, however many they are. */
  #hearSoon(): Promise<HeardPosition | null> {
    this.#soon ??= wait(COVERS_MS, undefined, { ref: false }).then(() => {
      this.#soon = null;
      return this.#hearNow(false);
    });
    return this.#soon;
  }

  #hasCovered(position: string): boolean {
    const now = this.#now();
    const known = this.#positions.get(position);
    if (known?.covered) return true;
    if (known?.asking || (known && now - known.askedAtMs < COVERS_MS)) return false;
    const asked = [...this.#positions.values()].filter(({ asking }) => asking).length;
    if (asked < MAX_COVERS_ASKED && !this.#isClosed) void this.#askFor(position, now);
    return false;
  }

  async #askFor(position: string, askedAtMs: number): Promise<void> {
    const known: Known = { covered: false, asking: true, askedAtMs };
    this.#positions.delete(position);
    this.#positions.set(position, known);
    if (this.#positions.size > MAX_POSITIONS) this.#forgetOldest();
    // Of a relay that does not answer the watch tells.
    known.covered = await this.#link.covers(this.set, position).catch(() => false);
    known.asking = false;
  }

  #forgetOldest(): void {
    const [oldest] = this.#positions.keys();
    if (oldest !== undefined) this.#positions.delete(oldest);
  }

  /** An answer to a question that is not older than this call; all that wait at once share one. */
  #fresh(): Promise<HeardPosition> {
    if (!this.#running) {
      this.#running = this.#ask().finally(() => {
        this.#running = null;
      });
      return this.#running;
    }
    this.#next ??= this.#running
      .catch(() => null)
      .then(() => {
        this.#next = null;
        return this.#fresh();
      });
    return this.#next;
  }

  async #ask(): Promise<HeardPosition> {
    const askedAtMs = this.#now();
    const heard = await this.#link.position(this.set);
    this.#progress.heard(askedAtMs, heard.lagMs);
    if (this.#now() - askedAtMs < WRITE_WAIT_MS) this.#isSlow = false;
    return heard;
  }

  async #follow(): Promise<void> {
    try {
      await this.#fresh();
      this.#silence = null;
    } catch (error) {
      this.#silence = (error as Error).message;
    }
    if (this.#isClosed) return;
    this.#expirePositions();
    this.#heard(this);
    const askMs = this.cause() === null ? ASK_MS : HELD_ASK_MS;
    const pauseMs = Math.max(LEAST_ASK_MS, Math.min(askMs, this.maxLagMs / 4));
    this.#timer = setTimeout(() => void this.#follow(), pauseMs).unref();
  }

  // Fences do not live longer, so nobody asks for them any more; and numbers may begin anew with another queue.
  #expirePositions(): void {
    const before = this.#now() - this.maxLagMs - ASK_MS;
    for (const [position, { askedAtMs, asking }] of this.#positions) {
      if (askedAtMs > before || asking) return;
      this.#positions.delete(position);
    }
  }
}

/** Of what was written up to this moment; null: nothing waits. */
function fenceOf(heard: HeardPosition | null, atMs: number): Fence | null {
  if (heard === null || heard.lagMs === null) return { atMs, position: null };
  return heard.head === null ? null : { atMs, position: heard.head };
}
