import type { CopyCheck } from '../core/copy-check.ts';
import { waitsFor } from '../core/dependencies.ts';
import type { Instance } from '../core/instances.ts';
import { describeStep, initialPosition, type Step, transition } from '../core/position.ts';
import type { RouteState, Snapshot } from '../core/snapshot.ts';
import type { ChangeRefusal } from './change.ts';
import type { Proof } from './route-evidence.ts';

export type GateOptions = {
  readonly copyCheck: CopyCheck;
  readonly proofFor: (state: RouteState, to: Step, force: boolean) => Promise<Proof>;
  /** Live replicas whose form of a route is another one than `hash`. */
  readonly differing: (route: string, hash: string) => Promise<readonly Instance[]>;
};

type Refusal = { readonly ok: false } & ChangeRefusal;
type Passed = { readonly ok: true; readonly proof: Proof | null };

/** What stands between a route and its next step, beside the order of the stages. */
export class Gates {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** The first that keeps a route from a step; with `force` none does, and only what is known is told. */
  async check(state: RouteState, to: Step, snapshot: Snapshot, force: boolean): Promise<Refusal | Passed> {
    const differ = force ? null : await this.#differ(state);
    if (differ) return differ;
    // A move that is not legal anyway has its own reason.
    if (!transition(state.position ?? initialPosition, state.route, to, force).ok)
      return { ok: true, proof: null };
    if (force) return { ok: true, proof: await this.#options.proofFor(state, to, force).catch(() => null) };
    const behind = dependencyBehind(state, to, snapshot);
    if (behind) return behind;
    const proof = await this.#options.proofFor(state, to, force);
    return unproven(state, proof) ?? (await this.#missingCopy(state, to)) ?? { ok: true, proof };
  }

  // Replicas with another form of the route would send its clients elsewhere at the same position.
  async #differ(state: RouteState): Promise<Refusal | null> {
    const { name, hash } = state.route;
    const differing = await this.#options.differing(name, hash);
    if (differing.length === 0) return null;
    const instances = differing.map(({ id, routes }) => ({ id, hash: routes[name] ?? null }));
    const who = instances.map((other) => `${other.id} has ${other.hash?.slice(0, 12) ?? 'none'}`).join(', ');
    const detail = `expected all replicas to have ${name} as here (${hash.slice(0, 12)}), but ${who}. Give them the same plan and reload it, or use force with a reason.`;
    return { ok: false, code: 'PLAN_REPLICAS_DIFFER', detail, state, instances };
  }

  /** The candidate must not answer reads of a route whose rows it does not have. */
  async #missingCopy(state: RouteState, to: Step): Promise<Refusal | null> {
    const { route, position } = state;
    const reads = to.stage === 'canary' || to.stage === 'candidate';
    if (!reads || route.data.kind !== 'owned' || position?.writer === 'candidate') return null;
    const answer = await this.#options.copyCheck(route.data.set);
    return answer.copied ? null : { ok: false, code: 'ROUTE_DATA_NOT_COPIED', detail: answer.detail, state };
  }
}

function unproven(state: RouteState, { gaps, evidence }: Proof): Refusal | null {
  if (gaps.length === 0) return null;
  const { name } = state.route;
  const detail = `${name} has no evidence for its next step. ${gaps.join(' ')} How it comes on: npx fig evidence ${name}. Or use force with a reason.`;
  return { ok: false, code: 'ROUTE_EVIDENCE_MISSING', detail, state, evidence };
}

function dependencyBehind(state: RouteState, to: Step, { states }: Snapshot): Refusal | null {
  const behind = waitsFor(state, to, states);
  if (behind.length === 0) return null;
  const who = behind.map(({ route, position }) => {
    const killed = position?.killed ? ' (killed)' : '';
    return `${route.name} is at ${describeStep(position ?? initialPosition)}${killed}`;
  });
  const detail = `${state.route.name} depends on ${behind.map(({ route }) => route.name).join(', ')}, but ${who.join(', ')}. Move ${behind.length === 1 ? 'it' : 'them'} to ${describeStep(to)} first, or use force with a reason.`;
  return { ok: false, code: 'ROUTE_DEPENDENCY_BEHIND', detail, state, waitsFor: behind };
}
