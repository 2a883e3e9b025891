import type { Logger } from 'pino';
import type { Route } from '#plan/model/plan.ts';
import type { SetLink } from '../../core/fence/set-link.ts';
import type { LagCause } from '../../core/fence/set-progress.ts';
import type { Party } from '../../core/party.ts';
import type { Position } from '../../core/position.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { SetWatch } from './set-watch.ts';

/** What is known of one set, for people and metrics. */
export type SetView = {
  readonly set: string;
  readonly lagMs: number | null;
  readonly cause: LagCause | null;
  /** Why reads are held at the owner, in words; null when nothing holds them. */
  readonly fenced: string | null;
};

/** Writes of other processes may have been answered by the old position of a route for so long. */
const APPLY_MS = 1_000;

export type SetWatchesOptions = {
  readonly link: SetLink;
  readonly log: Logger | null;
  readonly now: () => number;
};

/** Watches every data set that a route of the plan owns; nothing where the plan names no relay. */
export class SetWatches {
  readonly #options: SetWatchesOptions;
  #watches = new Map<string, SetWatch>();
  #split: ReadonlySet<string> = new Set();
  readonly #told = new Map<string, LagCause | null>();
  readonly #onHeard: ((watch: SetWatch) => void)[] = [];

  constructor(options: SetWatchesOptions) {
    this.#options = options;
  }

  /** Null: nobody says how the set follows, so nothing is held up. */
  of(set: string): SetWatch | null {
    return this.#watches.get(set) ?? null;
  }

  /** Whether routes of a set are split, so that clients may read where they do not write. */
  isSplit(set: string): boolean {
    return this.#split.has(set);
  }

  onHeard(listener: (watch: SetWatch) => void): void {
    this.#onHeard.push(listener);
  }

  apply(snapshot: Snapshot): void {
    const { link, now } = this.#options;
    const { relay, dataSets } = snapshot.plan;
    const watches = new Map<string, SetWatch>();
    const split = new Set<string>();
    for (const { route, position } of snapshot.states.values()) {
      if (route.data.kind !== 'owned' || relay === null || position?.stage === 'retired') continue;
      const { set } = route.data;
      const maxLagMs = dataSets.get(set)?.maxLagMs;
      if (maxLagMs === undefined) continue;
      const heard = (watch: SetWatch) => this.#heard(watch);
      const watch =
        this.#watches.get(set) ?? watches.get(set) ?? new SetWatch(set, maxLagMs, { link, now, heard });
      watch.maxLagMs = maxLagMs;
      watches.set(set, watch);
      if (position && readersOf(route, position).some((party) => party !== position.writer)) split.add(set);
    }
    // Nobody took positions of what was written until now.
    for (const set of split) if (!this.#split.has(set)) watches.get(set)?.holdUntil(now() + APPLY_MS);
    for (const [set, watch] of this.#watches) if (!watches.has(set)) watch.close();
    this.#watches = watches;
    this.#split = split;
  }

  views(): SetView[] {
    return [...this.#watches.values()].map((watch) => {
      const cause = watch.cause();
      return { set: watch.set, lagMs: watch.lagMs(), cause, fenced: cause && inWords(watch, cause) };
    });
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close();
  }

  #heard(watch: SetWatch): void {
    for (const listener of this.#onHeard) listener(watch);
    const cause = watch.cause();
    if (this.#told.get(watch.set) === cause) return;
    const isFirst = !this.#told.has(watch.set);
    this.#told.set(watch.set, cause);
    const { log } = this.#options;
    if (cause !== null) log?.warn({ set: watch.set }, inWords(watch, cause));
    else if (!isFirst)
      log?.info({ set: watch.set, lagMs: watch.lagMs() }, 'the set has caught up: reads follow the stage');
  }
}

/** Who answers reads at these stages. */
const READS_AT: Readonly<Record<Position['stage'], readonly Party[]>> = {
  legacy: ['legacy'],
  shadow: ['legacy'],
  canary: ['legacy', 'candidate'],
  candidate: ['candidate'],
  retired: ['candidate'],
};

/** Who may answer a read, be it in place of a candidate that fails. */
function readersOf({ fallbackToLegacy }: Route, { stage, killed }: Position): readonly Party[] {
  if (killed) return ['legacy'];
  return fallbackToLegacy && stage === 'candidate' ? ['candidate', 'legacy'] : READS_AT[stage];
}

function inWords(watch: SetWatch, cause: LagCause): string {
  const held = `reads of ${watch.set} go to its owner`;
  const lagMs = watch.lagMs();
  if (cause === 'behind') {
    if (lagMs !== null && lagMs > watch.maxLagMs)
      return `${held}: the set lags ${lagMs} ms, and its maxLag is ${watch.maxLagMs} ms`;
    if (watch.silence !== null) return `${held}: it lagged ${lagMs} ms when last heard of; ${watch.silence}`;
    return `${held}: what was written until now has not been carried over yet (lag ${lagMs} ms)`;
  }
  return `${held}: how far the set lags is not known; ${watch.silence ?? 'the relay cannot say: fig capture status'}`;
}
