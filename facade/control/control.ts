import type { Logger } from 'pino';
import type { Plan } from '#plan/model/plan.ts';
import type { Problem } from '#plan/model/problem.ts';
import type { CopyCheck } from '../core/copy-check.ts';
import {
  type EntryType,
  type Ledger,
  type LedgerDraft,
  type LedgerEntry,
  LedgerError,
  positionOf,
} from '../core/ledger.ts';
import {
  initialPosition,
  kill,
  type Move,
  type Position,
  pause,
  resume,
  rollback,
  type Step,
  transition,
} from '../core/position.ts';
import type { PositionStore } from '../core/position-store.ts';
import { buildSnapshot, type RouteState, type Snapshot } from '../core/snapshot.ts';
import { type Author, type Change, type ChangeRefusal, stale } from './change.ts';
import { restartNeeded } from './restart-needed.ts';
import { describeFault, startingPositions } from './starting-positions.ts';

export type LoadPlan = () => { plan: Plan | null; problems: Problem[] };

export type ReloadOutcome =
  | { readonly ok: true; readonly plan: Plan; readonly previous: string; readonly warnings: Problem[] }
  | { readonly ok: false; readonly problems: Problem[] };

export type ControlOptions = {
  readonly plan: Plan;
  readonly loadPlan: LoadPlan;
  readonly ledger: Ledger;
  /** Null for a ledger that dies with the process. */
  readonly store: PositionStore | null;
  readonly copyCheck: CopyCheck;
  readonly log: Logger;
  readonly now: () => Date;
};

const ATTEMPTS = 5;
const ALL = Number.MAX_SAFE_INTEGER;

/** Opens the control plane: reads the ledger, decides which positions can be trusted, makes the first snapshot. */
export async function openControl(options: ControlOptions): Promise<Control> {
  const entries = await options.ledger.read({ after: 0, limit: ALL });
  const stored = options.store ? await options.store.load() : null;
  const start = startingPositions(entries, options.ledger.fault(), stored);
  const control = new Control(options, start.positions, start.distrust, entries.at(-1));
  if (start.distrust)
    options.log.error(
      { ledger: options.ledger.name, positions: start.positions ? 'last known' : 'none' },
      `Positions cannot be changed: ${start.distrust}`,
    );
  else await control.store();
  return control;
}

/** The control plane: holds the snapshot in force and changes it through the ledger alone. */
export class Control {
  readonly #options: ControlOptions;
  readonly #listeners: ((snapshot: Snapshot) => void)[] = [];
  readonly #distrustAtStart: string | null;
  #positions: Map<string, Position> | null;
  #snapshot: Snapshot;
  #last: LedgerEntry | undefined;

  constructor(
    options: ControlOptions,
    positions: Map<string, Position> | null,
    distrust: string | null,
    last: LedgerEntry | undefined,
  ) {
    this.#options = options;
    this.#positions = positions;
    this.#distrustAtStart = distrust;
    this.#last = last;
    this.#snapshot = buildSnapshot(options.plan, positions);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Why the ledger is not trusted and what to do, null when it is. While it is not, nothing can be changed. */
  get distrust(): string | null {
    const fault = this.#options.ledger.fault();
    return this.#distrustAtStart ?? (fault && describeFault(fault));
  }

  /** False when even the last positions are not known: the instance must get no traffic. */
  get ready(): boolean {
    return this.#positions !== null;
  }

  onChange(listener: (snapshot: Snapshot) => void): void {
    this.#listeners.push(listener);
  }

  /** Moves a route to a stage, if nobody moved it since `expectedVersion`. */
  async transition(
    route: string,
    to: Step,
    { expectedVersion, force, ...author }: Author & { expectedVersion: number; force: boolean },
  ): Promise<Change<RouteState>> {
    const state = this.#snapshot.states.get(route);
    if (!state) return this.#unknown(route);
    const { position } = state;
    if (position && position.version !== expectedVersion)
      return stale(state, expectedVersion, position.version);
    const missing = force ? null : await this.#missingCopy(state, to);
    if (missing) return { ok: false, code: 'ROUTE_DATA_NOT_COPIED', detail: missing, state };
    const outcome = await this.#change('transition', [state], author, (at, of) =>
      transition(at, of.route, to, force),
    );
    return one(outcome);
  }

  rollback(route: string, author: Author): Promise<Change<RouteState>> {
    return this.#retried('rollback', route, author, (at, state) => rollback(at, state.route));
  }

  pause(route: string, author: Author): Promise<Change<RouteState>> {
    return this.#retried('pause', route, author, pause);
  }

  resume(route: string, author: Author): Promise<Change<RouteState>> {
    return this.#retried('resume', route, author, resume);
  }

  /** Kills one route, or with null every route that is not retired, in one append. */
  async kill(route: string | null, author: Author): Promise<Change<RouteState[]>> {
    if (route !== null) {
      const outcome = await this.#retried('kill', route, author, (at, state) => kill(at, state.route));
      return outcome.ok ? { ok: true, value: [outcome.value] } : outcome;
    }
    for (let attempt = 1; ; attempt++) {
      const states = [...this.#snapshot.states.values()].filter(
        (state) => state.position?.stage !== 'retired',
      );
      const outcome = await this.#change('kill', states, author, (at, state) => kill(at, state.route));
      if (outcome.ok || outcome.code !== 'ROUTE_VERSION_STALE' || attempt === ATTEMPTS) return outcome;
    }
  }

  /** Applies the plan on disk. An invalid one is refused; either way the ledger says so. */
  async reload(author: Author): Promise<Change<ReloadOutcome>> {
    const previous = this.#snapshot.plan.hash;
    const { plan, problems } = this.#options.loadPlan();
    const draft = this.#planDraft(plan ? 'reload' : 'reload-refused', plan?.hash ?? previous, author);
    // A plan can be put right while the ledger cannot be written: traffic must not wait for the ledger.
    const written = this.distrust ? null : await this.#append([draft]);
    if (written && !written.ok)
      this.#options.log.error({ detail: written.detail }, 'reload is not in the ledger');
    if (!plan) return { ok: true, value: { ok: false, problems } };
    this.#replace(buildSnapshot(plan, this.#positions, this.#snapshot));
    const keys = restartNeeded(this.#options.plan, plan);
    if (keys.length > 0)
      this.#options.log.warn(
        { keys },
        `${keys.join(' and ')} of the new plan wait for a restart of the facade`,
      );
    return { ok: true, value: { ok: true, plan, previous, warnings: problems } };
  }

  /** Writes the positions in force beside the ledger; a failure is told, and changes nothing. */
  async store(): Promise<void> {
    if (!this.#options.store || !this.#positions) return;
    const positions = Object.fromEntries(this.#positions);
    const { seq, hash } = this.#last ?? { seq: 0, hash: '' };
    await this.#options.store
      .save({ seq, hash, positions })
      .catch((error: Error) => this.#options.log.warn({ err: error }, 'positions could not be stored'));
  }

  /** Why the candidate must not answer reads of a route yet; null when it may, or when the move is not legal anyway. */
  async #missingCopy({ route, position }: RouteState, to: Step): Promise<string | null> {
    const reads = to.stage === 'canary' || to.stage === 'candidate';
    if (!reads || route.data.kind !== 'owned' || position?.writer === 'candidate') return null;
    if (!transition(position ?? initialPosition, route, to, false).ok) return null;
    const answer = await this.#options.copyCheck(route.data.set);
    return answer.copied ? null : answer.detail;
  }

  async #retried(
    type: EntryType,
    route: string,
    author: Author,
    move: (position: Position, state: RouteState) => Move,
  ): Promise<Change<RouteState>> {
    for (let attempt = 1; ; attempt++) {
      const state = this.#snapshot.states.get(route);
      if (!state) return this.#unknown(route);
      const outcome = await this.#change(type, [state], author, move);
      if (outcome.ok || outcome.code !== 'ROUTE_VERSION_STALE' || attempt === ATTEMPTS) return one(outcome);
    }
  }

  async #change(
    type: EntryType,
    states: RouteState[],
    author: Author,
    move: (position: Position, state: RouteState) => Move,
  ): Promise<Change<RouteState[]>> {
    if (this.distrust) return { ok: false, code: 'LEDGER_CORRUPT', detail: this.distrust, state: null };
    const drafts: LedgerDraft[] = [];
    for (const state of states) {
      const outcome = move(state.position ?? initialPosition, state);
      if (!outcome.ok) return { ...outcome, state };
      if (!outcome.unchanged) drafts.push(this.#draft(type, state.route.name, outcome.position, author));
    }
    const written = drafts.length > 0 ? await this.#append(drafts) : null;
    if (written && !written.ok) return written;
    const changed = states.map((state) => this.#snapshot.states.get(state.route.name) ?? state);
    return { ok: true, value: changed };
  }

  async #append(drafts: LedgerDraft[]): Promise<Change<null>> {
    try {
      const outcome = await this.#options.ledger.append(drafts);
      if (!outcome.ok) {
        const state = this.#snapshot.states.get(outcome.route) ?? null;
        const expected = drafts.find((draft) => draft.route === outcome.route)?.version ?? 0;
        return stale(state, expected - 1, outcome.version);
      }
      this.#apply(outcome.entries);
      await this.store();
      return { ok: true, value: null };
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#options.log.error({ ledger: this.#options.ledger.name }, this.distrust ?? error.message);
      const code = error.code === 'LEDGER_CORRUPT' ? 'LEDGER_CORRUPT' : 'LEDGER_UNWRITABLE';
      return { ok: false, code, detail: error.message, state: null };
    }
  }

  #apply(entries: readonly LedgerEntry[]): void {
    const positions = new Map(this.#positions);
    for (const entry of entries) {
      const position = positionOf(entry);
      if (position && entry.route !== null) positions.set(entry.route, position);
      if (entry.seq > (this.#last?.seq ?? 0)) this.#last = entry;
    }
    this.#positions = positions;
    this.#replace(buildSnapshot(this.#snapshot.plan, positions, this.#snapshot));
  }

  #replace(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener(snapshot);
  }

  #draft(type: EntryType, route: string, position: Position, author: Author): LedgerDraft {
    const { stage, hundredths, writer, paused, killed, version } = position;
    const at = this.#options.now().toISOString();
    const plan = this.#snapshot.plan.hash;
    return {
      at,
      type,
      route,
      stage,
      percent: hundredths / 100,
      writer,
      paused,
      killed,
      version,
      plan,
      ...author,
    };
  }

  #planDraft(type: EntryType, plan: string, author: Author): LedgerDraft {
    const nothing = { route: null, stage: null, percent: null, writer: null, paused: null, killed: null };
    return { at: this.#options.now().toISOString(), type, ...nothing, version: 0, plan, ...author };
  }

  #unknown(route: string): { ok: false } & ChangeRefusal {
    const known = [...this.#snapshot.states.keys()].join(', ');
    return {
      ok: false,
      code: 'ROUTE_UNKNOWN',
      detail: `expected one of ${known || 'no route at all'}, got ${route}.`,
      state: null,
    };
  }
}

function one(outcome: Change<RouteState[]>): Change<RouteState> {
  return outcome.ok ? { ok: true, value: outcome.value[0] as RouteState } : outcome;
}
