import type { IncomingMessage } from 'node:http';
import type { Route } from '#plan/model/plan.ts';
import type { Decision, PinOf } from '../../core/decide.ts';
import type { Fence, FenceCause } from '../../core/fence/fence.ts';
import {
  FENCE_COOKIE,
  type HeldFences,
  openFences,
  sealFences,
  setMark,
} from '../../core/fence/fence-cookie.ts';
import type { RouteState, Snapshot } from '../../core/snapshot.ts';
import type { RequestCohort } from '../cohort-keeper.ts';
import { cookieValue } from '../edge.ts';
import { sharedCacheMayKeep } from '../shared-cache.ts';
import type { Fences } from './fences.ts';
import type { SetWatch } from './set-watch.ts';

const NOTHING: HeldFences = new Map();

/** The fences of one request: nothing is read or computed unless a route with owned data asks. */
export class RequestFence {
  readonly #cookies: string | undefined;
  readonly #cohort: RequestCohort;
  readonly #fences: Fences | null;
  readonly #secret: Buffer;
  readonly #causes = new Map<string, FenceCause | null>();
  #held: HeldFences | undefined;
  /** What the answer to a write sets; null when there is nothing to set. */
  #cookie: string | null = null;
  /** What is kept here would hold up all who share the client's address, and its cookie is enough. */
  #isKeptByCookie = false;

  /** `fences` null: nothing is held up. */
  constructor(request: IncomingMessage, cohort: RequestCohort, fences: Fences | null, secret: Buffer) {
    // Read before the forwarder replaces the request's headers.
    this.#cookies = request.headers.cookie;
    this.#cohort = cohort;
    this.#fences = fences;
    this.#secret = secret;
  }

  /** Why a read of this route may go to the owner of its data alone: one answer for the whole request. */
  readonly cause = ({ route }: RouteState): FenceCause | null => {
    if (route.data.kind !== 'owned' || this.#fences === null) return null;
    const { set } = route.data;
    let cause = this.#causes.get(set);
    if (cause === undefined) {
      cause = this.#causeNow(set, this.#fences);
      this.#causes.set(set, cause);
    }
    return cause;
  };

  /** Who knows how far the data of a route are carried over; null where it owns none, or nobody knows. */
  watchOf({ data }: Route): SetWatch | null {
    return data.kind === 'owned' ? (this.#fences?.watches.of(data.set) ?? null) : null;
  }

  #causeNow(set: string, fences: Fences): FenceCause | null {
    const watch = fences.watches.of(set);
    if (!watch) return null;
    const own: { fence: Fence; clockErrorMs: number }[] = [];
    const client = this.#cohort.key;
    const kept = fences.kept(set, client);
    if (kept) own.push({ fence: kept, clockErrorMs: 0 });
    const held = this.#heldFences().get(setMark(set));
    if (held) own.push({ fence: fences.inward(held), clockErrorMs: fences.clockErrorMs });
    const cause = fences.causeOf(watch, own);
    if (cause === null && kept) fences.drop(set, client, kept);
    return cause;
  }

  /** Whether the answer to this request has to wait for the position of its write. */
  isNeeded({ state, safe }: Decision, snapshot: Snapshot, pin: PinOf): boolean {
    if (safe || !state?.position || state.route.data.kind !== 'owned') return false;
    const { set } = state.route.data;
    const watches = this.#fences?.watches;
    if (!watches?.of(set)) return false;
    if (watches.isSplit(set)) return true;
    for (const other of snapshot.states.values())
      if (other.route.data.kind === 'owned' && other.route.data.set === set) {
        const to = pin(other);
        if (to !== null && to !== other.position?.writer) return true;
      }
    return false;
  }

  /** Computes what later calls need, while the client's own headers are still there. */
  capture(): void {
    this.#cohort.capture();
    this.#isKeptByCookie = this.#cohort.isOnlyKnownByCookie;
  }

  /** Takes the position of a write that its upstream has just answered, and keeps it for the client. Never rejects. */
  async wrote({ route }: RouteState, snapshot: Snapshot): Promise<void> {
    const watch = this.watchOf(route);
    if (!watch || !this.#fences) return;
    const fence = await watch.fence();
    const held = new Map(this.#heldFences());
    const mark = setMark(watch.set);
    if (fence === null) {
      // All that this client wrote before is carried over as well.
      if (held.delete(mark)) this.#cookie = this.#cookieOf(held, snapshot);
      return;
    }
    held.delete(mark);
    held.set(mark, this.#fences.outward(fence));
    this.#cookie = this.#cookieOf(held, snapshot);
    if (!this.#isKeptByCookie) await this.#fences.keep(watch.set, this.#cohort.key, fence);
  }

  /** The Set-Cookie of the answer to a write, or the one that ends a fence that is over; null for none. */
  cookieFor(method: string, answer: string[]): string | null {
    const cookie = this.#cookie ?? (this.#isOver() ? CLEARED : null);
    return cookie !== null && !sharedCacheMayKeep(method, answer) ? cookie : null;
  }

  /** The client holds fences, was asked for one of them, and none held it up. */
  #isOver(): boolean {
    if (this.#causes.size === 0 || this.#heldFences().size === 0) return false;
    const held = [...this.#heldFences().keys()];
    const free = new Set([...this.#causes].flatMap(([set, cause]) => (cause === null ? setMark(set) : [])));
    return held.every((mark) => free.has(mark));
  }

  #cookieOf(held: HeldFences, { plan }: Snapshot): string {
    if (held.size === 0) return CLEARED;
    // Then it is over by itself: a set that lags further, or nobody knows how far, is read at its owner by everybody.
    const longest = Math.max(...[...plan.dataSets.values()].map(({ maxLagMs }) => maxLagMs));
    const seconds = Math.ceil((longest + 2 * (this.#fences?.clockErrorMs ?? 0)) / 1000);
    const secure = this.#cohort.isSecure ? '; Secure' : '';
    return `${FENCE_COOKIE}=${sealFences(held, this.#secret)}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
  }

  #heldFences(): HeldFences {
    if (!this.#held) {
      const value = cookieValue(this.#cookies, FENCE_COOKIE);
      this.#held = (value && openFences(value, this.#secret)) || NOTHING;
    }
    return this.#held;
  }
}

const CLEARED = `${FENCE_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`;
