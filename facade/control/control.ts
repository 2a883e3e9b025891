import type { Logger } from 'pino';
import type { Plan } from '#plan/model/plan.ts';
import type { Problem } from '#plan/model/problem.ts';
import {
  type DataPosition,
  type DataState,
  dataKey,
  initialData,
  withOwners,
} from '../core/data-position.ts';
import type { InstanceState } from '../core/instances.ts';
import {
  type EntryEvidence,
  type EntryType,
  foldData,
  foldPositions,
  type Ledger,
  type LedgerDraft,
  type LedgerEntry,
  LedgerError,
  lastRepair,
} from '../core/ledger.ts';
import { foldParity, type RecordedParity } from '../core/parity-evidence.ts';
import { planChange } from '../core/plan-change.ts';
import {
  describeStep,
  endKill,
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
import type { PositionStore, StoredPositions } from '../core/position-store.ts';
import { buildSnapshot, type RouteState, type Snapshot } from '../core/snapshot.ts';
import { type Author, type Change, type ChangeRefusal, stale } from './change.ts';
import { type GateOptions, Gates } from './gates.ts';
import { restartNeeded } from './restart-needed.ts';
import { entryEvidence } from './route-evidence.ts';
import { describeFault, startingPositions } from './starting-positions.ts';

export type LoadPlan = () => { plan: Plan | null; problems: Problem[] };

export type ReloadOutcome =
  | { readonly ok: true; readonly plan: Plan; readonly previous: string; readonly warnings: Problem[] }
  | {
      readonly ok: false;
      readonly code: 'PLAN_INVALID' | 'PLAN_RELOAD_UNSAFE';
      readonly problems: readonly Problem[];
    };

export type ControlOptions = GateOptions & {
  readonly plan: Plan;
  readonly loadPlan: LoadPlan;
  readonly ledger: Ledger;
  /** Null for a ledger that dies with the process. */
  readonly store: PositionStore | null;
  readonly log: Logger;
  readonly now: () => Date;
};

/** What those who watch a control plane are told, after it came into force here. */
export type ControlEvent =
  /** In order and once, whoever appended them. */
  | { readonly kind: 'entries'; readonly entries: readonly LedgerEntry[] }
  /** By this instance alone. */
  | { readonly kind: 'appended'; readonly entries: readonly LedgerEntry[] }
  /** Another plan is in force, or all positions were read anew. */
  | { readonly kind: 'renewed' }
  /** `distrust` came or went. */
  | { readonly kind: 'trust' };

/** Who decides requests by the snapshots: at once, or when the promise it gives has resolved. */
export type Follower = { apply(snapshot: Snapshot): Promise<void> | void };

/** So often somebody else may be faster: a kill has to win in the end, however many move routes meanwhile. */
const ATTEMPTS = 50;
const ALL = Number.MAX_SAFE_INTEGER;

/** Opens the control plane: reads the ledger, decides which positions can be trusted, makes the first snapshot. */
export async function openControl(options: ControlOptions): Promise<Control> {
  const stored = options.store ? await options.store.load() : null;
  const control = new Control(options, stored);
  await control.begin();
  const { conflicts } = control.snapshot;
  if (conflicts.length > 0)
    options.log.warn({ conflicts }, 'two routes claim the same requests; the first one gets them');
  const { unplanned } = control;
  if (unplanned.length > 0)
    options.log.warn(
      { unplanned },
      'the ledger knows positions of what this plan does not have, and legacy answers there. Put the routes back, or if it is the ledger of another plan, give this one its own: --ledger file:PATH',
    );
  return control;
}

/** The control plane: holds the snapshot in force and changes it through the ledger alone. */
export class Control {
  readonly #options: ControlOptions;
  readonly #gates: Gates;
  readonly #listeners: (() => void)[] = [];
  readonly #watchers: ((event: ControlEvent) => void)[] = [];
  /** What this instance had served before it started. */
  readonly #stored: StoredPositions | null;
  #distrustAtStart: string | null = null;
  /** The ledger's database was away at the start: its entries are still to be read. */
  #unread = false;
  #positions: Map<string, Position> | null = null;
  #parity = new Map<string, RecordedParity>();
  #data = new Map<string, DataState>();
  #snapshot: Snapshot;
  #last: LedgerEntry | undefined;
  /** Hash of the last repair of the ledger; '' when it never was. */
  #repair = '';
  /** Hash of the first entry; '' while there is none. */
  #ledger = '';

  #logged: string | null = null;
  #follower: Follower | null = null;
  #appliedSeq = 0;
  #knowsPositions = false;
  /** Resolves when the follower decides by the snapshot in force. */
  #followed: Promise<void> = Promise.resolve();

  constructor(options: ControlOptions, stored: StoredPositions | null) {
    this.#options = options;
    this.#gates = new Gates(options);
    this.#stored = stored;
    this.#snapshot = buildSnapshot(options.plan, null);
    options.ledger.onChange((entries) => this.#ledgerChanged(entries));
  }

  /** Takes the positions from the ledger, or from what is stored. Not for callers of `openControl`. */
  async begin(): Promise<void> {
    const { ledger } = this.#options;
    const entries = await ledger.read({ after: 0, limit: ALL });
    const fault = ledger.fault();
    const start = startingPositions(entries, fault, this.#stored);
    this.#unread = fault?.away === true;
    this.#distrustAtStart = fault ? null : start.distrust;
    this.#positions = start.positions;
    this.#parity = foldParity(entries);
    this.#data = start.data;
    this.#last = entries.at(-1);
    this.#repair = lastRepair(entries)?.hash ?? '';
    this.#ledger = entries[0]?.hash ?? '';
    this.#replace(this.#build(this.#snapshot.plan));
    this.#tell({ kind: 'renewed' });
    this.#logTrust();
    if (!start.distrust) await this.store();
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Routes that have moved and sets that legacy does not own, of which the plan says nothing: `articles (canary 10%)`. */
  get unplanned(): string[] {
    const { states, plan } = this.#snapshot;
    const routes = [...(this.#positions ?? [])]
      .filter(([route, { stage }]) => stage !== 'legacy' && !states.has(route))
      .map(([route, position]) => `${route} (${describeStep(position)})`);
    const sets = [...this.#data.values()]
      .filter(({ set, owner, step }) => owner !== 'legacy' && step !== 'FINALISED' && !plan.dataSets.has(set))
      .map(({ set }) => `data set ${set} (the candidate owns it)`);
    return [...routes, ...sets];
  }

  /** Why the ledger is not trusted or not reached, and what to do; null when it is. Meanwhile nothing can be changed. */
  get distrust(): string | null {
    const fault = this.#options.ledger.fault();
    return this.#distrustAtStart ?? (fault && describeFault(fault));
  }

  /** The code for `distrust`: a database that is away comes back by itself, a damaged ledger does not. */
  get distrustCode(): 'LEDGER_CORRUPT' | 'LEDGER_UNREACHABLE' {
    const away = !this.#distrustAtStart && this.#options.ledger.fault()?.away;
    return away ? 'LEDGER_UNREACHABLE' : 'LEDGER_CORRUPT';
  }

  /** False when even the last positions are not known: the instance must get no traffic. */
  get ready(): boolean {
    return this.#knowsPositions;
  }

  /** The last ledger entry that decides every request; 0 before the first. */
  get appliedSeq(): number {
    return this.#appliedSeq;
  }

  /** The last ledger entry that the snapshot in force rests on. */
  get seenSeq(): number {
    return this.#last?.seq ?? 0;
  }

  /** What this instance says of itself to the others. */
  instanceState(version: string): InstanceState {
    const { plan } = this.#snapshot;
    const routes = Object.fromEntries(plan.routes.map(({ name, hash }) => [name, hash]));
    return { version, hash: plan.hash, routes, appliedSeq: this.appliedSeq };
  }

  /**
   * Gives every snapshot from now on to who decides by it, the one in force first: another replica may have changed
   * positions while the follower started. A change is answered when the follower has applied it.
   */
  async drive(follower: Follower): Promise<void> {
    this.#follower = follower;
    this.#replace(this.#snapshot);
    await this.#followed;
  }

  /** Tells what happens from now on. */
  watch(watcher: (event: ControlEvent) => void): void {
    this.#watchers.push(watcher);
  }

  #tell(event: ControlEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  /** Calls when another snapshot decides all requests. */
  onApplied(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Moves a route to a stage, if nobody moved it since `expectedVersion`. */
  async transition(
    route: string,
    to: Step,
    { expectedVersion, force, ...author }: Author & { expectedVersion: number; force: boolean },
  ): Promise<Change<RouteState>> {
    let state = this.#snapshot.states.get(route);
    if (state?.position && state.position.version !== expectedVersion) {
      // Another replica may have told its client a version that has not arrived here.
      await this.#options.ledger.refresh();
      state = this.#snapshot.states.get(route);
    }
    if (!state) return this.#unknown(route);
    if (state.position && state.position.version !== expectedVersion)
      return stale(state, expectedVersion, state.position.version);
    const passed = await this.#gates.check(state, to, this.#snapshot, force);
    if (!passed.ok) return passed;
    const known = passed.proof ? entryEvidence(passed.proof.evidence) : {};
    const signed = { ...known, ...author, ...(force ? { forced: true as const } : {}) };
    const move = (at: Position, of: RouteState) =>
      this.#goingBack(of, to) ?? transition(at, of.route, to, force);
    return one(await this.#change('transition', [state], signed, move, expectedVersion));
  }

  /** Behind `retired` nobody could send its reads after its data. */
  #goingBack({ route }: RouteState, to: Step): Move | null {
    if (to.stage !== 'retired' || route.data.kind !== 'owned') return null;
    const { set } = route.data;
    if (this.dataOf(set)?.to !== 'legacy') return null;
    const detail = `${route.name} cannot be retired while ${set} is on its way back to legacy. Wait until that has ended: npx fig status.`;
    return { ok: false, code: 'ROUTE_WRITER_LEGACY', detail };
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
    const killable = ({ position }: RouteState) => position?.stage !== 'retired';
    return this.#changeAll('kill', killable, author, (at, state) => kill(at, state.route));
  }

  /** Ends the kill of every killed route, in one append; a pause stays. */
  resumeKilled(author: Author): Promise<Change<RouteState[]>> {
    return this.#changeAll('resume', ({ position }) => position?.killed === true, author, endKill);
  }

  async #changeAll(
    type: EntryType,
    fits: (state: RouteState) => boolean,
    author: Author,
    move: (position: Position, state: RouteState) => Move,
  ): Promise<Change<RouteState[]>> {
    // Which routes fit is asked of what all replicas did; nobody waits for a ledger that is known to be away.
    if (!this.distrust) await this.#options.ledger.refresh();
    for (let attempt = 1; ; attempt++) {
      const states = [...this.#snapshot.states.values()].filter(fits);
      const outcome = await this.#change(type, states, author, move);
      if (outcome.ok || outcome.code !== 'ROUTE_VERSION_STALE' || attempt === ATTEMPTS) return outcome;
    }
  }

  /** Applies the plan on disk. An invalid one is refused; either way the ledger says so. */
  async reload(author: Author, force = false): Promise<Change<ReloadOutcome>> {
    const previous = this.#snapshot.plan.hash;
    const { plan, problems } = this.#options.loadPlan();
    const change =
      plan && planChange(this.#snapshot, plan, (set) => this.#data.get(set)?.step === 'FINALISED');
    const unsafe = change ? [...change.wrong, ...(force ? [] : change.unasked)] : [];
    const refused = !plan || unsafe.length > 0;
    const signed = force ? { ...author, forced: true as const } : author;
    const draft = this.#planDraft(refused ? 'reload-refused' : 'reload', plan?.hash ?? previous, signed);
    // A plan can be put right while the ledger cannot be written: traffic must not wait for the ledger.
    const written = this.distrust ? null : await this.#append([draft]);
    if (written && !written.ok)
      this.#options.log.error({ detail: written.detail }, 'reload is not in the ledger');
    if (!plan || !change) return { ok: true, value: { ok: false, code: 'PLAN_INVALID', problems } };
    if (refused) return { ok: true, value: { ok: false, code: 'PLAN_RELOAD_UNSAFE', problems: unsafe } };
    this.#replace(this.#build(plan));
    this.#tell({ kind: 'renewed' });
    await this.#followed;
    const keys = restartNeeded(this.#options.plan, plan);
    if (keys.length > 0)
      this.#options.log.warn(
        { keys },
        `${keys.join(' and ')} of the new plan wait for a restart of the facade`,
      );
    return { ok: true, value: { ok: true, plan, previous, warnings: [...problems, ...change.notes] } };
  }

  /** Takes note of the build that runs at a candidate now. */
  learnBuild(candidate: string, build: string | null): void {
    const builds = new Map(this.#snapshot.builds).set(candidate, build);
    this.#replace({ ...this.#snapshot, builds });
  }

  /** The last run of a route's parity suite that the ledger knows. */
  parityOf(route: string): RecordedParity | undefined {
    return this.#parity.get(route);
  }

  /** Reads what other replicas appended; never rejects. */
  refresh(): Promise<void> {
    return this.#options.ledger.refresh();
  }

  /** Where a data set of the plan stands; null where no position can be trusted. */
  dataOf(set: string): DataState | null {
    return this.#positions && (this.#data.get(set) ?? initialData(set));
  }

  /**
   * Takes a data set to another step, if nobody did so since `from`. Does not wait until it is applied: where writes
   * are held that takes until those in flight have ended. Gives the entry's number.
   */
  async moveData(
    from: DataState,
    change: Partial<DataPosition>,
    author: Author,
  ): Promise<Change<{ readonly seq: number; readonly state: DataState }>> {
    const { distrust, distrustCode } = this;
    if (distrust) return { ok: false, code: distrustCode, detail: distrust, state: null };
    const { version, sinceMs: _since, ...before } = from;
    const data: DataPosition = { ...before, ...change };
    const draft = this.#planDraft('cutover', this.#snapshot.plan.hash, author);
    const written = await this.#write([{ ...draft, route: dataKey(from.set), version: version + 1, data }]);
    if (!written.ok) return written;
    await this.store();
    const seq = written.value.at(-1)?.seq ?? 0;
    return { ok: true, value: { seq, state: this.#data.get(from.set) as DataState } };
  }

  /** Records something that moves no route, before it is done. */
  async record(type: EntryType, author: Author): Promise<Change<null>> {
    const { distrust, distrustCode } = this;
    if (distrust) return { ok: false, code: distrustCode, detail: distrust, state: null };
    return this.#append([this.#planDraft(type, this.#snapshot.plan.hash, author)]);
  }

  /** Keeps what a run of a route's parity suite found. The route stays where it is, and so does its version. */
  async recordEvidence(evidence: EntryEvidence, author: Author): Promise<Change<null>> {
    return this.record('evidence', { ...author, evidence });
  }

  /** Writes the positions in force beside the ledger; a failure is told, and changes nothing. */
  async store(): Promise<void> {
    if (!this.#options.store || !this.#positions) return;
    const positions = Object.fromEntries(this.#positions);
    const data = Object.fromEntries(this.#data);
    const { seq, hash } = this.#last ?? { seq: 0, hash: '' };
    await this.#options.store
      .save({ seq, hash, repair: this.#repair, ledger: this.#ledger, positions, data })
      .catch((error: Error) => this.#options.log.warn({ err: error }, 'positions could not be stored'));
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
    expectedVersion: number | null = null,
  ): Promise<Change<RouteState[]>> {
    const { distrust, distrustCode } = this;
    if (distrust) return { ok: false, code: distrustCode, detail: distrust, state: null };
    const now = () => states.map((state) => this.#snapshot.states.get(state.route.name) ?? state);
    const draftAll = () => {
      // What was checked before may have taken a while, and somebody else may have moved the route meanwhile.
      const moved =
        expectedVersion === null ? undefined : now().find((at) => versionOf(at) !== expectedVersion);
      return moved
        ? stale(moved, expectedVersion as number, versionOf(moved))
        : this.#draftAll(type, now(), author, move);
    };
    let drafted = draftAll();
    if (!drafted.ok || drafted.value.length < states.length) {
      // What would not change, or not be legal, may rest on a position that another replica has changed since: a
      // rollback must not be taken for one that is done already.
      await this.#options.ledger.refresh();
      drafted = draftAll();
    }
    if (!drafted.ok) return drafted;
    const written = drafted.value.length > 0 ? await this.#append(drafted.value) : null;
    if (written && !written.ok) return written;
    // What held already may be on its way to who decides by it.
    await this.#followed;
    return { ok: true, value: now() };
  }

  /** Entries for all that a move changes. */
  #draftAll(
    type: EntryType,
    states: readonly RouteState[],
    author: Author,
    move: (position: Position, state: RouteState) => Move,
  ): Change<LedgerDraft[]> {
    const drafts: LedgerDraft[] = [];
    for (const state of states) {
      const outcome = move(state.position ?? initialPosition, state);
      if (!outcome.ok) return { ...outcome, state };
      if (!outcome.unchanged) drafts.push(this.#draft(type, state.route.name, outcome.position, author));
    }
    return { ok: true, value: drafts };
  }

  async #append(drafts: LedgerDraft[]): Promise<Change<null>> {
    const written = await this.#write(drafts);
    if (!written.ok) return written;
    await Promise.all([this.store(), this.#followed]);
    return { ok: true, value: null };
  }

  async #write(drafts: LedgerDraft[]): Promise<Change<readonly LedgerEntry[]>> {
    try {
      const outcome = await this.#options.ledger.append(drafts);
      if (!outcome.ok) {
        const state = this.#snapshot.states.get(outcome.route) ?? null;
        const expected = drafts.find((draft) => draft.route === outcome.route)?.version ?? 0;
        return stale(state, expected - 1, outcome.version);
      }
      this.#apply(outcome.entries);
      this.#tell({ kind: 'appended', entries: outcome.entries });
      return { ok: true, value: outcome.entries };
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#options.log.error({ ledger: this.#options.ledger.name }, this.distrust ?? error.message);
      const known = error.code === 'LEDGER_CORRUPT' || error.code === 'LEDGER_UNREACHABLE';
      const code = known ? error.code : 'LEDGER_UNWRITABLE';
      return { ok: false, code, detail: error.message, state: null };
    }
  }

  #apply(entries: readonly LedgerEntry[]): void {
    const fresh = entries.filter((entry) => entry.seq > (this.#last?.seq ?? 0));
    if (this.#ledger === '' && fresh[0]?.seq === 1) this.#ledger = fresh[0].hash;
    if (fresh.length === 0) return;
    const positions = foldPositions(fresh, this.#positions ?? undefined);
    this.#parity = foldParity(fresh, this.#parity);
    this.#last = fresh.at(-1);
    this.#repair = lastRepair(fresh)?.hash ?? this.#repair;
    this.#data = foldData(fresh, this.#data);
    this.#positions = positions;
    this.#replace(this.#build(this.#snapshot.plan));
    this.#tell({ kind: 'entries', entries: fresh });
  }

  // Called by the ledger for what other replicas appended, and when its fault came or went.
  #ledgerChanged(entries: readonly LedgerEntry[]): void {
    this.#logTrust();
    if (this.#unread) {
      if (!this.#options.ledger.fault()?.away)
        this.begin().catch((error: Error) =>
          this.#options.log.error({ err: error }, 'ledger not taken over'),
        );
      return;
    }
    if (entries.length === 0 || this.#distrustAtStart) return;
    this.#apply(entries);
    void this.store();
  }

  #logTrust(): void {
    const { distrust } = this;
    const { log, ledger } = this.#options;
    if (distrust === this.#logged) return;
    this.#logged = distrust;
    this.#tell({ kind: 'trust' });
    const positions = this.#positions ? 'last known' : 'none';
    if (distrust) log.error({ ledger: ledger.name, positions }, `Positions cannot be changed: ${distrust}`);
    else log.info({ ledger: ledger.name }, 'the ledger is back; positions can be changed');
  }

  #build(plan: Plan): Snapshot {
    const positions = this.#positions && withOwners(plan, this.#positions, this.#data);
    return buildSnapshot(plan, positions, this.#snapshot);
  }

  #replace(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    const seq = this.#last?.seq ?? 0;
    const known = this.#positions !== null;
    const applied = () => {
      this.#appliedSeq = Math.max(this.#appliedSeq, seq);
      this.#knowsPositions = known;
      for (const listener of this.#listeners) listener();
    };
    const following = this.#follower?.apply(snapshot);
    if (following) this.#followed = following.then(applied);
    else applied();
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

const versionOf = ({ position }: RouteState) => position?.version ?? 0;
