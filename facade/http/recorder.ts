import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Reason } from '../core/decide.ts';
import type { Party } from '../core/party.ts';
import type { Call } from './call.ts';
import type { ForwardOutcome } from './forwarder.ts';
import type { Metrics } from './metrics.ts';
import type { ProblemBody } from './problem.ts';
import type { ProblemCode } from './problem-codes.ts';
import { shownPath } from './shown-path.ts';

/** Where the end of a request is written down: in the metrics and, one line each, in the decision log. */
export type Recorder = {
  /** `problem` is what the client got from the facade itself; null where the outcome says all. */
  ended(call: Call, party: Party, reason: Reason, outcome: ForwardOutcome, problem: ProblemBody | null): void;
  /** It was decided, but nobody was asked; `reason` is the error code, or the decision's where the client left first. */
  unasked(call: Call, reason: ProblemCode | Reason, status: number): void;
  /** The request was answered before anybody was asked. */
  refused(request: IncomingMessage, problem: ProblemBody): void;
  /** What came was no request; `cause` is what the parser says of it. */
  unread(problem: ProblemBody, cause: string): void;
};

/** `requests` null: no decision log. */
export function createRecorder(metrics: Metrics, log: Logger, requests: Logger | null): Recorder {
  function note(
    call: Call,
    upstream: Party | 'none',
    reason: ProblemCode | Reason,
    status: number,
    sent?: 'part',
  ): void {
    const { requestId, method, decision } = call;
    const route = decision.state?.route.name ?? null;
    const ms = performance.now() - call.started;
    metrics.observe({ route: route ?? '', upstream, reason, status, seconds: ms / 1000 });
    requests?.info(
      {
        requestId,
        method,
        path: shownPath(call),
        route,
        upstream,
        reason,
        version: decision.state?.position?.version ?? null,
        status,
        sent,
        ms: Math.round(ms * 1000) / 1000,
      },
      'request',
    );
  }

  return {
    ended(call, party, reason, outcome, problem) {
      if (outcome.kind === 'cut')
        log.warn({ requestId: call.requestId, upstream: party, path: shownPath(call) }, 'upstream broke off');
      const status = problem?.status ?? statusOf(outcome);
      const sent = outcome.kind === 'client-gone' ? outcome.sent : 'whole';
      if (sent === 'nothing') return note(call, 'none', problem?.code ?? reason, status);
      note(call, party, reason, status, sent === 'part' ? sent : undefined);
    },
    unasked: (call, reason, status) => note(call, 'none', reason, status),
    refused(request, problem) {
      const { code, status } = problem;
      metrics.observe({ route: '', upstream: 'none', reason: code, status, seconds: 0 });
      // SECURITY: never the query, which may hold tokens; a target that is no path may hold anything.
      const path = clipped(request.url ?? '');
      requests?.info({ method: request.method, path, upstream: 'none', reason: code, status }, 'request');
    },
    unread({ code, status }, cause) {
      metrics.observe({ route: '', upstream: 'none', reason: code, status, seconds: 0 });
      requests?.info({ upstream: 'none', reason: code, cause, status }, 'request');
    },
  };
}

const clipped = (target: string) => (target.split('?', 1)[0] as string).slice(0, 200);

/** 499: the client left before its answer was whole; 0: the upstream broke off in the middle of it. */
function statusOf(outcome: ForwardOutcome): number {
  return outcome.kind === 'answered' ? outcome.status : outcome.kind === 'cut' ? 0 : 499;
}
