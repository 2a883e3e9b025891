import type { Logger } from 'pino';
import type { DataSet } from '#plan/model/plan.ts';
import {
  type CutoverStep,
  type DataPosition,
  type DataState,
  initialData,
  isDecided,
  isUnderWay,
} from '../../core/data-position.ts';
import { type DataRelay, RelayAway, type StepOutcome } from '../../core/data-relay.ts';
import type { Party } from '../../core/party.ts';
import type { Author } from '../change.ts';
import type { Control } from '../control.ts';
import type { Replicas } from '../replicas.ts';
import { type Check, planChecks, relayChecks } from './checks.ts';

export type CutoverOptions = {
  readonly control: Control;
  readonly replicas: Pick<Replicas, 'id' | 'known' | 'applied' | 'beat'>;
  readonly relay: DataRelay;
  /** Who writes the tables of a set behind its routes, in words that say what to do. */
  readonly writersOutside: (set: DataSet) => readonly string[];
  readonly log: Logger;
  readonly now: () => Date;
  /** How long writes are held for those in flight to end, and for what waits to be carried over. Default 6 s. */
  readonly drainMs?: number;
  /** Reached before and after each side effect; for tests of crash safety. */
  readonly failpoint?: (name: string) => Promise<void> | void;
};

type Taken = {
  readonly step: string;
  readonly at: string;
  readonly tookMs: number;
  readonly detail: string;
};

/** A change of owners as this instance leads it, or led it last. */
export type Run = {
  readonly to: Party;
  readonly startedAt: string;
  endedAt: string | null;
  /** `back`: it failed before the decision, and who owned the set owns it still. */
  outcome: 'running' | 'done' | 'back';
  detail: string | null;
  /** From the first write that was held to the last. Null before there were any. */
  pauseMs: number | null;
  readonly checks: readonly Check[];
  readonly steps: Taken[];
};

export type Started =
  | { readonly ok: true; readonly run: Run }
  | {
      readonly ok: false;
      readonly code: 'FENCE_CUTOVER_REFUSED' | 'FENCE_CUTOVER_RUNNING';
      readonly detail: string;
      readonly checks: readonly Check[];
    };

const DRAIN_MS = 6_000;
const LOOK_MS = 10;
/** Looks at rows that were written since the comparison, while writes go on. */
const LOOKS = 3;
const AGAIN_MS = 500;

/** It failed in a way that leads back. */
class LeadsBack extends Error {}

/**
 * Changes the owners of data sets, step by step; each step stands in the ledger before what depends on it is done. One
 * instance leads a change. What it leaves behind, any other one completes or takes back.
 */
export class Cutover {
  readonly #options: CutoverOptions;
  readonly #runs = new Map<string, Run>();
  /** Sets that this instance changes the owner of. */
  readonly #active = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CutoverOptions) {
    this.#options = options;
  }

  /** Looks from now on for what others left behind. */
  start(): void {
    const look = () => {
      void this.recover().finally(() => {
        if (!this.#stop.signal.aborted) this.#timer = setTimeout(look, 1_000).unref();
      });
    };
    look();
  }

  /** Gives up comparisons; what writers wait for is brought to its end, as far as the relay can be reached. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await Promise.all(this.#active.values());
  }

  runOf(set: string): Run | null {
    return this.#runs.get(set) ?? null;
  }

  /** What a change would meet, measured now; nothing is changed. */
  async check(set: DataSet, to: Party): Promise<Check[]> {
    const { control, replicas, relay, writersOutside } = this.#options;
    const state = control.dataOf(set.name);
    if (state === null)
      return [{ name: 'ledger', ok: false, detail: control.distrust ?? 'no position can be trusted' }];
    await replicas.beat();
    const outside = to === 'candidate' ? writersOutside(set) : [];
    return [
      ...planChecks(set, state, to, control.snapshot, replicas.known, outside),
      ...(await relayChecks(relay, set.name, to)),
    ];
  }

  /** Begins a change; it goes on behind the answer. */
  async begin(set: DataSet, to: Party, author: Author): Promise<Started> {
    const { control } = this.#options;
    const running = (detail: string): Started => ({
      ok: false,
      code: 'FENCE_CUTOVER_RUNNING',
      detail,
      checks: [],
    });
    if (this.#active.has(set.name)) return running(`${set.name} is changing its owner already.`);
    // Taken before anything is waited for, so that of two who ask at once one is refused.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#active.set(set.name, promise);
    const leave = () => {
      this.#active.delete(set.name);
      resolve();
    };
    let leads = false;
    try {
      const checks = await this.check(set, to);
      const failed = checks.filter(({ ok }) => !ok);
      const state = control.dataOf(set.name);
      if (state && isUnderWay(state))
        return running(
          `${set.name} is changing its owner already (${state.step}, led by ${state.driver}). It is completed or taken back by itself.`,
        );
      if (failed.length > 0 || state === null) {
        const detail = failed.map((check) => `${check.name}: ${check.detail}`).join(' · ');
        return { ok: false, code: 'FENCE_CUTOVER_REFUSED', detail, checks };
      }
      const change = { step: 'TAILING', to, driver: this.#options.replicas.id } as const;
      const begun = await control.moveData(state, change, author);
      if (!begun.ok) return running(begun.detail);
      const run = this.#newRun(set, to, checks);
      leads = true;
      void this.#lead(set, run, begun.value.state, author).finally(leave);
      return { ok: true, run };
    } finally {
      if (!leads) leave();
    }
  }

  /**
   * Makes legacy the owner again and waits until that is done; one that is under way in the same direction is waited for.
   * As long as the comparison of both stores takes, and longer where something has to come up first.
   */
  async giveBack(
    set: DataSet,
    author: Author,
  ): Promise<Exclude<Started, { ok: true }> | { readonly ok: true }> {
    const { control } = this.#options;
    const begun = await this.begin(set, 'legacy', author);
    const state = () => control.dataOf(set.name);
    const isThere = () => state()?.owner === 'legacy' && state()?.to === null;
    // Another replica was quicker.
    if (!begun.ok && isThere()) return { ok: true };
    if (!begun.ok && state()?.to !== 'legacy') return begun;
    await this.#active.get(set.name);
    // Another replica may lead it, or complete it.
    for (let at = state(); at && isUnderWay(at) && !this.#stop.signal.aborted; at = state()) {
      await pause(AGAIN_MS);
      await control.refresh();
    }
    if (isThere()) return { ok: true };
    const refused = (detail: string) => ({
      ok: false as const,
      code: 'FENCE_CUTOVER_REFUSED' as const,
      detail,
      checks: [],
    });
    if (isUnderWay(state() ?? initialData(set.name)))
      return refused(`this instance stops; ${set.name} is given back, or stays, by another one. Ask again.`);
    const why = (begun.ok && begun.run.detail) || 'see the log of the replica that led it';
    return refused(`${set.name} was not given back to legacy, and nothing has changed: ${why}`);
  }

  /** No way back any more, where the candidate owns the set. */
  async finalise(set: DataSet, author: Author): Promise<StepOutcome> {
    const { control } = this.#options;
    const state = control.dataOf(set.name);
    if (state?.step !== 'CANDIDATE_OWNS')
      return {
        ok: false,
        detail:
          state?.step === 'FINALISED'
            ? `${set.name} is finalised already: there is no way back`
            : `expected ${set.name} at CANDIDATE_OWNS, got ${state?.step ?? 'no position'}. ${state && isUnderWay(state) ? 'Wait until the change of its owner has ended.' : 'Cut it over first.'}`,
      };
    const moved = await control.moveData(state, { step: 'FINALISED' }, author);
    return moved.ok ? { ok: true } : { ok: false, detail: moved.detail };
  }

  /** Completes or takes back what an instance left that is not there any more. */
  async recover(): Promise<void> {
    const { control, replicas, log } = this.#options;
    if (control.distrust) return;
    for (const set of control.snapshot.plan.dataSets.values()) {
      const state = control.dataOf(set.name);
      if (!state || !isUnderWay(state) || this.#active.has(set.name)) continue;
      const lives = replicas.known.some(
        ({ id, silent }) => id === state.driver && id !== replicas.id && !silent,
      );
      if (lives) continue;
      log.warn(
        { set: set.name, step: state.step, driver: state.driver },
        'a change of owners was left behind',
      );
      const work = this.#takeOver(set, state).finally(() => this.#active.delete(set.name));
      this.#active.set(set.name, work);
      await work;
    }
  }

  #newRun(set: DataSet, to: Party, checks: readonly Check[]): Run {
    const startedAt = this.#options.now().toISOString();
    const open = { endedAt: null, outcome: 'running', detail: null, pauseMs: null } as const;
    const run: Run = { to, startedAt, ...open, checks, steps: [] };
    this.#runs.set(set.name, run);
    return run;
  }

  async #takeOver(set: DataSet, state: DataState): Promise<void> {
    const { replicas } = this.#options;
    const to = state.to as Party;
    const run = this.#newRun(set, to, []);
    const who = state.driver ?? 'its leader';
    const author = { actor: replicas.id, reason: `${who} left it at ${state.step}` };
    await this.#finish(set, run, state, author, `${who} ended in the middle of it, at ${state.step}`);
  }

  async #lead(set: DataSet, run: Run, begun: DataState, author: Author): Promise<void> {
    let state = begun;
    let why = 'unknown';
    const step = async (to: CutoverStep, change: Partial<DataPosition> = {}): Promise<number> => {
      const started = performance.now();
      const moved = await this.#options.control.moveData(state, { ...change, step: to }, author);
      if (!moved.ok) throw new LeadsBack(moved.detail);
      state = moved.value.state;
      await this.#options.failpoint?.(`after-${to}`);
      run.steps.push({ step: to, at: this.#options.now().toISOString(), tookMs: ms(started), detail: '' });
      return moved.value.seq;
    };
    try {
      await this.#approach(set, run, step, state);
    } catch (error) {
      why = (error as Error).message;
      // An entry that was not confirmed may stand in the ledger all the same.
      await this.#options.control.refresh();
      if (!(error instanceof LeadsBack || error instanceof RelayAway))
        this.#options.log.error({ err: error, set: set.name }, 'a change of owners failed');
    }
    await this.#finish(set, run, state, author, why);
  }

  /** Everything up to the decision. */
  async #approach(
    set: DataSet,
    run: Run,
    step: (to: CutoverStep, change?: Partial<DataPosition>) => Promise<number>,
    begun: DataState,
  ): Promise<void> {
    const { relay, failpoint = () => {} } = this.#options;
    const to = run.to;
    const from: Party = to === 'candidate' ? 'legacy' : 'candidate';
    const name = set.name;
    const act = async (what: string, work: () => Promise<string>) => {
      await failpoint(`before-${what}`);
      const started = performance.now();
      const detail = await work();
      run.steps.push({ step: what, at: this.#options.now().toISOString(), tookMs: ms(started), detail });
      await failpoint(`after-${what}`);
    };
    const must = (outcome: StepOutcome, words: string) => {
      if (!outcome.ok) throw new LeadsBack(outcome.detail);
      return words;
    };

    await act('gates', async () => must(await relay.install(name), 'up on both sides'));
    await act('compare', async () => {
      const { differences, detail } = await relay.compare(name, this.#stop.signal);
      if (differences > 0)
        throw new LeadsBack(`${detail}. See and repair them: npx fig reconcile ${name} --repair`);
      return detail;
    });
    await step('VERIFIED');
    // Most of what was written meanwhile is looked at before writes are held.
    let looked = 0;
    for (let look = 0; look < LOOKS; look += 1) {
      const { compared, different } = await relay.verify(name);
      looked += compared - different.length;
    }
    const status = await relay.status(name);
    const epoch = Math.max(begun.epoch, status.legacy?.epoch ?? 0, status.candidate.epoch);

    const held = performance.now();
    const seq = await step('FENCING', { held: true });
    try {
      await act('hold', async () => {
        await this.#heldEverywhere(seq);
        return 'no write of the set is on its way at any replica';
      });
      await act('close', async () =>
        must(await relay.close(name, from, epoch + 1), `${from} takes no writes any more`),
      );
      await step('DRAINING');
      await act('drain', () => this.#drained(name, to));
      await act('verify', async () => {
        const { compared, different, isPartial } = await relay.verify(name);
        if (isPartial)
          throw new LeadsBack(
            `the relay does not remember all rows that were written since the comparison (${compared} are): more were written than it can, or it was started again. Try again.`,
          );
        if (different.length > 0)
          throw new LeadsBack(
            `${different.length} of ${compared} rows that were written last differ: ${different.slice(0, 10).join(', ')}. See: npx fig reconcile ${name}`,
          );
        return `${looked + compared} rows that were written since the comparison are the same on both sides (${compared} looked at while writes were held)`;
      });
      await act('prove', async () =>
        must(await relay.prove(name, to), `what ${to} writes will come back to ${from}`),
      );
      await step('PREPARED');
      await failpoint('before-JOURNALED');
      this.#stillWanted(set, to);
      await step('JOURNALED', { owner: to, epoch: epoch + 2 });
    } finally {
      run.pauseMs = ms(held);
    }
  }

  /** What came meanwhile counts: a rollback of its routes, or that one of them was retired. */
  #stillWanted(set: DataSet, to: Party): void {
    const { control, replicas } = this.#options;
    const state = control.dataOf(set.name) as DataState;
    const checks = planChecks(set, state, to, control.snapshot, replicas.known, []);
    const moved = checks.find(({ name, ok }) => (name === 'reads' || name === 'retired') && !ok);
    if (moved) throw new LeadsBack(moved.detail);
  }

  /** Behind the decision, or behind a failure: opens the set for whoever owns it. Goes on until that is done. */
  async #finish(set: DataSet, run: Run, at: DataState, author: Author, why: string): Promise<void> {
    const { control, relay, log, now } = this.#options;
    const started = performance.now();
    const pauseBefore = run.pauseMs ?? 0;
    let said = '';
    for (;;) {
      // Somebody else may have gone on with it.
      const state = control.dataOf(set.name) ?? at;
      if (!isUnderWay(state)) break;
      try {
        if (control.distrust) throw new Error(control.distrust);
        const taken = { ...author, reason: `taken back: ${why}` };
        if (isDecided(state)) {
          await this.#options.failpoint?.('before-open');
          const opened = await relay.open(set.name, state.owner, state.epoch);
          if (!opened.ok) throw new Error(opened.detail);
          await this.#options.failpoint?.('after-open');
        } else if (touched(state)) {
          // The way back is decided like the way forth: of both, the ledger takes one.
          const status = await relay.status(set.name);
          // The one that failed may have closed a side in the next one.
          const epoch = Math.max(state.epoch, status.legacy?.epoch ?? 0, status.candidate.epoch) + 2;
          await this.#move(state, { step: 'JOURNALED', to: state.owner, epoch }, taken);
          continue;
        }
        const arrived = isDecided(state) && state.owner === run.to;
        const rests = state.owner === 'candidate' ? 'CANDIDATE_OWNS' : 'LEGACY_OWNS';
        await this.#move(
          state,
          { step: rests, held: false, to: null, driver: null },
          arrived ? author : taken,
        );
        run.outcome = arrived ? 'done' : 'back';
        run.detail = arrived ? `${state.owner} owns ${set.name} now` : why;
        break;
      } catch (error) {
        const { message } = error as Error;
        if (message !== said)
          log.error({ set: set.name, step: state.step, error: message }, 'a change of owners waits');
        said = message;
        run.detail = message;
        if (this.#stop.signal.aborted) return;
        await pause(AGAIN_MS);
        await control.refresh();
      }
    }
    if (run.pauseMs !== null) run.pauseMs = pauseBefore + ms(started);
    if (run.outcome === 'running') {
      run.outcome = 'back';
      run.detail = `another instance went on with it (${why})`;
    }
    run.endedAt = now().toISOString();
    const { outcome, detail, pauseMs } = run;
    log.info({ set: set.name, to: run.to, outcome, detail, pauseMs }, 'a change of owners has ended');
  }

  async #move(state: DataState, change: Partial<DataPosition>, author: Author): Promise<void> {
    const moved = await this.#options.control.moveData(state, change, author);
    if (!moved.ok) throw new Error(moved.detail);
  }

  get #drainMs(): number {
    return this.#options.drainMs ?? DRAIN_MS;
  }

  /** Waits until every live replica holds writes and has none in flight. */
  async #heldEverywhere(seq: number): Promise<void> {
    const { control, replicas } = this.#options;
    const deadline = performance.now() + this.#drainMs;
    while (control.appliedSeq < seq) {
      if (performance.now() > deadline)
        throw new LeadsBack(
          `writes that were on their way did not end within ${this.#drainMs / 1000} s, or a worker does not answer. Try again.`,
        );
      await pause(LOOK_MS);
    }
    const pending = await replicas.applied(seq, Math.max(0, deadline - performance.now()));
    if (pending.length > 0)
      throw new LeadsBack(
        `${pending.join(', ')} did not say that it holds writes. Start it, or: npx fig instances --evict ${pending[0]}`,
      );
  }

  /** Nothing waits to be carried to who is to own the set. */
  async #drained(set: string, to: Party): Promise<string> {
    for (const deadline = performance.now() + this.#drainMs; ; ) {
      const status = await this.#options.relay.status(set);
      const live = to === 'candidate' ? status.forward : status.back;
      if (live.waiting === 0 && live.error === null) {
        if (status.quarantined > 0)
          throw new LeadsBack(
            `${status.quarantined} rows went into quarantine. See: npx fig backfill ${set} --quarantine`,
          );
        return 'everything that was written is on both sides';
      }
      if (performance.now() > deadline)
        throw new LeadsBack(
          `${live.waiting ?? '?'} changes still wait after ${this.#drainMs / 1000} s${live.error ? `: ${live.error}` : ''}.`,
        );
      await pause(LOOK_MS);
    }
  }
}

/** The stores may have been told to close. */
const touched = ({ step }: DataState) => step === 'FENCING' || step === 'DRAINING' || step === 'PREPARED';

const ms = (since: number) => Math.round(performance.now() - since);

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
