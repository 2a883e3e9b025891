import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Decision, decide, type PinOf } from '../core/decide.ts';
import type { Party } from '../core/party.ts';
import type { RateLimiter } from '../core/rate-limiter.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { ambiguityOf } from './ambiguous-path.ts';
import { RequestCohort } from './cohort-keeper.ts';
import type { Edge } from './edge.ts';
import { unknownExpectation } from './expectation.ts';
import type { Fences } from './fences/fences.ts';
import { RequestFence } from './fences/request-fence.ts';
import { requestHost } from './host.ts';
import { withOverride } from './method-override.ts';
import { overRate } from './over-rate.ts';
import { type ProblemBody, problemOf } from './problem.ts';
import { clip, refusalOf } from './refusals.ts';
import { givenRequestId } from './request-headers.ts';
import { pinsOf } from './request-pin.ts';
import { type RequestTarget, readTarget } from './request-target.ts';

/** One request with everything that was decided about it. */
export type Call = {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly snapshot: Snapshot;
  readonly edge: Edge;
  readonly target: RequestTarget;
  /** What an upstream is told as Host: never empty. */
  readonly host: string;
  readonly cohort: RequestCohort;
  readonly pin: PinOf;
  readonly fence: RequestFence;
  /** A write whose answer waits for its position: its client may read at the other side. */
  readonly takesPosition: boolean;
  readonly requestId: string;
  readonly started: number;
  readonly decision: Decision & { readonly upstream: Party };
  readonly upgrade: boolean;
  /** A body was announced, by its length or chunked. */
  readonly hasBody: boolean;
  /** The request was sent before and declined; `body` is what it had, null for none. Null: its first time. */
  readonly again: { readonly body: Buffer | null } | null;
  /** The client sends its body when it is told to. */
  readonly expectsContinue: boolean;
};

export function announcesBody({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
}

type Reading = {
  readonly snapshot: Snapshot;
  readonly edge: Edge;
  readonly secret: Buffer;
  /** Null: the request was counted before. */
  readonly limiter: RateLimiter | null;
  /** Null: nothing is held up. */
  readonly fences: Fences | null;
  readonly upgrade: boolean;
};

/** Reads and decides a request; a problem says why nobody may answer it. */
export function readCall(
  request: IncomingMessage,
  { snapshot, edge, secret, limiter, fences, upgrade }: Reading,
): Call | ProblemBody {
  const method = request.method ?? 'GET';
  const target = readTarget(request.url ?? '');
  if (!target)
    return problemOf('ROUTE_TARGET_INVALID', `expected a path, got ${method} ${clip(request.url ?? '')}.`);
  const host = requestHost(request, target);
  if (request.httpVersionMajor !== 1 || request.httpVersionMinor > 1)
    return problemOf('ROUTE_VERSION_UNSUPPORTED', `expected HTTP/1.1, got ${request.httpVersion}.`);
  if (host === null) {
    const got = request.headers.host === undefined ? 'none' : 'another';
    return problemOf('ROUTE_REQUEST_INVALID', `expected one Host that is a name or address, got ${got}.`);
  }
  const unexpected = unknownExpectation(request);
  if (unexpected) return unexpected;
  const coding = request.headers['transfer-encoding'];
  // Who speaks 1.0 between here and the client may have framed it otherwise (RFC 9112 §6.1).
  if (coding !== undefined && request.httpVersionMinor === 0)
    return problemOf('ROUTE_REQUEST_INVALID', 'expected no transfer-encoding in HTTP/1.0, got one.');
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return problemOf(
      'ROUTE_ENCODING_UNSUPPORTED',
      `expected transfer-encoding chunked, got ${clip(coding)}.`,
    );
  const hasBody = announcesBody(request);
  // SECURITY: the bytes behind an upgrade are the new protocol's. Announced to an upstream as a body they would never
  // come, and it would take the next request on that connection for them.
  if (upgrade && hasBody)
    return problemOf('ROUTE_REQUEST_INVALID', 'expected a request to upgrade without a body, got one with.');
  const cohort = new RequestCohort(request, edge, secret);
  const pin = pinsOf(request, secret);
  const fence = new RequestFence(request, cohort, fences, secret);
  const plain = decide(snapshot, method, target.path, cohort.bucket, pin, fence.cause);
  const ambiguity = ambiguityOf(plain, snapshot, method, target.path, cohort.bucket, pin, fence.cause);
  if (ambiguity) return ambiguity;
  const decision = withOverride(plain, request, snapshot, target, cohort, pin, fence.cause);
  if ('code' in decision) return decision;
  const limited = limiter && overRate(request, decision, snapshot, edge, limiter);
  if (limited) return limited;
  const refusal = refusalOf(decision, snapshot);
  if (refusal) return refusal;
  if (upgrade || decision.state?.position?.stage === 'canary') cohort.capture();
  const takesPosition = !upgrade && fence.isNeeded(decision, snapshot, pin);
  if (takesPosition) fence.capture();
  return {
    request,
    method,
    snapshot,
    edge,
    target,
    host: host || edge.host,
    cohort,
    pin,
    fence,
    takesPosition,
    requestId: givenRequestId(request) ?? randomUUID(),
    started: performance.now(),
    decision: { ...decision, upstream: decision.upstream as Party },
    upgrade,
    hasBody,
    again: null,
    expectsContinue: hasBody && request.httpVersionMinor > 0 && Boolean(request.headers.expect),
  };
}
