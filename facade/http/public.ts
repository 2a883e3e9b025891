import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { decide, type Reason } from '../core/decide.ts';
import type { Party } from '../core/party.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type AnswerContext, clientHeaders, replacePrefix } from './answer-headers.ts';
import { limitBody } from './body-limit.ts';
import { announcesBody, type Call, readCall } from './call.ts';
import { type Edge, edgeOf, peerAddress } from './edge.ts';
import type { Exchange, Forwarder, ForwardOutcome, UpstreamFailure } from './forwarder.ts';
import type { Metrics } from './metrics.ts';
import { type ProblemBody, problemOf, rawProblem, sendProblem } from './problem.ts';
import { failureProblem } from './refusals.ts';
import { upstreamHeaders } from './request-headers.ts';

export type PublicOptions = {
  readonly snapshot: () => Snapshot;
  readonly forwarder: Forwarder;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Signs the cohort cookie. */
  readonly secret: Buffer;
  /** True while the process is stopping: answers then ask clients to close their connection. */
  readonly draining: () => boolean;
};

/** The data plane: decides each request on one snapshot and forwards it. */
export type PublicHandler = {
  handle(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Upgraded connections whose route now leads elsewhere. */
  leftConnections(): Duplex[];
  /** Connections that end only when somebody ends them: upgraded ones and event streams. */
  openStreams(): Duplex[];
};

export function createPublicHandler(options: PublicOptions): PublicHandler {
  const { forwarder, metrics, log, secret } = options;
  const edges = new WeakMap<Snapshot['plan'], Edge>();
  const upgraded = new Map<Duplex, Call>();
  const eventStreams = new Set<Duplex>();

  function edgeFor(snapshot: Snapshot): Edge {
    let edge = edges.get(snapshot.plan);
    if (!edge) {
      edge = edgeOf(snapshot.plan);
      edges.set(snapshot.plan, edge);
    }
    return edge;
  }

  function read(request: IncomingMessage, upgrade: boolean): Call | ProblemBody {
    const snapshot = options.snapshot();
    return readCall(request, { snapshot, edge: edgeFor(snapshot), secret, upgrade });
  }

  // The headers are made once: a second attempt must not continue x-forwarded-for twice.
  function exchangeOf(call: Call, party: Party, reason: Reason, headers: Exchange['headers']): Exchange {
    const { snapshot, edge, target, decision } = call;
    const route = decision.state?.route;
    const upstream = upstreamUrl(snapshot, party, route?.candidate);
    const rewrite = party === 'candidate' ? (route?.rewrite ?? null) : null;
    const path = rewrite
      ? replacePrefix(target.path, rewrite.from, rewrite.to, !snapshot.plan.matching.caseSensitive)
      : target.path;
    const context: AnswerContext = {
      upstream,
      publicOrigin: edge.origin,
      publicHostname: edge.hostname,
      rewrite,
      trailers: call.method !== 'HEAD' && call.request.httpVersionMinor > 0,
    };
    return {
      request: call.request,
      upstream,
      target: path + target.query,
      headers: { ...headers },
      timeouts: snapshot.plan.timeouts,
      shapeInformation: (rawHeaders) => clientHeaders(rawHeaders, context),
      shapeAnswer(status, rawHeaders) {
        const shaped = clientHeaders(rawHeaders, context);
        if (status === 101) shaped.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
        if (isEventStream(shaped)) noteStream(call.request.socket);
        const state = decision.state;
        if (state?.position?.stage === 'canary') {
          const cookie = call.cohort.cookieFor(state, snapshot, call.method, shaped);
          if (cookie) shaped.push('Set-Cookie', cookie);
        }
        pushAll(shaped, figHeaders(call, party, reason));
        if (options.draining() && !call.upgrade) shaped.push('Connection', 'close');
        return shaped;
      },
    };
  }

  function noteStream(socket: Duplex): void {
    eventStreams.add(socket);
    socket.once('close', () => eventStreams.delete(socket));
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

  function record(call: Call, party: Party, reason: Reason, outcome: ForwardOutcome, status?: number): void {
    metrics.observe({
      route: call.decision.state?.route.name ?? '',
      upstream: party,
      reason,
      status: status ?? (outcome.kind === 'answered' ? outcome.status : outcome.kind === 'cut' ? 0 : 499),
      seconds: (performance.now() - call.started) / 1000,
    });
    if (outcome.kind === 'cut')
      log.warn({ requestId: call.requestId, upstream: party, path: call.target.path }, 'upstream broke off');
  }

  async function serve(call: Call, response: ServerResponse): Promise<void> {
    const { request, decision, snapshot, hasBody } = call;
    let party = decision.upstream;
    let reason = decision.reason;
    let exceeded = false;
    const tooLarge = problemOf(
      'ROUTE_BODY_TOO_LARGE',
      `expected a body of at most ${snapshot.plan.limits.maxBodyBytes} bytes.`,
    );
    const limit = limitBody(request, snapshot.plan.limits.maxBodyBytes, () => {
      exceeded = true;
      if (response.headersSent) response.destroy();
      else sendProblem(response, tooLarge, ['Connection', 'close', ...figHeaders(call, party, reason)]);
    });
    if (limit.refused) {
      sendProblem(response, tooLarge, ['Connection', 'close', ...figHeaders(call, party, reason)]);
      return record(call, party, reason, { kind: 'answered', status: 413 });
    }
    const headers = headersOf(call);
    const attempt = () => {
      const exchange = exchangeOf(call, party, reason, headers);
      return forwarder.forward(limit.counted ? { ...exchange, body: limit.counted } : exchange, response);
    };
    const repeatable = decision.safe && !hasBody;
    let outcome = await attempt();
    if (outcome.kind === 'failed' && outcome.failure.staleConnection && repeatable) outcome = await attempt();
    if (outcome.kind === 'failed' && repeatable && fallsBack(call, party)) {
      logFailure(call, party, outcome.failure);
      party = 'legacy';
      reason = 'FALLBACK';
      outcome = await attempt();
    }
    if (outcome.kind !== 'failed' || exceeded)
      return record(call, party, reason, outcome, exceeded ? 413 : undefined);
    logFailure(call, party, outcome.failure);
    const problem = failureProblem(party, outcome.failure, snapshot);
    sendProblem(
      response,
      problem,
      figHeaders(call, party, reason).concat(hasBody ? ['Connection', 'close'] : []),
    );
    record(call, party, reason, outcome, problem.status);
  }

  function logFailure(call: Call, party: Party, failure: UpstreamFailure): void {
    const { requestId, method, target, decision } = call;
    const route = decision.state?.route.name;
    log.warn({ requestId, route, method, path: target.path, upstream: party, ...failure }, 'upstream failed');
  }

  return {
    handle(request, response) {
      const call = read(request, false);
      if ('code' in call) return refuse(request, response, call);
      serve(call, response).catch((error: Error) => {
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
        socket.end(rawProblem(call), 'latin1');
        return;
      }
      const { upstream, reason } = call.decision;
      upgraded.set(socket, call);
      metrics.upgradedConnections.inc();
      const refusal = (failure: UpstreamFailure) => {
        logFailure(call, upstream, failure);
        return rawProblem(
          failureProblem(upstream, failure, call.snapshot),
          figHeaders(call, upstream, reason),
        );
      };
      forwarder
        .upgrade(exchangeOf(call, upstream, reason, headersOf(call)), socket, head, refusal)
        .then((outcome) => {
          const failed = outcome.kind === 'failed' ? outcome.failure : null;
          record(
            call,
            upstream,
            reason,
            outcome,
            failed ? failureProblem(upstream, failed, call.snapshot).status : undefined,
          );
        })
        .finally(() => {
          upgraded.delete(socket);
          metrics.upgradedConnections.dec();
        })
        .catch((error: Error) => log.error({ err: error }, 'upgrade failed in the facade'));
    },
    leftConnections() {
      const snapshot = options.snapshot();
      return [...upgraded]
        .filter(([, call]) => {
          const now = decide(snapshot, call.method, call.target.path, call.cohort.bucket);
          return now.upstream !== call.decision.upstream;
        })
        .map(([socket]) => socket);
    },
    openStreams: () => [...upgraded.keys(), ...eventStreams],
  };

  function refuse(request: IncomingMessage, response: ServerResponse, problem: ProblemBody): void {
    if (request.method === 'OPTIONS' && request.url === '*') {
      response.writeHead(204, { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' });
      response.end();
      return;
    }
    sendProblem(response, problem, announcesBody(request) ? ['Connection', 'close'] : []);
    metrics.observe({
      route: '',
      upstream: 'none',
      reason: problem.code,
      status: problem.status,
      seconds: 0,
    });
  }
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

function upstreamUrl(snapshot: Snapshot, party: Party, candidate: string | undefined): string {
  const upstream =
    party === 'legacy' ? snapshot.plan.legacy : snapshot.plan.candidates.get(candidate as string);
  if (!upstream) throw new Error(`no url for ${party} ${candidate ?? ''}`);
  return upstream.url;
}

function fallsBack({ decision, snapshot, method }: Call, party: Party): boolean {
  const read = method === 'GET' || method === 'HEAD';
  return (
    read &&
    decision.safe &&
    decision.state?.route.fallbackToLegacy === true &&
    party === 'candidate' &&
    snapshot.plan.legacy !== null &&
    decision.state?.position?.stage !== 'retired'
  );
}
