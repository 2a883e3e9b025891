import type { Logger } from 'pino';
import { type Evidence, judge } from '../core/guardrail/judge.ts';
import type { Notifier } from '../core/notifier.ts';
import {
  addUp,
  current,
  type Mixed,
  type Observed,
  type RouteObserved,
} from '../core/observation/observations-view.ts';
import { parityGap, staleOf } from '../core/parity-evidence.ts';
import { describeStep, progress, type Step } from '../core/position.ts';
import type { RouteState } from '../core/snapshot.ts';
import type { Control } from './control.ts';
import { entryEvidence, type Proof, type RouteEvidence } from './route-evidence.ts';

export type GuardrailOptions = {
  readonly control: Control;
  readonly observed: () => Promise<readonly RouteObserved[]>;
  /** Which builds a candidate says that it is, asked now: none where it tells none. What one alone says is known from then on. */
  readonly buildsOf: (candidate: string) => Promise<readonly (string | null)[]>;
  /** Hears of each breach, also of one that nothing is done about. */
  readonly notifier?: Notifier;
  readonly nowMs: () => number;
  readonly log: Logger;
};

/** A breach is acted on within this, and what it takes to look. */
const LOOK_MS = 2_000;
/** Where a breach moves nothing, every so many looks will do: what is observed has to be added up for each. */
const SHADOW_LOOKS = 5;
/** Where there is one side alone. */
const UNJUDGED: ReadonlySet<string> = new Set(['legacy', 'retired']);
/** Who the ledger names. */
const ACTOR = 'guardrail';

/**
 * Watches the guardrails of all routes. Where clients reach the candidate a breach is acted on at once, as `onBreach` says;
 * in `shadow` nobody is harmed, and the evidence only keeps the route from going further.
 */
export class Guardrails {
  readonly #options: GuardrailOptions;
  readonly #breached = new Map<string, string>();
  /** By route: how often, since the start. */
  readonly #breaches = new Map<string, number>();
  #views: readonly RouteEvidence[] = [];
  #looks = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking = false;

  constructor(options: GuardrailOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#looking) return;
      this.#looking = true;
      this.look()
        .catch((error: Error) => {
          this.#views = [];
          this.#options.log.error({ err: error }, 'guardrails not judged');
        })
        .finally(() => {
          this.#looking = false;
        });
    }, LOOK_MS).unref();
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** Null for a route that does not exist. */
  async evidenceOf(route: string): Promise<RouteEvidence | null> {
    const state = this.#options.control.snapshot.states.get(route);
    return state ? this.#judged(state, await this.#options.observed()) : null;
  }

  /** What its copies have shown of a route as it is now, with the build that runs now. */
  async seenOf(state: RouteState): Promise<Observed> {
    return this.#seen(state, await this.#options.observed());
  }

  /**
   * What is known of a route, and what of it is not enough for a step, in words. Evidence is that of the build which runs
   * now: a step that is taken in the seconds after a deployment must not rest on the build before. A forced one waits for
   * no candidate.
   */
  async proofFor(state: RouteState, to: Step, force: boolean): Promise<Proof> {
    const stage = state.position?.stage;
    const isJudged = isGuarded(state) && stage !== undefined && stage !== 'legacy';
    const { candidate } = state.route;
    const restsOnEvidence = isJudged || (to.stage === 'candidate' && state.route.parity !== null);
    const needsBuild = !force && restsOnEvidence;
    const builds = needsBuild ? await this.#options.buildsOf(candidate) : [];
    const observed = isJudged ? await this.#options.observed() : [];
    const evidence = this.#judged(state, observed);
    const gaps = isJudged
      ? evidence.guardrails.flatMap(({ verdict, explanation }) => (verdict === 'pass' ? [] : explanation))
      : [];
    if (isJudged && evidence.bakeLeftMs > 0)
      gaps.push(`It has to stay at ${evidence.at} for another ${seconds(evidence.bakeLeftMs)} (bake).`);
    const { url, build } = this.#options.control.snapshot.plan.candidates.get(candidate) ?? { build: null };
    if (needsBuild && build !== null && builds.length === 0)
      gaps.push(
        `Nothing answers at ${url}${build}: which build of ${candidate} runs now, if any, cannot be told. Start it, or correct \`build\` in the plan.`,
      );
    if (builds.length > 1)
      gaps.push(
        `Behind ${candidate} builds take turns (${builds.map((build) => build ?? 'unnamed').join(', ')}): what was seen is of none of them alone. Wait until one is left.`,
      );
    if (evidence.mixed !== null) gaps.push(mixedGap(candidate, evidence.mixed));
    if (to.stage === 'candidate' && evidence.parityGap !== null) gaps.push(evidence.parityGap);
    return { evidence, gaps };
  }

  /** What was judged last of the routes that have guardrails and are beyond legacy, and what breached since the start. */
  views(): { route: string; guardrails: RouteEvidence['guardrails']; breaches: number }[] {
    const judged = new Map(this.#views.map(({ route, guardrails }) => [route, guardrails]));
    // A route that a breach took back is judged no more, and its breach is told all the same.
    return [...new Set([...judged.keys(), ...this.#breaches.keys()])].map((route) => ({
      route,
      guardrails: judged.get(route) ?? [],
      breaches: this.#breaches.get(route) ?? 0,
    }));
  }

  /** Judges all routes once, and acts on breaches where clients meet them. */
  async look(): Promise<void> {
    const { control } = this.#options;
    const guarded = [...control.snapshot.states.values()].filter(
      (state) => isGuarded(state) && !UNJUDGED.has(state.position?.stage ?? 'legacy'),
    );
    if (guarded.length + this.#views.length === 0) return;
    const observed = await this.#options.observed();
    const isTurnOfAll = this.#looks++ % SHADOW_LOOKS === 0;
    const known = new Map(this.#views.map((evidence) => [evidence.route, evidence]));
    const views: RouteEvidence[] = [];
    for (const state of guarded) {
      const stage = state.position?.stage;
      const isMet = stage === 'canary' || stage === 'candidate';
      const before = known.get(state.route.name);
      const isOfStay = before?.sinceMs === state.position?.sinceMs && before?.hash === state.route.hash;
      const evidence = before && isOfStay && !isMet && !isTurnOfAll ? before : this.#judged(state, observed);
      views.push(evidence);
      if (!isMet) continue;
      if (evidence.verdict === 'breach') await this.#breach(state, evidence);
      else this.#breached.delete(state.route.name);
    }
    this.#views = views;
  }

  async #breach(state: RouteState, evidence: RouteEvidence): Promise<void> {
    const { control, log } = this.#options;
    const { route, position } = state;
    if (!position || position.killed) return;
    const breaches = evidence.guardrails.filter(({ verdict }) => verdict === 'breach');
    const reason = breaches.map(({ explanation }) => explanation).join(' ');
    const names = breaches.map(({ name }) => name);
    const known = this.#breached.get(route.name) === evidence.at;
    this.#breached.set(route.name, evidence.at);
    if (!known) {
      this.#breaches.set(route.name, (this.#breaches.get(route.name) ?? 0) + 1);
      log.error({ route: route.name, at: evidence.at, guardrails: names }, `breach: ${reason}`);
      const at = new Date(this.#options.nowMs()).toISOString();
      // The same at every replica: whoever is told by several knows it for one.
      const id = `breach-${route.name}-${evidence.hash.slice(0, 12)}-${evidence.sinceMs}`;
      this.#options.notifier?.tell({ id, type: 'breach', at, data: { reason, evidence } });
    }
    // A pause is there so that nothing moves by itself.
    if (position.paused) return;
    const author = { actor: ACTOR, reason, ...entryEvidence(evidence) };
    const { onBreach } = route.guardrails;
    // Another writer is never chosen by a machine.
    const action = position.writer === 'candidate' ? 'pause' : onBreach;
    const outcome =
      action === 'pause'
        ? await control.pause(route.name, author)
        : action === 'rollback'
          ? await control.rollback(route.name, author)
          : await control.transition(route.name, stepBack(state), {
              ...author,
              expectedVersion: position.version,
              force: true,
            });
    if (!outcome.ok) log.error({ route: route.name, action, code: outcome.code }, outcome.detail);
  }

  #seen({ route }: RouteState, observed: readonly RouteObserved[]): Observed {
    const { control, nowMs } = this.#options;
    const build = control.snapshot.builds.get(route.candidate) ?? null;
    return addUp(current(observed, nowMs()), route, build);
  }

  #judged(state: RouteState, observed: readonly RouteObserved[]): RouteEvidence {
    const { control, nowMs } = this.#options;
    const { route, position } = state;
    const { build, tally, mixed } = this.#seen(state, observed);
    const sinceMs = position?.sinceMs ?? 0;
    const isOfStage = tally?.epoch.sinceMs === sinceMs;
    const evidence: Evidence =
      tally && isOfStage
        ? judge(tally, route.guardrails, nowMs())
        : { verdict: isGuarded(state) ? 'hold' : 'pass', guardrails: [] };
    const parity = control.parityOf(route.name);
    return {
      ...evidence,
      parity: parity ? { ...parity, stale: staleOf(route, build, parity, nowMs()) } : null,
      parityGap: parityGap(route, build, parity, nowMs()),
      route: route.name,
      at: position ? describeStep(position) : 'legacy',
      hash: route.hash,
      build,
      mixed,
      sinceMs,
      bakeLeftMs: isGuarded(state) ? Math.max(0, sinceMs + route.guardrails.bakeMs - nowMs()) : 0,
    };
  }
}

function mixedGap(candidate: string, { build, atMs }: Mixed): string {
  return `At ${new Date(atMs).toISOString()} build ${build} of ${candidate} has answered as well: what was seen is of no build alone. Evidence begins anew when it has been silent for ten seconds.`;
}

/** A guardrail that the plan does not name is off; without any nothing is asked for. */
function isGuarded({ route }: RouteState): boolean {
  const { mismatch, errors, p99 } = route.guardrails;
  return mismatch !== null || errors !== null || p99 !== null;
}

/** The step of the envelope before the one where the route stands; legacy before the first. */
function stepBack({ route, position }: RouteState): Step {
  const before = route.stages.filter((step) => position && progress(step) < progress(position)).at(-1);
  return before ?? { stage: 'legacy', hundredths: 0 };
}

function seconds(ms: number): string {
  const whole = Math.ceil(ms / 1000);
  return whole < 120 ? `${whole} s` : `${Math.ceil(whole / 60)} min`;
}
