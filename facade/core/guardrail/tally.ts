import type { Outcome } from '../observation/observations.ts';
import type { Party } from '../party.ts';
import { Figures, type FiguresJson } from './figures.ts';

/**
 * What the figures of a route are about: one stay in a stage, with one build of the candidate and one form of the
 * route. When any of it changes, a new tally begins. Replicas must agree on `sinceMs`: it comes from the ledger.
 */
export type Epoch = {
  /** Milliseconds since 1970 at which the epoch began. */
  readonly sinceMs: number;
  /** `canary 10%`, as steps are written. */
  readonly stage: string;
  /** Identity of the candidate's build; null when it tells none. */
  readonly build: string | null;
  /** Hash of the route. */
  readonly hash: string;
};

export type TallyJson = {
  readonly epoch: Epoch;
  readonly windowMs: number;
  readonly total: FiguresJson;
  readonly slices: readonly (readonly [index: number, figures: FiguresJson])[];
};

/** A stretch of time that ends now, and its part of the risk of a false breach. */
export type Stretch = { readonly fromMs: number; readonly figures: Figures; readonly risk: number };

/** The window is kept in so many slices; one more is under way. */
const SLICES = 5;

/** The figures of one epoch, as a whole and by slices of the last window: bounded memory, whatever the traffic. */
export class Tally {
  readonly epoch: Epoch;
  readonly windowMs: number;
  readonly #sliceMs: number;
  readonly #total = new Figures();
  readonly #slices = new Map<number, Figures>();
  #newest = Number.NEGATIVE_INFINITY;

  constructor(epoch: Epoch, windowMs: number) {
    this.epoch = epoch;
    this.windowMs = windowMs;
    this.#sliceMs = windowMs / SLICES;
  }

  /** One comparison of two answers. */
  compared(outcome: Outcome, nowMs: number): void {
    for (const { compared } of this.#at(nowMs)) {
      compared.trials++;
      if (outcome === 'mismatch') compared.hits++;
      if (outcome === 'doubtful') compared.doubtful++;
    }
  }

  /** Two answers that nobody could compare. */
  uncompared(nowMs: number): void {
    for (const { compared } of this.#at(nowMs)) compared.uncompared++;
  }

  /** One answer of one side. `ms` is null when none came. */
  answered(party: Party, failed: boolean, ms: number | null, nowMs: number): void {
    for (const { answered, latency } of this.#at(nowMs)) {
      answered[party].trials++;
      if (failed) answered[party].hits++;
      if (ms !== null) latency[party].record(ms);
    }
  }

  /** Figures that were gathered elsewhere, by a worker for example, since they were last added. */
  add(figures: Figures, nowMs: number): void {
    for (const one of this.#at(nowMs)) one.merge(figures);
  }

  /** The last window, rounded up to whole slices, and the time it covers of this epoch. */
  window(nowMs: number): { readonly figures: Figures; readonly coveredMs: number } {
    const oldest = this.#oldest(nowMs);
    const figures = new Figures();
    for (const [index, slice] of this.#slices) if (index >= oldest) figures.merge(slice);
    return { figures, coveredMs: nowMs - Math.max(this.epoch.sinceMs, oldest * this.#sliceMs) };
  }

  /**
   * The stretches in which a breach is looked for: the whole epoch with half of the risk, and the ends of the window.
   * What begins at the k-th slice of the epoch has 1 / (k (k + 1)) of the other half, so that all together risk no
   * more than 1, however long the epoch lasts.
   */
  stretches(nowMs: number): Stretch[] {
    const stretches: Stretch[] = [{ fromMs: this.epoch.sinceMs, figures: this.#total, risk: 1 / 2 }];
    const first = this.#index(this.epoch.sinceMs);
    const sum = new Figures();
    for (const index of [...this.#slices.keys()].sort((one, other) => other - one)) {
      const k = index - first;
      if (k < 1 || index < this.#oldest(nowMs)) break;
      const figures = new Figures().merge(sum.merge(this.#slices.get(index)!));
      stretches.push({ fromMs: index * this.#sliceMs, figures, risk: 1 / 2 / (k * (k + 1)) });
    }
    return stretches;
  }

  /**
   * The figures of several workers or replicas together; those of an older epoch count no more. Each source's state may
   * be merged once only: it is a sum.
   */
  static merge(one: Tally, other: Tally): Tally {
    const order = compare(key(one.epoch), key(other.epoch));
    const newer = order < 0 ? other : one;
    const merged = new Tally(newer.epoch, newer.windowMs);
    for (const tally of order === 0 ? [one, other] : [newer]) {
      merged.#total.merge(tally.#total);
      for (const [index, figures] of tally.#slices) merged.#slice(index)?.merge(figures);
    }
    return merged;
  }

  toJSON(): TallyJson {
    return {
      epoch: this.epoch,
      windowMs: this.windowMs,
      total: this.#total.toJSON(),
      slices: [...this.#slices].map(([index, figures]) => [index, figures.toJSON()]),
    };
  }

  static from(json: TallyJson): Tally {
    const tally = new Tally(json.epoch, json.windowMs);
    tally.#total.merge(Figures.from(json.total));
    for (const [index, figures] of json.slices) tally.#slice(index)?.merge(Figures.from(figures));
    return tally;
  }

  #at(nowMs: number): Figures[] {
    const slice = this.#slice(this.#index(nowMs));
    return slice ? [this.#total, slice] : [this.#total];
  }

  /** Null for a slice that has left the window already. */
  #slice(index: number): Figures | null {
    if (index > this.#newest) {
      this.#newest = index;
      for (const old of this.#slices.keys()) if (old < index - SLICES) this.#slices.delete(old);
    }
    if (index < this.#newest - SLICES) return null;
    const slice = this.#slices.get(index) ?? new Figures();
    this.#slices.set(index, slice);
    return slice;
  }

  #index(ms: number): number {
    return Math.floor(ms / this.#sliceMs);
  }

  #oldest(nowMs: number): number {
    return this.#index(nowMs) - SLICES;
  }
}

/** Orders epochs by their beginning; equal only when they are the same. */
function key({ sinceMs, stage, build, hash }: Epoch): string {
  return JSON.stringify([String(sinceMs).padStart(16, '0'), stage, build, hash]);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
