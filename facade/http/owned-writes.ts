import type { ServerResponse } from 'node:http';
import type { Snapshot } from '../core/snapshot.ts';
import type { Call } from './call.ts';

/** How a write that was held came out of it. */
type Released = 'open' | 'late' | 'gone';

type Waiting = { readonly resolve: (how: Released) => void };

/** Writes of a data set that wait at once in this process; more are refused at once. */
const MOST_HELD = 1_000;
/** How long one waits. */
const HELD_MS = 10_000;
/** Writes of all sets that wait at once for news of their owner. */
const MOST_LISTENING = 1_000;

/**
 * Writes of owned data: while a set changes its owner they wait, and the change waits for those that were on their way
 * already. All of it for one process.
 */
export class OwnedWrites {
  readonly #inFlight = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #drained = new Set<() => void>();
  readonly #listening = new Set<(snapshot: Snapshot) => void>();
  #held: ReadonlySet<string> = new Set();

  /** The set that a call writes to; null for all else. */
  static setOf({ decision }: Call): string | null {
    const data = decision.reason === 'WRITER' ? decision.state?.route.data : undefined;
    return data?.kind === 'owned' ? data.set : null;
  }

  isHeld(set: string): boolean {
    return this.#held.has(set);
  }

  /** One is on its way; call what this gives when it has ended. */
  begin(set: string): () => void {
    this.#inFlight.set(set, (this.#inFlight.get(set) ?? 0) + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#inFlight.set(set, (this.#inFlight.get(set) ?? 1) - 1);
      this.#tellDrained();
    };
  }

  /** Waits until the set takes writes again; `late` at once where too many wait already. */
  wait(set: string, client: ServerResponse): Promise<Released> {
    const waiting = this.#waiting.get(set) ?? new Set();
    this.#waiting.set(set, waiting);
    if (waiting.size >= MOST_HELD) return Promise.resolve('late');
    return new Promise((resolve) => {
      const finish = (how: Released) => {
        clearTimeout(timer);
        client.off('close', gone);
        waiting.delete(entry);
        resolve(how);
      };
      const entry: Waiting = { resolve: finish };
      const gone = () => finish('gone');
      const timer = setTimeout(() => finish('late'), HELD_MS);
      client.once('close', gone);
      waiting.add(entry);
    });
  }

  /** Waits for a snapshot of which `isNews` is true; false after `ms`, for a client that left, or where too many wait. */
  hears(isNews: (snapshot: Snapshot) => boolean, ms: number, client: ServerResponse): Promise<boolean> {
    if (this.#listening.size >= MOST_LISTENING || client.destroyed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const finish = (heard: boolean) => {
        clearTimeout(timer);
        client.off('close', gone);
        this.#listening.delete(listen);
        resolve(heard);
      };
      const listen = (snapshot: Snapshot) => {
        if (isNews(snapshot)) finish(true);
      };
      const gone = () => finish(false);
      const timer = setTimeout(() => finish(false), ms);
      client.once('close', gone);
      this.#listening.add(listen);
    });
  }

  /**
   * Holds what this snapshot holds and lets the others go. The promise, where there is one, resolves when no write of a
   * held set is on its way any more, or when they are held no longer.
   */
  apply(snapshot: Snapshot): Promise<void> | undefined {
    const { states } = snapshot;
    const held = new Set<string>();
    for (const { route, position } of states.values())
      if (position?.held && route.data.kind === 'owned') held.add(route.data.set);
    this.#held = held;
    for (const [set, waiting] of this.#waiting)
      if (!held.has(set)) for (const { resolve } of [...waiting]) resolve('open');
    for (const listen of [...this.#listening]) listen(snapshot);
    this.#tellDrained();
    if (this.#isDrained()) return undefined;
    return new Promise((resolve) => this.#drained.add(resolve));
  }

  /** By set, writes that wait and those on their way. */
  counts(set: string): { readonly waiting: number; readonly inFlight: number } {
    return { waiting: this.#waiting.get(set)?.size ?? 0, inFlight: this.#inFlight.get(set) ?? 0 };
  }

  #isDrained(): boolean {
    return [...this.#held].every((set) => (this.#inFlight.get(set) ?? 0) === 0);
  }

  #tellDrained(): void {
    if (!this.#isDrained()) return;
    for (const resolve of this.#drained) resolve();
    this.#drained.clear();
  }
}
