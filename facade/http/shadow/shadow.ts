import type { Readable } from 'node:stream';
import { DRY_RUN_PREFIX, SIGNATURE_HEADER, signDryRun } from '#plan/model/dry-run.ts';
import type { Route, Upstream } from '#plan/model/plan.ts';
import { decide } from '../../core/decide.ts';
import { laxReadings } from '../../core/lax-path.ts';
import type { Party } from '../../core/party.ts';
import type { SkipReason } from '../../core/shadow/fate.ts';
import { shadowSide } from '../../core/shadow/shadow-side.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import type { Call } from '../call.ts';
import type { ClientResponse } from '../client-response.ts';
import type { Exchange } from '../forwarder.ts';
import type { Leg } from '../leg.ts';
import { targetAt, upstreamAt } from '../side.ts';
import { AnswerTap } from './answer-tap.ts';
import { tapBody } from './body-tap.ts';
import { CaptureBudget } from './capture-budget.ts';
import { carriedDataOf } from './carried-data.ts';
import type { Comparer } from './comparer.ts';
import type { Copier, Copy } from './copier.ts';
import { noteBuild } from './named-build.ts';
import { SecondAsks } from './second-asks.ts';
import { copyHeaders, repeatHeaders } from './shadow-headers.ts';
import { ShadowQueue } from './shadow-queue.ts';
import type { SinkOf } from './shadow-sink.ts';
import { ShadowTurn } from './shadow-turn.ts';
import { Waste } from './waste.ts';

export type ShadowOptions = {
  /** The one that is in force now: copies that waited may be asked for no more. */
  readonly snapshot: () => Snapshot;
  readonly copier: Copier;
  readonly comparer: Comparer;
  readonly sinkOf: SinkOf;
  /** Signs dry runs. Null: writes are never copied. */
  readonly dryRunSecret: string | null;
  readonly random: () => number;
  readonly nowMs: () => number;
  /** Told of what should not happen: a comparison that ends in an error. It is discarded, and nobody else sees it. */
  readonly onFault: (error: unknown) => void;
};

/** Of one route. */
type Places = { readonly queue: ShadowQueue; readonly secondAsks: SecondAsks; readonly waste: Waste };

/** Bodies of requests and answers that are kept for copies, from those that wait for their turn to those that are compared. */
const CAPTURE_BYTES = 128 * 1024 * 1024;

/** Copies requests to the side that does not answer, and compares. The client never waits for any of it. */
export class Shadow {
  readonly #options: ShadowOptions;
  readonly #places = new Map<string, Places>();
  readonly #budget = new CaptureBudget(CAPTURE_BYTES);

  constructor(options: ShadowOptions) {
    this.#options = options;
  }

  /**
   * Begins with a request that is about to be forwarded; null when its route copies nothing. `source` is its body, null
   * without one: what the turn gives as `body` has to be forwarded in its place.
   */
  begin(
    call: Call,
    leg: Leg,
    response: ClientResponse,
    headers: Exchange['headers'],
    source: Readable | null,
  ): ShadowTurn | null {
    const side = shadowSide(call.decision, call.snapshot.plan.legacy !== null);
    const route = call.decision.state?.route;
    if (!side || !route) return null;
    const { sinkOf, random } = this.#options;
    const sink = sinkOf(route);
    const { shadow } = route;
    const rehearse = !call.decision.safe;
    const skipped = this.#skipReason(call, leg, side, route);
    const { queue, secondAsks, waste } = this.#placesOf(route.name);
    const fate = skipped ? { skipped } : random() >= shadow.sampleRatio ? ('sampled-out' as const) : null;
    // A candidate that is slow or gone costs clients least where nothing is kept for copies that are dropped.
    const isSpent = fate === null && waste.isSpent(performance.now());
    if (isSpent) sink.missed();
    const dropped = fate ?? (isSpent || queue.isFull(shadow) ? ('dropped' as const) : null);
    if (dropped) {
      sink.fate(dropped);
      return null;
    }
    const tap = new AnswerTap(response, shadow.maxBodyBytes, this.#budget);
    const isShadowed = () => this.#isShadowed(call, side, route);
    const carried = carriedDataOf(call, route);
    const turn = new ShadowTurn({
      isShadowed,
      carried,
      call,
      route,
      side,
      leg,
      tap,
      budget: this.#budget,
      sink,
      rehearse,
      secondAsks,
      waste,
      ...this.#options,
    });
    // Asked before the write is on its way: a rehearsal on data from before another write says nothing of this one.
    const isCaughtUp = rehearse && carried ? carried.watch.isCaughtUp() : null;
    const send = async (body: Buffer | null) => {
      const caughtUp = isCaughtUp && (await isCaughtUp);
      if (caughtUp === 'no') return turn.skip('behind');
      if (caughtUp === 'perhaps') turn.doubt();
      this.#send(turn, call, route, side, headers, body, rehearse);
    };
    if (!source) {
      void send(null);
      return turn;
    }
    const tapped = tapBody(call.request, source, shadow.maxBodyBytes, this.#budget);
    turn.tapped = tapped;
    void tapped.whole.then((body) => (typeof body === 'string' ? turn.skip(body) : send(body)));
    return turn;
  }

  /** Counts an upgraded connection: it cannot be copied. */
  skipUpgrade(call: Call): void {
    const side = shadowSide(call.decision, call.snapshot.plan.legacy !== null);
    const route = call.decision.state?.route;
    if (side && route) this.#options.sinkOf(route).fate({ skipped: 'streaming' });
  }

  /** One answer to a client; status and `ms` (until its head) null when the upstream gave none, and then no headers. */
  answered(
    call: Call,
    party: Party,
    status: number | null,
    ms: number | null,
    rawHeaders: readonly string[],
  ): void {
    const { state } = call.decision;
    const stage = state?.position?.stage;
    if (!state || stage === undefined || stage === 'legacy' || stage === 'retired') return;
    const sink = this.#options.sinkOf(state.route);
    noteBuild(sink, call, party, rawHeaders);
    sink.answered(party, status === null || status >= 500, ms);
  }

  /** Whether this request, decided now, would be copied to the same server for the same page of observations. */
  #isShadowed(call: Call, side: Party, route: Route): boolean {
    const snapshot = this.#options.snapshot();
    if (snapshot === call.snapshot) return true;
    const { method, target, cohort, pin, fence } = call;
    const decision = decide(snapshot, method, target.path, cohort.bucket, pin, fence.cause);
    const { legacy, candidates } = snapshot.plan;
    const upstream = side === 'legacy' ? legacy : candidates.get(route.candidate);
    return (
      shadowSide(decision, legacy !== null) === side &&
      decision.state?.route.hash === route.hash &&
      upstream?.url === upstreamAt(call, side)?.url
    );
  }

  #skipReason(call: Call, leg: Leg, side: Party, route: Route): SkipReason | null {
    const { decision, request } = call;
    if (leg.reason === 'EJECTED') return 'ejected';
    const isUnsafeRead = decision.match?.safety === 'unsafe' && SAFE_METHODS.has(call.method);
    if (isUnsafeRead) return 'unsafe';
    if (!decision.safe) {
      const canRehearse =
        route.shadow.writes === 'dry-run' && side === 'candidate' && this.#options.dryRunSecret !== null;
      if (!canRehearse || !staysRehearsed(targetAt(call, side))) return 'unsafe';
    }
    if (call.upgrade || /\btext\/event-stream\b/i.test(request.headers.accept ?? '')) return 'streaming';
    if (Number(request.headers['content-length'] ?? 0) > route.shadow.maxBodyBytes) return 'too-large';
    // What is not there yet would be taken for a difference.
    if (decision.state && side !== decision.state.position?.writer && call.fence.cause(decision.state))
      return 'behind';
    return null;
  }

  #send(
    turn: ShadowTurn,
    call: Call,
    route: Route,
    side: Party,
    headers: Exchange['headers'],
    body: Buffer | null,
    rehearse: boolean,
  ): void {
    const { queue } = this.#placesOf(route.name);
    const copyTo = (party: Party): Copy => {
      const target = targetAt(call, party);
      const own = (party === side ? copyHeaders : repeatHeaders)(headers, route, party);
      const copy: Copy = {
        upstream: upstreamAt(call, party) as Upstream,
        method: call.method,
        target: rehearse ? DRY_RUN_PREFIX + target : target,
        headers: own,
        body,
        timeoutMs: route.shadow.timeoutMs,
        maxBodyBytes: route.shadow.maxBodyBytes,
        budget: this.#budget,
      };
      if (!rehearse) return copy;
      const signed = { method: call.method, target, body: body ?? Buffer.alloc(0) };
      const signature = signDryRun(signed, this.#options.dryRunSecret as string, this.#options.nowMs());
      return { ...copy, headers: { ...own, [SIGNATURE_HEADER]: signature } };
    };
    const entered = queue.enter(route.shadow, (waitedMs) => turn.run(waitedMs, copyTo, headers, body));
    if (entered) turn.sent();
    else turn.drop();
  }

  #placesOf(route: string): Places {
    let places = this.#places.get(route);
    if (!places) {
      places = {
        queue: new ShadowQueue(),
        secondAsks: new SecondAsks(),
        waste: new Waste(performance.now()),
      };
      this.#places.set(route, places);
    }
    return places;
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Whether servers take the path of a rehearsal for one, however freely they read it. SECURITY: behind a proxy that decodes
 * paths, `a%2F..%2F` in one would climb out of the rehearsals, and the write would be done.
 */
function staysRehearsed(target: string): boolean {
  const [path = ''] = target.split('?', 1);
  return (
    !UNREADABLE.test(path) &&
    laxReadings(DRY_RUN_PREFIX + path).every((lax) => lax.path.startsWith(`${DRY_RUN_PREFIX}/`))
  );
}

/** Escapes of escapes, which may go on for ever; NUL; dots and slashes in overlong UTF-8, as full width, as `%u002e`. */
const UNREADABLE = /%(?:25|00|C[01]|E0%[89]|F0%8|EF%BC%(?:8E|8F|BC))|%u/i;
