import type { Plan, Upstream } from '#plan/model/plan.ts';
import { Breaker, type Health } from '../core/breaker.ts';
import type { UpstreamCounts } from '../core/counts.ts';
import type { Party } from '../core/party.ts';
import { Bulkhead } from './bulkhead.ts';

/** What stands before one upstream, shared by all requests to it. */
export type UpstreamGuard = {
  readonly party: Party;
  /** Name in `candidates`; null for legacy. */
  readonly candidate: string | null;
  readonly upstream: Upstream;
  readonly health: Plan['health'];
  readonly breaker: Breaker;
  readonly bulkhead: Bulkhead;
};

/** An upstream as the admin API shows it. */
export type UpstreamView = Health & {
  readonly party: Party;
  readonly candidate: string | null;
  readonly inFlight: number;
  readonly queued: number;
  /** Requests that got no place, since the start. */
  readonly refused: number;
};

/** Without probes. */
const COOL_DOWN_MS = 5_000;

/** The guards of a plan's upstreams; those of upstreams that a new plan leaves as they are are kept. */
export class UpstreamGuards {
  readonly #byPlan = new WeakMap<Plan, ReadonlyMap<string | null, UpstreamGuard>>();
  readonly #onTurn: (guard: UpstreamGuard, cause: Health['cause']) => void;
  readonly #bulkheadOf: (plan: Plan) => Plan['bulkhead'];
  #current: readonly UpstreamGuard[] = [];

  /**
   * `onTurn` hears when an upstream is put out, with the cause, and when it is back (null). `bulkheadOf` gives the
   * places of this process where it has not all of the plan's.
   */
  constructor(
    onTurn: (guard: UpstreamGuard, cause: Health['cause']) => void = () => {},
    bulkheadOf = (plan: Plan) => plan.bulkhead,
  ) {
    this.#onTurn = onTurn;
    this.#bulkheadOf = bulkheadOf;
  }

  /** Makes the guards of a plan that comes into force. */
  apply(plan: Plan): readonly UpstreamGuard[] {
    const guards = new Map<string | null, UpstreamGuard>();
    if (plan.legacy) guards.set(null, this.#guardOf('legacy', null, plan.legacy, plan));
    for (const [name, upstream] of plan.candidates)
      guards.set(name, this.#guardOf('candidate', name, upstream, plan));
    this.#byPlan.set(plan, guards);
    this.#current = [...guards.values()];
    return this.#current;
  }

  /** The guard of a candidate, or with null of legacy. */
  of(plan: Plan, candidate: string | null): UpstreamGuard {
    let guards = this.#byPlan.get(plan);
    if (!guards) {
      this.apply(plan);
      guards = this.#byPlan.get(plan) as ReadonlyMap<string | null, UpstreamGuard>;
    }
    const guard = guards.get(candidate);
    if (!guard) throw new Error(`no url for ${candidate ?? 'legacy'}`);
    return guard;
  }

  get current(): readonly UpstreamGuard[] {
    return this.#current;
  }

  views(now: number): UpstreamView[] {
    return this.#current.map(({ party, candidate, breaker, bulkhead }) => {
      const { inFlight, queued, refused } = bulkhead;
      return { party, candidate, ...breaker.health(now), inFlight, queued, refused };
    });
  }

  /** What these guards saw since this was last asked, for those of other workers. */
  untold(): UpstreamCounts[] {
    return this.#current.flatMap(({ candidate, breaker }) => {
      const untold = breaker.untold();
      return untold.requests > 0 || untold.recovered ? { candidate, ...untold } : [];
    });
  }

  /** Counts what the guards of another worker saw. */
  add(counts: readonly UpstreamCounts[], now: number): void {
    for (const one of counts)
      this.#current.find(({ candidate }) => candidate === one.candidate)?.breaker.add(one, now);
  }

  #guardOf(party: Party, candidate: string | null, upstream: Upstream, plan: Plan): UpstreamGuard {
    const { health } = plan;
    const known = this.#current.find((guard) => guard.candidate === candidate);
    // Requests in flight are counted on, whatever else changed.
    known?.bulkhead.limit(this.#bulkheadOf(plan));
    if (known && same(known.upstream, upstream) && same(known.health, health)) return known;
    const bulkhead = known?.bulkhead ?? new Bulkhead(this.#bulkheadOf(plan));
    // Nobody stands behind legacy: taking it out would turn some failed requests into all of them.
    const settings = {
      ...health,
      coolDownMs: health.intervalMs || COOL_DOWN_MS,
      ejects: party === 'candidate',
    };
    const breaker = new Breaker(settings, (cause) => this.#onTurn(guard, cause));
    const guard: UpstreamGuard = { party, candidate, upstream, health, breaker, bulkhead };
    return guard;
  }
}

const same = (one: object, other: object) => JSON.stringify(one) === JSON.stringify(other);
