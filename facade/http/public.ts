import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import type { Logger } from 'pino';
import { decide, type Reason } from '../core/decide.ts';
import type { Party } from '../core/party.ts';
import type { RateLimiter } from '../core/rate-limiter.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { clientHeaders } from './answer-headers.ts';
import { limitBody } from './body-limit.ts';
import { announcesBody, type Call, readCall } from './call.ts';
import type { ClientResponse } from './client-response.ts';
import { declines, isOtherOwner, type KeptWrite, keepWrite, NEWS_MS } from './declined-writes.ts';
import { type Edge, edgeOf, peerAddress } from './edge.ts';
import { ownConditions, tagPassage } from './entity-tags.ts';
import type { Fences } from './fences/fences.ts';
import type { Exchange, Forwarder, ForwardOutcome, UpstreamFailure } from './forwarder.ts';
import {
  admit,
  hasFallback,
  type Leg,
  legacyLeg,
  place,
  type Refused,
  release,
  tellOutcome,
  tellStatus,
} from './leg.ts';
import { lingerBehind } from './lingering.ts';
import type { Metrics } from './metrics.ts';
import { OwnedWrites } from './owned-writes.ts';
import { paceOf } from './pace.ts';
import { type ProblemBody, problemOf, rawProblem, sendProblem } from './problem.ts';
import { createRecorder } from './recorder.ts';
import type { Recordings, RecordingTurn } from './recording/recordings.ts';
import { failureProblem } from './refusals.ts';
import { changeHeaders, upstreamHeaders } from './request-headers.ts';
import { CaptureBudget } from './shadow/capture-budget.ts';
import type { Shadow } from './shadow/shadow.ts';
import type { ShadowTurn } from './shadow/shadow-turn.ts';
import { keepFromSharedCaches } from './shared-cache.ts';
import { shownPath } from './shown-path.ts';
import { answerContext, targetAt } from './side.ts';
import { SlowBodies } from './slow-bodies.ts';
import type { UpstreamGuards } from './upstream-guards.ts';

export type PublicOptions = {
  readonly snapshot: () => Snapshot;
  readonly guards: UpstreamGuards;
  readonly limiter: RateLimiter;
  readonly writes: OwnedWrites;
  readonly forwarder: Forwarder;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** The decision log, one line per request; null for none. */
  readonly requests: Logger | null;
  /** Copies requests to the side that does not answer; null for none. */
  readonly shadow: Shadow | null;
  /** Keeps exchanges for whoever ordered them; null for nobody. */
  readonly recordings: Recordings | null;
  /** Keeps reads of owned data at its owner where the other side is behind; null: nothing is held up. */
  readonly fences: Fences | null;
  /** Signs the cohort cookie and the fence cookie. */
  readonly secret: Buffer;
  /** True while the process is stopping: answers then ask clients to close their connection. */
  readonly draining: () => boolean;
};

/** Watches one exchange. */
type Tap = Pick<RecordingTurn | ShadowTurn, 'head' | 'ended'>;

/** The data plane: decides each request on one snapshot and forwards it. */
export type PublicHandler = {
  handle(request: IncomingMessage, response: ClientResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /**
   * The connection said something that is no request, or too slowly, and this is the answer. `cause`: what the parser
   * says; `unfinished`: the request whose body it is, if it is one's.
   */
  refusedUnread(problem: ProblemBody, cause: string, unfinished: IncomingMessage | null): void;
  /** The connection of this client was cut, since it took too little of its answer. */
  readerCut(socket: Socket): void;
  /** Upgraded connections whose route now leads elsewhere. */
  leftConnections(): Duplex[];
  /** Connections that end only when somebody ends them: upgraded ones and event streams. */
  openStreams(): Duplex[];
  /** An event stream is under way on the connection. */
  isEventStream(socket: Duplex): boolean;
};

export function createPublicHandler(options: PublicOptions): PublicHandler {
  const { forwarder, guards, limiter, writes, metrics, log, secret, shadow, recordings, fences } = options;
  const edges = new WeakMap<Snapshot['plan'], Edge>();
  const upgraded = new Map<Duplex, Call>();
  const eventStreams = new Set<Duplex>();
  /** Requests whose bodies turned out to be none, and what was answered. */
  const brokenBodies = new WeakMap<IncomingMessage, ProblemBody>();
  const keptBodies = new CaptureBudget(KEPT_BYTES);
  const slowBodies = new SlowBodies(() => paceOf(options.snapshot().plan));
  const {
    ended: record,
    unasked: recordUnasked,
    refused: recordRefused,
    unread: recordUnread,
  } = createRecorder(metrics, log, options.requests);

  function edgeFor(snapshot: Snapshot): Edge {
    let edge = edges.get(snapshot.plan);
    if (!edge) {
      edge = edgeOf(snapshot.plan);
      edges.set(snapshot.plan, edge);
    }
    return edge;
  }

  function read(request: IncomingMessage, upgrade: boolean, counted = false): Call | ProblemBody {
    const snapshot = options.snapshot();
    const own = counted ? null : limiter;
    const edge = edgeFor(snapshot);
    const call = readCall(request, { snapshot, edge, secret, limiter: own, fences, upgrade });
    if (!('code' in call) && call.decision.reason === 'FENCED') countFenced(call);
    return call;
  }

  function countFenced({ decision: { state }, fence }: Call): void {
    const cause = state?.position && fence.cause(state);
    if (cause && state.route.data.kind === 'owned')
      metrics.fencedReads.inc({ set: state.route.data.set, cause });
  }

  // The headers are made once: a second attempt must not continue x-forwarded-for twice.
  function exchangeOf(call: Call, leg: Leg, headers: Exchange['headers'], taps: readonly Tap[]): Exchange {
    const { snapshot, decision } = call;
    const { state } = decision;
    const { party, reason } = leg;
    const tags = tagPassage(state, party);
    const context = answerContext(call, party, tags);
    const sentAt = performance.now();
    const own = { ...headers };
    if (tags) ownConditions(own, tags);
    // Who owned the data when the write was decided: another owner refuses it before any effect.
    const isDecline = isDeclinable(call, leg);
    if (isDecline) own['x-fig-epoch'] = String(state?.position?.epoch ?? 0);
    const change = state?.route.credentials[party];
    if (change) changeHeaders(own, change);
    return {
      request: call.request,
      upstream: leg.guard.upstream,
      target: targetAt(call, party),
      headers: own,
      timeouts: snapshot.plan.timeouts,
      expectsContinue: call.expectsContinue,
      freshConnection: false,
      declines: isDecline ? declines : null,
      beforeAnswer: state && call.takesPosition ? () => call.fence.wrote(state, snapshot) : null,
      shapeInformation: (rawHeaders) => clientHeaders(rawHeaders, context),
      shapeAnswer(status, rawHeaders) {
        tellStatus(leg, status);
        for (const tap of taps) tap.head(status, rawHeaders);
        shadow?.answered(call, party, status, performance.now() - sentAt, rawHeaders);
        const shaped = clientHeaders(rawHeaders, context);
        if (status === 101) shaped.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
        // Both wait rather than work, for hours: they would hold the places of all others.
        if (status === 101) release(leg);
        if (isEventStream(shaped)) {
          release(leg);
          noteStream(call.request.socket);
        }
        if (state?.position?.stage === 'canary') {
          const cookie = call.cohort.cookieFor(state, snapshot, call.method, shaped);
          if (cookie) shaped.push('Set-Cookie', cookie);
        }
        const fenceCookie = state ? call.fence.cookieFor(call.method, shaped) : null;
        if (fenceCookie) shaped.push('Set-Cookie', fenceCookie);
        if (decision.reason === 'PINNED') keepFromSharedCaches(call.method, shaped);
        pushAll(shaped, figHeaders(call, party, reason));
        if (options.draining() && !call.upgrade) shaped.push('Connection', 'close');
        return shaped;
      },
    };
  }

  function noteStream(socket: Socket): void {
    eventStreams.add(socket);
    // Between two events nothing would tell that its client has left, and clients of streams leave their side open.
    if (socket.readableEnded) setImmediate(() => socket.destroy());
  }

  function headersOf(call: Call): Exchange['headers'] {
    const peer = peerAddress(call.request);
    return upstreamHeaders(call.request, {
      peer,
      trusted: call.edge.trusts(peer),
      secure: 'encrypted' in call.request.socket,
      requestId: call.requestId,
      host: call.host,
      upgrade: call.upgrade,
    });
  }

  /** Serves a request, with the owner of what it writes in mind. */
  async function take(call: Call, response: ClientResponse): Promise<void> {
    const set = OwnedWrites.setOf(call);
    if (set === null) return void (await serve(call, response));
    if (!writes.isHeld(set)) {
      const end = writes.begin(set);
      const declined = await serve(call, response).finally(end);
      return declined && takeAgain(call, set, declined, response);
    }
    const released = await writes.wait(set, response);
    if (released === 'gone') return recordLeft(call);
    if (released === 'open') return takeAsRead(call, call.again, response);
    refuse(
      call.request,
      response,
      problemOf('FENCE_WRITES_HELD', `writes of ${set} wait for a change of its owner.`, {
        retryAfterSeconds: 1,
      }),
    );
  }

  /** Decides a request anew, on the snapshot of now. */
  async function takeAsRead(call: Call, again: Call['again'], response: ClientResponse): Promise<void> {
    const { request, requestId, started } = call;
    const anew = read(request, false, true);
    if ('code' in anew) return refuse(request, response, anew);
    const expectsContinue = anew.expectsContinue && again === null;
    return take({ ...anew, requestId, started, again, expectsContinue }, response);
  }

  /** The service declined a write before any effect: there is another owner, of whom this instance hears now. */
  async function takeAgain(
    call: Call,
    set: string,
    kept: KeptWrite,
    response: ClientResponse,
  ): Promise<void> {
    const { requestId, decision } = call;
    try {
      const until = performance.now() + NEWS_MS;
      const again = call.again ? null : await kept.restore(NEWS_MS);
      const isNews = (snapshot: Snapshot) => isOtherOwner(call, snapshot);
      const isDecidable =
        again !== null &&
        (isNews(options.snapshot()) || (await writes.hears(isNews, until - performance.now(), response)));
      log.info({ requestId, set, path: shownPath(call), isDecidable }, 'the service declined a write');
      const broken = brokenBodies.get(call.request) ?? null;
      // The client left, or has an answer that its own body was given.
      if (response.destroyed || response.headersSent)
        return record(call, 'candidate', decision.reason, { kind: 'client-gone', sent: 'part' }, broken);
      metrics.declinedWrites.inc({ set, outcome: isDecidable ? 'decided-anew' : 'refused' });
      if (isDecidable) return await takeAsRead(call, again, response);
      const problem = problemOf(
        'FENCE_WRITE_DECLINED',
        `the service of ${set} took no write: it is not its owner, or in another epoch than this instance knows. Nothing was written.`,
        { retryAfterSeconds: 1 },
      );
      const headers = [...retryAfter(problem), ...figHeaders(call, 'candidate', decision.reason)];
      if (call.hasBody && again === null) headers.push('Connection', 'close');
      sendProblem(response, problem, headers);
      record(call, 'candidate', decision.reason, { kind: 'declined', status: 409 }, problem);
    } finally {
      kept.release();
    }
  }

  /** Gives what is needed to decide the request anew where its service declined it. */
  async function serve(call: Call, response: ClientResponse): Promise<KeptWrite | undefined> {
    const admitted = admit(call, response, guards);
    const leg = admitted instanceof Promise ? await admitted : admitted;
    if (leg && !('problem' in leg)) return carry(call, leg, response);
    if (leg) refuseLeg(call, response, leg);
    else recordLeft(call);
    return undefined;
  }

  /** Sends the request and, where that is allowed, sends it again. */
  async function carry(call: Call, first: Leg, response: ClientResponse): Promise<KeptWrite | undefined> {
    const { request, decision, snapshot, hasBody, again } = call;
    let leg = first;
    // The facade itself would have no more of the body.
    let refused = null as ProblemBody | null;
    const refuseBody = (problem: ProblemBody) => {
      refused = problem;
      const headers = ['Connection', 'close', ...figHeaders(call, leg.party, leg.reason)];
      if (response.headersSent) response.destroy();
      else sendProblem(response, problem, headers);
    };
    const { maxBodyBytes } = snapshot.plan.limits;
    const tooLarge = () =>
      refuseBody(problemOf('ROUTE_BODY_TOO_LARGE', `expected a body of at most ${maxBodyBytes} bytes.`));
    const limit = again ? READ_BEFORE : limitBody(request, maxBodyBytes, tooLarge);
    if (hasBody && !limit.refused && !again)
      slowBodies.watch(
        request,
        () => leg.guard.bulkhead.queued > 0,
        ({ minBytesPerSecond }) => {
          metrics.slowClients.inc({ part: 'body' });
          log.info(
            { requestId: call.requestId, path: shownPath(call) },
            'the client sent too little of its body',
          );
          refuseBody(
            problemOf(
              'ROUTE_BODY_TIMEOUT',
              `expected ${minBytesPerSecond} bytes a second of the body or more.`,
            ),
          );
        },
      );
    const headers = headersOf(call);
    let source: Readable | null = hasBody ? (limit.counted ?? request) : null;
    if (again?.body) source = Readable.from([again.body]);
    const kept =
      isDeclinable(call, leg) && !limit.refused
        ? keepWrite(request, again ? null : source, keptBodies)
        : null;
    source = kept?.stream ?? source;
    const isWatched = !limit.refused && !again;
    const take = !isWatched ? null : (recordings?.begin(call, response, headers, source) ?? null);
    const turn = !isWatched
      ? null
      : (shadow?.begin(call, leg, response, headers, take?.body ?? source) ?? null);
    const taps: Tap[] = [take, turn].filter((tap) => tap !== null);
    let last: ForwardOutcome = CLIENT_GONE;
    let declined = false;
    const send = (freshConnection = false) => {
      const exchange = { ...exchangeOf(call, leg, headers, taps), freshConnection };
      const body = turn?.body ?? take?.body ?? (source === request ? null : source);
      return forwarder.forward(body ? { ...exchange, body } : exchange, response);
    };
    const tell = (outcome: ForwardOutcome) => {
      last = outcome;
      if (outcome.kind === 'failed') shadow?.answered(call, leg.party, null, null, []);
      // What the facade itself cut off says nothing about the upstream.
      if (refused) leg.guard.breaker.abandoned(leg.pass);
      else tellOutcome(leg, outcome);
    };
    try {
      if (limit.refused) {
        leg.guard.breaker.abandoned(leg.pass);
        tooLarge();
        return void recordUnasked(call, 'ROUTE_BODY_TOO_LARGE', 413);
      }
      const repeatable = decision.safe && !hasBody;
      let outcome = await send();
      // Where one idle connection was closed the others probably are, too.
      if (outcome.kind === 'failed' && outcome.failure.staleConnection && repeatable)
        outcome = await send(true);
      tell(outcome);
      if (outcome.kind === 'declined' && kept) {
        declined = true;
        return kept;
      }
      if (outcome.kind === 'failed' && repeatable && fallsBack(call, leg)) {
        logFailure(call, leg.party, outcome.failure);
        release(leg);
        const legacy = await place(legacyLeg(call, 'FALLBACK', guards), call, response, guards);
        // Then the candidate remains the one that was asked.
        if (!legacy) return void record(call, leg.party, leg.reason, CLIENT_GONE, null);
        if ('problem' in legacy) {
          sendRefusal(call, response, legacy);
          return void record(call, leg.party, leg.reason, outcome, legacy.problem);
        }
        leg = legacy;
        outcome = await send();
        tell(outcome);
      }
      if (outcome.kind === 'failed' && !refused)
        return void (await answerFailure(call, leg, outcome.failure, response));
      record(call, leg.party, leg.reason, outcome, refused ?? brokenBodies.get(request) ?? null);
    } finally {
      for (const tap of taps) tap.ended(last, leg.party);
      eventStreams.delete(request.socket);
      release(leg);
      if (!declined) kept?.release();
    }
  }

  async function answerFailure(
    call: Call,
    leg: Leg,
    failure: UpstreamFailure,
    response: ClientResponse,
  ): Promise<void> {
    const { party, reason } = leg;
    const { state } = call.decision;
    logFailure(call, party, failure);
    const problem = failureProblem(party, failure, call.snapshot);
    const headers = figHeaders(call, party, reason);
    if (call.hasBody) headers.push('Connection', 'close');
    // The write may have been done all the same.
    if (state && call.takesPosition && !NOT_SENT.has(failure.stage)) {
      await call.fence.wrote(state, call.snapshot);
      const cookie = call.fence.cookieFor(call.method, []);
      if (cookie) headers.push('Set-Cookie', cookie);
    }
    sendProblem(response, problem, headers);
    record(call, party, reason, { kind: 'failed', failure }, problem);
  }

  function refuseLeg(call: Call, response: ClientResponse, refused: Refused): void {
    sendRefusal(call, response, refused);
    recordRefusal(call, refused);
  }

  function sendRefusal(call: Call, response: ClientResponse, refused: Refused): void {
    const close = call.hasBody ? ['Connection', 'close'] : [];
    sendProblem(response, refused.problem, refusalHeaders(call, refused).concat(close));
  }

  /** The client left before anybody was asked, or its body was none. */
  function recordLeft(call: Call): void {
    const { code, status } = brokenBodies.get(call.request) ?? { code: call.decision.reason, status: LEFT };
    recordUnasked(call, code, status);
  }

  function recordRefusal(call: Call, { problem }: Refused): void {
    recordUnasked(call, problem.code, problem.status);
  }

  async function join(call: Call, socket: Duplex, head: Buffer): Promise<void> {
    const leg = await admit(call, socket, guards);
    if (!leg) return recordLeft(call);
    if ('problem' in leg) {
      socket.end(rawProblem(leg.problem, refusalHeaders(call, leg)), 'latin1');
      return recordRefusal(call, leg);
    }
    const { party, reason } = leg;
    shadow?.skipUpgrade(call);
    upgraded.set(socket, call);
    metrics.upgradedConnections.inc();
    const refusal = (failure: UpstreamFailure) => {
      logFailure(call, party, failure);
      return rawProblem(failureProblem(party, failure, call.snapshot), figHeaders(call, party, reason));
    };
    try {
      const outcome = await forwarder.upgrade(
        exchangeOf(call, leg, headersOf(call), []),
        socket,
        head,
        refusal,
      );
      tellOutcome(leg, outcome);
      const failed = outcome.kind === 'failed' ? outcome.failure : null;
      record(call, party, reason, outcome, failed && failureProblem(party, failed, call.snapshot));
    } finally {
      release(leg);
      upgraded.delete(socket);
      metrics.upgradedConnections.dec();
    }
  }

  function logFailure(call: Call, party: Party, failure: UpstreamFailure): void {
    const { requestId, method, decision } = call;
    const route = decision.state?.route.name;
    log.warn(
      { requestId, route, method, path: shownPath(call), upstream: party, ...failure },
      'upstream failed',
    );
  }

  return {
    handle(request, response) {
      const call = read(request, false);
      if (announcesBody(request)) lingerBehind(request, response);
      if ('code' in call) return refuse(request, response, call);
      take(call, response).catch((error: Error) => {
        log.error({ requestId: call.requestId, err: error }, 'request failed in the facade');
        if (response.headersSent) response.destroy();
        else sendProblem(response, problemOf('ROUTE_INTERNAL', 'The facade could not handle the request.'));
      });
    },
    upgrade(request, socket, head) {
      // Until the forwarder listens, a reset of this socket would end the process.
      socket.on('error', () => socket.destroy());
      const call = read(request, true);
      if ('code' in call) {
        socket.end(rawProblem(call, retryAfter(call)), 'latin1');
        recordRefused(request, call);
        return;
      }
      join(call, socket, head).catch((error: Error) => {
        log.error({ requestId: call.requestId, err: error }, 'upgrade failed in the facade');
        socket.destroy();
      });
    },
    refusedUnread(problem, cause, unfinished) {
      if (problem.code === 'ROUTE_BODY_TIMEOUT') metrics.slowClients.inc({ part: 'head' });
      // Its own line says so.
      if (unfinished) brokenBodies.set(unfinished, problem);
      else recordUnread(problem, cause);
    },
    readerCut({ remoteAddress }) {
      metrics.slowClients.inc({ part: 'answer' });
      log.info({ peer: remoteAddress }, 'the client took too little of its answer');
    },
    leftConnections() {
      const snapshot = options.snapshot();
      return [...upgraded]
        .filter(([, call]) => {
          const { method, target, cohort, pin, fence } = call;
          const now = decide(snapshot, method, target.path, cohort.bucket, pin, fence.cause);
          return now.upstream !== call.decision.upstream;
        })
        .map(([socket]) => socket);
    },
    openStreams: () => [...upgraded.keys(), ...eventStreams],
    isEventStream: (socket) => eventStreams.has(socket),
  };

  function refuse(request: IncomingMessage, response: ClientResponse, problem: ProblemBody): void {
    // SECURITY: behind a request that is not understood the next one may not begin where it seems to.
    const close = UNCLEAR.has(problem.status) || announcesBody(request) ? ['Connection', 'close'] : [];
    sendProblem(response, problem, retryAfter(problem).concat(close));
    recordRefused(request, problem);
  }
}

/** A write that is refused, unheard, by a service which does not own its data. */
function isDeclinable({ decision, upgrade }: Call, { party }: Leg): boolean {
  return !upgrade && decision.reason === 'WRITER' && party === 'candidate';
}

function isEventStream(headers: string[]): boolean {
  const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type');
  return at !== -1 && /^text\/event-stream/i.test(headers[at + 1] as string);
}

function pushAll(list: string[], more: string[]): void {
  for (const item of more) list.push(item);
}

function figHeaders(call: Call, party: Party, reason: Reason): string[] {
  if (!call.snapshot.plan.expose) return [];
  return ['x-fig-upstream', party, 'x-fig-reason', reason, 'x-fig-request-id', call.requestId];
}

// The seconds stand in the document as well: a client reads them where it likes.
const retryAfter = ({ retryAfterSeconds }: ProblemBody): string[] =>
  typeof retryAfterSeconds === 'number' ? ['Retry-After', String(retryAfterSeconds)] : [];

/** Statuses of refusals for what a request says, not for who may answer it. */
const UNCLEAR = new Set([400, 501, 505]);

/** Failures before anything reached the upstream. */
const NOT_SENT: ReadonlySet<UpstreamFailure['stage']> = new Set(['CONNECT', 'CONNECT_TIMEOUT', 'TLS']);

const CLIENT_GONE: ForwardOutcome = { kind: 'client-gone', sent: 'whole' };

/** The limits of a body that was read before were kept then. */
const READ_BEFORE = { refused: false, counted: null };

/** Bodies of writes that may have to be sent again, all together. */
const KEPT_BYTES = 64 * 1024 * 1024;

/** The status in the decision log of a request whose client left. */
const LEFT = 499;

const refusalHeaders = (call: Call, { party, reason, retrySeconds }: Refused): string[] => [
  'Retry-After',
  String(retrySeconds),
  ...figHeaders(call, party, reason),
];

function fallsBack(call: Call, leg: Leg): boolean {
  const read = call.method === 'GET' || call.method === 'HEAD';
  return read && call.decision.safe && leg.party === 'candidate' && hasFallback(call);
}
