import type { Pass } from '../core/breaker.ts';
import type { Reason } from '../core/decide.ts';
import type { Party } from '../core/party.ts';
import type { Leaver, Waited } from './bulkhead.ts';
import type { Call } from './call.ts';
import type { ForwardOutcome } from './forwarder.ts';
import { type ProblemBody, problemOf } from './problem.ts';
import type { UpstreamGuard, UpstreamGuards } from './upstream-guards.ts';

/** A request on its way to one upstream: its place there, and what the breaker has been told of it. */
export type Leg = {
  readonly party: Party;
  readonly reason: Reason;
  readonly guard: UpstreamGuard;
  readonly pass: Pass;
  told: boolean;
  /** It holds a place in the bulkhead. */
  placed: boolean;
};

/** Nobody may answer now; said at once, with the seconds after which it is worth another try. */
export type Refused = {
  readonly party: Party;
  readonly reason: Reason;
  readonly problem: ProblemBody;
  readonly retrySeconds: number;
};

/**
 * Chooses the leg of a request and gets it a place; what is free at once comes without a promise. Null: its client left
 * while it waited.
 */
export function admit(
  call: Call,
  client: Leaver,
  guards: UpstreamGuards,
): Leg | Refused | Promise<Leg | Refused | null> {
  const leg = legOf(call, guards);
  return 'problem' in leg ? leg : place(leg, call, client, guards);
}

/** Gets a leg its place. */
export function place(
  leg: Leg,
  call: Call,
  client: Leaver,
  guards: UpstreamGuards,
): Leg | Refused | Promise<Leg | Refused | null> {
  const { bulkhead, breaker } = leg.guard;
  if (bulkhead.enter()) {
    leg.placed = true;
    return leg;
  }
  // A trial does not wait: the next request may be it.
  breaker.abandoned(leg.pass);
  const waiting = bulkhead.wait(client, call.snapshot.plan.timeouts.headersMs);
  return waiting ? afterWaiting(waiting, leg, call, client, guards) : busy(leg);
}

async function afterWaiting(
  waiting: Promise<Waited>,
  leg: Leg,
  call: Call,
  client: Leaver,
  guards: UpstreamGuards,
): Promise<Leg | Refused | null> {
  const waited = await waiting;
  if (waited === 'gone') return null;
  if (waited === 'late') return busy(leg);
  // The upstream may have been put out meanwhile.
  const again = leg.reason === 'FALLBACK' ? leg : legOf(call, guards);
  if (!('problem' in again) && again.guard === leg.guard) {
    again.placed = true;
    return again;
  }
  leg.guard.bulkhead.leave();
  return 'problem' in again ? again : place(again, call, client, guards);
}

/** Gives the place back, if the leg still has it. */
export function release(leg: Leg): void {
  if (!leg.placed) return;
  leg.placed = false;
  leg.guard.bulkhead.leave();
}

// Overload is not moved to the other side: that is what the bulkhead is for.
function busy({ party, reason }: Leg): Refused {
  const problem = problemOf(
    party === 'legacy' ? 'UPSTREAM_BUSY_LEGACY' : 'UPSTREAM_BUSY_CANDIDATE',
    `The ${party} upstream has as many requests in flight and waiting as \`bulkhead\` allows.`,
  );
  return { party, reason, problem, retrySeconds: 1 };
}

/** Where a request goes: where it was decided to, or to legacy past a candidate that is out. */
function legOf(call: Call, guards: UpstreamGuards): Leg | Refused {
  const { decision } = call;
  const guard = guardOf(call, decision.upstream, guards);
  const now = performance.now();
  const pass = guard.breaker.enter(now);
  if (pass !== 'out')
    return { party: decision.upstream, reason: decision.reason, guard, pass, told: false, placed: false };
  if (decision.safe && hasFallback(call)) return legacyLeg(call, 'EJECTED', guards);
  const retrySeconds = Math.ceil(guard.breaker.waitMs(now) / 1000);
  const name = decision.state?.route.name;
  const noFallback = decision.state?.route.fallbackToLegacy
    ? 'legacy is behind it'
    : `${name} has no fallback`;
  const noRead = decision.safe ? noFallback : 'a write goes nowhere else';
  const problem = problemOf(
    'UPSTREAM_EJECTED_CANDIDATE',
    `The candidate upstream of ${name} is out since too much of what it was asked failed, and ${noRead}.`,
  );
  return { party: 'candidate', reason: 'EJECTED', problem, retrySeconds };
}

export function legacyLeg(call: Call, reason: 'EJECTED' | 'FALLBACK', guards: UpstreamGuards): Leg {
  const guard = guardOf(call, 'legacy', guards);
  return { party: 'legacy', reason, guard, pass: 'in', told: false, placed: false };
}

/** Whether legacy may answer a read in place of the candidate: not while it lacks what the candidate has written. */
export function hasFallback({ decision, snapshot, fence }: Call): boolean {
  const { state, upstream } = decision;
  return (
    state?.route.fallbackToLegacy === true &&
    upstream === 'candidate' &&
    snapshot.plan.legacy !== null &&
    state.position?.stage !== 'retired' &&
    (state.position?.writer !== 'candidate' || fence.cause(state) === null)
  );
}

function guardOf({ snapshot, decision }: Call, party: Party, guards: UpstreamGuards): UpstreamGuard {
  return guards.of(snapshot.plan, party === 'legacy' ? null : (decision.state?.route.candidate as string));
}

// 501 and 505 are right answers to odd requests.
const FAILED_STATUS = new Set([500, 502, 503, 504]);

/** The head of the answer came: that is the moment that counts, an answer may last for hours. */
export function tellStatus(leg: Leg, status: number): void {
  if (leg.told) return;
  leg.told = true;
  const { breaker } = leg.guard;
  if (status >= 500 && FAILED_STATUS.has(status)) breaker.failed(leg.pass, performance.now());
  else breaker.succeeded(leg.pass, performance.now());
}

/** How it ended. What the client broke off, and what met a connection that was just closed, is not the upstream's fault. */
export function tellOutcome(leg: Leg, outcome: ForwardOutcome): void {
  const { breaker } = leg.guard;
  const pass = leg.told ? 'in' : leg.pass;
  const failed =
    outcome.kind === 'cut' ||
    (outcome.kind === 'failed' && !outcome.failure.clientStalled && !outcome.failure.staleConnection);
  if (failed) breaker.failed(pass, performance.now());
  else if (outcome.kind === 'answered' || outcome.kind === 'declined') tellStatus(leg, outcome.status);
  else breaker.abandoned(pass);
  leg.told = true;
}
