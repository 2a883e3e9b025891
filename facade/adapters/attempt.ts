import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Exchange, ForwardOutcome, Sent, UpstreamFailure } from '../http/forwarder.ts';
import type { Deadline } from './deadline.ts';
import type { UpstreamPool } from './upstream-pool.ts';

/** Heads of answers may be this large. Applications that set many cookies reach Node's default of 16 KiB. */
export const MAX_ANSWER_HEAD_BYTES = 256 * 1024;

/** One request sent to one upstream, from the first byte to its outcome. */
export type Attempt = {
  readonly exchange: Exchange;
  readonly pool: UpstreamPool;
  readonly settle: (outcome: ForwardOutcome) => void;
  /** Upgrades only: the raw answer for a failure. */
  readonly refuse: ((failure: UpstreamFailure) => string) | null;
  /** The client framed a body, if an empty one; httpxy adds a length to the headers of some requests without. */
  readonly framed: boolean;
  connected: boolean;
  reused: boolean;
  sent: () => Sent;
  /** Of the answer; 0 before there is one. */
  status: number;
  /** The answer that the client gets; null before it came and after it was discarded. */
  answer: IncomingMessage | null;
  /** The upstream broke off in the middle of its answer. */
  cut: boolean;
  /** Of what is awaited now: the connection, then the head of the answer. */
  readonly deadline: Deadline;
};

export class UpstreamTimeout extends Error {
  readonly stage: UpstreamFailure['stage'];
  readonly clientStalled: boolean;
  constructor(stage: UpstreamFailure['stage'], clientStalled = false) {
    super(clientStalled ? 'the client sent no more' : 'timeout');
    this.stage = stage;
    this.clientStalled = clientStalled;
  }
}

/** An answer that no HTTP server gives; the message is fit for clients. */
export class ProtocolFault extends Error {}

/** Ends an attempt whose upstream failed: nothing is sent yet, or what is under way is cut off. */
export function fail(attempt: Attempt, error: Error, side: unknown): void {
  // What comes behind a whole answer takes nothing away from it; the connection is gone, and that is enough.
  if (attempt.answer?.complete) return;
  const failure = failureOf(attempt, error);
  if (side instanceof ServerResponse) {
    if (side.headersSent) {
      attempt.cut = true;
      side.destroy();
      return;
    }
    discardAnswer(attempt);
    attempt.settle({ kind: 'failed', failure });
    return;
  }
  const socket = side as Duplex;
  if (attempt.status === 0 && attempt.refuse && !socket.destroyed && socket.writable) {
    socket.write(attempt.refuse(failure), 'latin1');
    attempt.settle({ kind: 'failed', failure });
  } else socket.destroy();
}

// httpxy closes the client's connection with the answer's; here the client still gets another answer.
function discardAnswer(attempt: Attempt): void {
  const { answer } = attempt;
  attempt.answer = null;
  attempt.status = 0;
  answer
    ?.removeAllListeners()
    .on('error', () => {})
    .destroy();
}

/** How an attempt ended when the client's side closed before anything else settled it. */
export function ending(attempt: Attempt, side: Duplex | ServerResponse): ForwardOutcome {
  const gone: ForwardOutcome = { kind: 'client-gone', sent: attempt.sent() };
  if (attempt.status === 0) return gone;
  if (side.writableFinished || !(side instanceof ServerResponse))
    return { kind: 'answered', status: attempt.status };
  return attempt.cut ? { kind: 'cut', status: attempt.status } : gone;
}

function failureOf(attempt: Attempt, error: Error): UpstreamFailure {
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  const timeout = error instanceof UpstreamTimeout ? error : null;
  const fault = protocolFault(error, code);
  const connecting = TLS_FAULT.test(code) ? 'TLS' : 'CONNECT';
  const stage = timeout?.stage ?? (fault !== null ? 'PROTOCOL' : attempt.connected ? 'HEADERS' : connecting);
  return {
    stage,
    cause: code || error.message,
    fault,
    clientStalled: timeout?.clientStalled ?? false,
    staleConnection: attempt.reused && stage === 'HEADERS' && (code === 'ECONNRESET' || code === 'EPIPE'),
  };
}

// Codes of Node's own checks (ERR_TLS_…), of OpenSSL's (ERR_SSL_…, EPROTO), and of its verdicts on certificates.
const TLS_FAULT =
  /^(?:ERR_TLS_|ERR_SSL_|EPROTO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|PATH_LENGTH_)/;

/** What Node's parser says about an answer that it cannot read; null for errors of another kind. */
function protocolFault(error: Error, code: string): string | null {
  if (error instanceof ProtocolFault) return error.message;
  if (code === 'HPE_HEADER_OVERFLOW') return `its headers exceed ${MAX_ANSWER_HEAD_BYTES / 1024} KiB`;
  if (!code.startsWith('HPE_')) return null;
  return (error as Error & { reason?: string }).reason ?? error.message;
}
