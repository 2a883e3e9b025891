import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Exchange, Forwarder, ForwardOutcome, UpstreamFailure } from '../http/forwarder.ts';
import { passableTrailers, relayInformation } from './answer-relay.ts';
import { MAX_ANSWER_HEAD_BYTES } from './attempt.ts';
import { ClientPool, type Connection } from './client-pool.undici.ts';
import { Deadline } from './deadline.ts';
import { Pools } from './pools.ts';

type Controller = Dispatcher.DispatchController;
type Stage = UpstreamFailure['stage'];

// Node reads no more names and values than these; the other forwarder refuses such an answer, and so does this one.
const MAX_RAW_HEADERS = 2000;

/**
 * The forwarder of the hot path: GET requests without a body to plain-HTTP upstreams go over undici, which costs a
 * third of node:http's client. Everything else is `rest`'s: bodies (undici takes no 100 Continue and sends no
 * trailers), HEAD (undici closes the connection behind it), upgrades, TLS.
 */
export function createUndiciForwarder(rest: Forwarder): Forwarder {
  const pools = new Pools((upstream) => new ClientPool(upstream));
  /** Upstreams that say 100 Continue unasked, as they may (RFC 9110 §15.2): undici takes it for the end of the world. */
  const talkative = new Set<string>();
  return {
    async forward(exchange, response) {
      if (!isPlainRead(exchange) || talkative.has(exchange.upstream.url))
        return rest.forward(exchange, response);
      const outcome = await new Promise<ForwardOutcome>((resolve) =>
        new Passage(exchange, response, pools.of(exchange.upstream), resolve).start(),
      );
      if (outcome.kind !== 'failed' || outcome.failure.fault !== UNASKED) return outcome;
      talkative.add(exchange.upstream.url);
      // As with a connection that was just closed: who may repeat the request does, and it goes the other way then.
      return { kind: 'failed', failure: { ...outcome.failure, staleConnection: true } };
    },
    upgrade: (exchange, socket, head, refuse) => rest.upgrade(exchange, socket, head, refuse),
    retain(upstreams) {
      rest.retain(upstreams);
      for (const pool of pools.retain(upstreams)) pool.dropIdle();
    },
    close() {
      rest.close();
      for (const pool of pools.clear()) pool.destroy();
    },
  };
}

function isPlainRead({ request, headers, upstream, beforeAnswer, declines }: Exchange): boolean {
  return (
    request.method === 'GET' &&
    beforeAnswer === null &&
    declines === null &&
    upstream.url.startsWith('http:') &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}

/** The facade ended a request itself: the client left (null), a phase took too long, or the answer cannot be passed on. */
class Ended extends Error {
  readonly stage: Stage | null;
  constructor(stage: Stage | null, message = '') {
    super(message);
    this.stage = stage;
  }
}

type Head = { readonly status: number; readonly reason: string; readonly rawHeaders: string[] };

/** One request and its answer on their way through. */
class Passage implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #response: ServerResponse;
  readonly #pool: ClientPool;
  readonly #resolve: (outcome: ForwardOutcome) => void;
  readonly #connection: Connection;
  /** The connection had carried an answer before: its end may be older than this request. */
  readonly #reused: boolean;
  #controller: Controller | null = null;
  readonly #deadline = new Deadline();
  /** What came with the head of the answer; not sent before the parser is through with it, see `onResponseStart`. */
  #head: Head | null = null;
  #first: Buffer | null = null;
  /** 0 until the client has been sent the head. */
  #status = 0;
  #cut = false;
  #settled = false;

  constructor(
    exchange: Exchange,
    response: ServerResponse,
    pool: ClientPool,
    resolve: (outcome: ForwardOutcome) => void,
  ) {
    this.#exchange = exchange;
    this.#response = response;
    this.#pool = pool;
    this.#resolve = resolve;
    if (exchange.freshConnection) pool.dropIdle();
    this.#connection = pool.take();
    this.#reused = this.#connection.used;
  }

  start(): void {
    const { target, headers, timeouts } = this.#exchange;
    this.#response.once('close', this.#onClose);
    // Also for one that stood: undici connects it again where it was closed meanwhile.
    this.#after(timeouts.connectMs, 'CONNECT_TIMEOUT');
    try {
      this.#connection.client.dispatch({ method: 'GET', path: this.#pool.prefix + target, headers }, this);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    this.#after(this.#exchange.timeouts.headersMs, 'HEADERS_TIMEOUT');
  }

  onResponseStart(controller: Controller, statusCode: number, _headers: unknown, statusMessage = ''): void {
    const rawHeaders = latin1(controller.rawHeaders);
    if (statusCode < 200) {
      relayInformation({ statusCode, statusMessage, rawHeaders }, this.#exchange, this.#response);
      return;
    }
    this.#head = { status: statusCode, reason: statusMessage, rawHeaders };
    // The parser first reads on to the end of what came with the head: what breaks there can still be answered with a
    // problem or by another upstream; what is whole there goes out in one write.
    process.nextTick(this.#onParsed);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#head) {
      if (this.#first) this.#sendHead();
      else {
        this.#first = chunk;
        return;
      }
    }
    if (this.#settled || this.#response.destroyed) return;
    this.#deadline.refresh();
    this.#write(controller, chunk);
  }

  onResponseEnd(controller: Controller): void {
    this.#deadline.clear();
    const isKept = !this.#connection.client.destroyed && this.#connection.client.stats.connected;
    this.#connection.used = isKept;
    this.#pool.give(this.#connection, isKept);
    if (this.#head) this.#sendHead(true);
    if (this.#settled || this.#response.destroyed) return;
    const trailers = controller.rawTrailers ? passableTrailers(latin1(controller.rawTrailers)) : [];
    if (trailers.length > 0) this.#response.addTrailers(trailers);
    if (this.#first) this.#response.end(this.#first);
    else this.#response.end();
  }

  onResponseError(controller: Controller, error: Error): void {
    if (this.#head && isWholeWithoutBody(this.#head, error)) this.#endWithout(controller);
    else this.#fail(error);
  }

  /** The answer is whole, and undici has closed the connection over the length that it names. */
  #endWithout(controller: Controller): void {
    this.#connection.used = false;
    this.onResponseEnd(controller);
  }

  readonly #onParsed = (): void => {
    // A parser that gave up has closed the connection, and the error is on its way.
    if (this.#head && !this.#response.destroyed && this.#connection.client.stats.connected) this.#sendHead();
  };

  #sendHead(whole = false): void {
    const { status, reason, rawHeaders } = this.#head as Head;
    this.#head = null;
    this.#deadline.clear();
    try {
      if (rawHeaders.length >= MAX_RAW_HEADERS)
        throw new Error(`it has ${MAX_RAW_HEADERS / 2} headers or more`);
      this.#response.writeHead(
        status,
        sendableReason(reason),
        this.#exchange.shapeAnswer(status, rawHeaders),
      );
    } catch (error) {
      this.#fail(new Ended('PROTOCOL', (error as Error).message));
      return;
    }
    this.#status = status;
    if (whole) return;
    // Between two events nothing may move for as long as it takes.
    if (!isEventStream(rawHeaders)) this.#after(this.#exchange.timeouts.idleMs, 'IDLE_TIMEOUT');
    if (this.#first) this.#write(this.#controller as Controller, this.#first);
    // Headers go out with the first bytes of the body, unless the body lets wait for itself.
    else setImmediate(this.#flush);
    this.#first = null;
  }

  readonly #flush = (): void => {
    if (!this.#response.writableEnded && !this.#response.destroyed) this.#response.flushHeaders();
  };

  #write(controller: Controller, chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once('drain', () => {
      this.#deadline.refresh();
      controller.resume();
    });
  }

  #after(ms: number, stage: Stage): void {
    this.#deadline.set(ms, () => {
      // The client is the one who stands still, and its own limits end that.
      if (stage === 'IDLE_TIMEOUT' && this.#response.writableNeedDrain) this.#deadline.refresh();
      else this.#fail(new Ended(stage, 'timeout'));
    });
  }

  /** Ends the request at the upstream, whose connection is closed with it, and here. */
  #fail(error: Error): void {
    this.#deadline.clear();
    this.#pool.give(this.#connection, false);
    if (this.#settled) return;
    if (this.#status !== 0) {
      // A client that left was not cut off.
      this.#cut = !(error instanceof Ended && error.stage === null);
      this.#response.destroy();
      return;
    }
    this.#head = null;
    this.#settle(
      error instanceof Ended && error.stage === null
        ? this.#left()
        : { kind: 'failed', failure: this.#failureOf(error) },
    );
  }

  readonly #onClose = (): void => {
    if (this.#settled) return;
    const whole = this.#response.writableFinished;
    if (!whole && !this.#cut) this.#fail(new Ended(null));
    if (whole) this.#settle({ kind: 'answered', status: this.#status });
    else this.#settle(this.#cut ? { kind: 'cut', status: this.#status } : this.#left());
  };

  // Undici says that a request starts and sends it, in one go.
  #left(): ForwardOutcome {
    return { kind: 'client-gone', sent: this.#controller ? 'whole' : 'nothing' };
  }

  #settle(outcome: ForwardOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#response.off('close', this.#onClose);
    this.#resolve(outcome);
  }

  #failureOf(error: Error): UpstreamFailure {
    const code = String((error as NodeJS.ErrnoException).code ?? '');
    const fault = faultOf(error, code);
    const own = error instanceof Ended ? error.stage : null;
    const stage = own ?? (fault !== null ? 'PROTOCOL' : this.#controller ? 'HEADERS' : 'CONNECT');
    return {
      stage,
      cause: code || error.message,
      fault,
      clientStalled: false,
      staleConnection: this.#reused && stage === 'HEADERS' && STALE.has(code),
    };
  }
}

/**
 * A 304 may name the length that the body would have (RFC 9110 §8.6), and some servers do so on a 204: undici takes the
 * length at its word.
 */
function isWholeWithoutBody({ status }: Head, error: Error): boolean {
  return (
    (status === 304 || status === 204) &&
    (error as NodeJS.ErrnoException).code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'
  );
}

const UNASKED = 'it answered what nobody asked';
const STALE = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** What is wrong with an answer, fit for clients; null for errors of another kind. */
function faultOf(error: Error, code: string): string | null {
  if (error instanceof Ended) return error.stage === 'PROTOCOL' ? error.message : null;
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return `its headers exceed ${MAX_ANSWER_HEAD_BYTES / 1024} KiB`;
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return 'its body is not as long as it says';
  if (code === 'UND_ERR_SOCKET' && error.message === 'bad upgrade') return 'it switched protocols unasked';
  if (code === 'UND_ERR_SOCKET' && error.message === 'bad response') return UNASKED;
  if (error.name !== 'HTTPParserError') return null;
  return /\((.*)\)$/.exec(error.message)?.[1] ?? error.message;
}

function latin1(raw: Controller['rawHeaders']): string[] {
  return (raw as Buffer[]).map((bytes) => bytes.toString('latin1'));
}

function isEventStream(rawHeaders: string[]): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (/^content-type$/i.test(rawHeaders[i] as string))
      return /^text\/event-stream/i.test(rawHeaders[i + 1] as string);
  return false;
}

/** Undici reads a reason phrase as UTF-8, so that bytes of another encoding are lost: such a phrase is left out. */
function sendableReason(reason: string): string {
  return /^[\t\x20-\x7e]*$/.test(reason) ? reason : '';
}
