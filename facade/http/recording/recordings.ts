import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { type RecordedExchange, recordedBody } from '#plan/model/recorded-exchange.ts';
import { decodeBody } from '../../adapters/decode-body.ts';
import type { Party } from '../../core/party.ts';
import { compileRedaction, Redactor } from '../../core/redact/redactor.ts';
import type { Call } from '../call.ts';
import type { ClientResponse } from '../client-response.ts';
import type { Exchange, ForwardOutcome } from '../forwarder.ts';
import { AnswerTap } from '../shadow/answer-tap.ts';
import { type TappedBody, tapBody } from '../shadow/body-tap.ts';
import { CaptureBudget } from '../shadow/capture-budget.ts';

/** What is to be recorded now. */
export type RecordingOrder = { readonly route: string; readonly maxBodyBytes: number };

/** What was recorded since the last look. */
export type Taken = { readonly exchanges: readonly RecordedExchange[]; readonly dropped: number };

/** Nobody who orders a recording looks less often; one that has gone must not make requests be kept for ever. */
const LEASE_MS = 10_000;
const MAX_WAITING = 2_000;
const MAX_BYTES = 64 * 1024 * 1024;
const NOTHING: Taken = { exchanges: [], dropped: 0 };

/** Requests of one route and their answers, kept for whoever ordered them. The client never waits for any of it. */
export class Recordings {
  readonly #budget = new CaptureBudget(MAX_BYTES);
  readonly #nowMs: () => number;
  #salt = randomBytes(16);
  #order: (RecordingOrder & { readonly untilMs: number }) | null = null;
  #waiting: RecordedExchange[] = [];
  #waitingBytes = 0;
  #dropped = 0;

  /** `nowMs`: monotonic. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Hands over what there is, and keeps what comes from now on; null: nothing any more. */
  take(order: RecordingOrder | null): Taken {
    const taken = this.#order ? { exchanges: this.#waiting, dropped: this.#dropped } : NOTHING;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#dropped = 0;
    // A session is recognised within one recording, and not across them.
    if (!this.#order) this.#salt = randomBytes(16);
    this.#order = order && { ...order, untilMs: this.#nowMs() + LEASE_MS };
    return taken;
  }

  /** Begins with a request that is about to be forwarded; null when it is not to be recorded. */
  begin(
    call: Call,
    response: ClientResponse,
    headers: Exchange['headers'],
    source: Readable | null,
  ): RecordingTurn | null {
    const order = this.#order;
    if (order === null || call.upgrade || call.decision.state?.route.name !== order.route) return null;
    if (this.#nowMs() > order.untilMs) {
      this.take(null);
      return null;
    }
    const salt = this.#salt;
    return new RecordingTurn({
      call,
      headers,
      maxBodyBytes: order.maxBodyBytes,
      tap: new AnswerTap(response, order.maxBodyBytes, this.#budget),
      budget: this.#budget,
      source,
      sessionOf: (secret) => createHash('sha256').update(salt).update(secret).digest('hex').slice(0, 8),
      done: (exchange) => this.#keep(order.route, exchange),
    });
  }

  #keep(route: string, exchange: RecordedExchange | null): void {
    if (this.#order?.route !== route) return;
    const bytes = exchange ? (exchange.body.text?.length ?? 0) + (exchange.answer.text?.length ?? 0) : 0;
    if (!exchange || this.#waiting.length >= MAX_WAITING || this.#waitingBytes + bytes > MAX_BYTES) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(exchange);
    this.#waitingBytes += bytes;
  }
}

type TurnParts = {
  readonly call: Call;
  readonly headers: Exchange['headers'];
  readonly maxBodyBytes: number;
  readonly tap: AnswerTap;
  readonly budget: CaptureBudget;
  readonly source: Readable | null;
  readonly sessionOf: (secret: string) => string;
  /** Null: it is over, and could not be kept. */
  readonly done: (exchange: RecordedExchange | null) => void;
};

/** One request that is recorded, from the moment it is forwarded until its answer is over. */
export class RecordingTurn {
  /** To be forwarded in place of the request's body; null without one. */
  readonly body: Readable | null;
  readonly #parts: TurnParts;
  readonly #tapped: TappedBody | null;
  readonly #at = new Date();
  readonly #started = performance.now();

  constructor(parts: TurnParts) {
    this.#parts = parts;
    const { call, source, maxBodyBytes, budget } = parts;
    this.#tapped = source && tapBody(call.request, source, maxBodyBytes, budget);
    this.body = this.#tapped?.stream ?? null;
  }

  head(status: number, rawHeaders: readonly string[]): void {
    this.#parts.tap.head(status, rawHeaders);
  }

  /** The client has its answer, or none. */
  ended(outcome: ForwardOutcome, party: Party): void {
    const { tap, done } = this.#parts;
    const ms = performance.now() - this.#started;
    const streams = /^text\/event-stream\b/i.test(headerOf(tap.rawHeaders, 'content-type') ?? '');
    // What the facade answered itself, what broke off and what never ends is no answer that could be asked for again.
    if (outcome.kind !== 'answered' || tap.status === 0 || streams) {
      this.#release();
      return;
    }
    void this.#finish(party, Math.round(ms * 1000) / 1000)
      .catch(() => null)
      .then((exchange) => {
        this.#release();
        if (exchange !== 'aborted') done(exchange);
      });
  }

  #release(): void {
    this.#parts.tap.release();
    this.#tapped?.release();
  }

  async #finish(upstream: Party, ms: number): Promise<RecordedExchange | 'aborted'> {
    const { call, headers, tap, maxBodyBytes, sessionOf } = this.#parts;
    const { method, target, decision, snapshot } = call;
    const whole = (await this.#tapped?.whole) ?? Buffer.alloc(0);
    if (whole === 'aborted') return 'aborted';
    const sent = typeof whole === 'string' ? null : whole;
    const rules = compileRedaction(snapshot.plan.redact);
    const request = new Redactor(rules);
    const type = [headers['content-type']].flat()[0] ?? '';
    const plain = target.path + target.query;
    const ownUrl = request.url(plain, decision.match?.pattern);
    const ownHeaders = redacted(clientsOwn(headers), (name, value) => request.header(name, value));
    const session = SESSIONS.flatMap((name) => headers[name] ?? []).join('\n');
    // Not kept, and still not to be repeated by anything that is.
    for (const name of SESSIONS)
      for (const value of [headers[name] ?? []].flat()) request.header(name, value);
    const body =
      sent === null ? TOO_LARGE : bodyOf(sent, (text) => request.withoutEchoes(request.body(text, type)));
    // Only now all secrets of the request are known.
    const shownTarget = request.urlWithoutEchoes(ownUrl);
    const shownHeaders = redacted(ownHeaders, (_name, value) => request.withoutEchoes(value));
    // Placeholders are numbered anew, so that whoever redacts a later answer to the same request gets the same ones.
    const reply = new Redactor(rules);
    const answerHeaders = redacted(listed(tap.rawHeaders), (name, value) =>
      request.withoutEchoes(reply.header(name, value)),
    );
    const packed = tap.body();
    const coding = headerOf(tap.rawHeaders, 'content-encoding') ?? '';
    const decoded = tap.exceeded !== null ? null : await decodeBody(packed, coding, maxBodyBytes);
    delete answerHeaders['content-encoding'];
    const answerType = headerOf(tap.rawHeaders, 'content-type') ?? '';
    return {
      fig: 'exchange/1',
      at: this.#at.toISOString(),
      route: decision.state?.route.name ?? '',
      match: `${method} ${decision.match?.pattern ?? '*'}`,
      method,
      target: shownTarget,
      headers: shownHeaders,
      body,
      session: session === '' ? null : sessionOf(session),
      redacted:
        shownTarget !== plain || (sent !== null && body.text !== null && body.text !== sent.toString('utf8')),
      upstream,
      status: tap.status,
      answerHeaders,
      answer: decoded?.ok
        ? bodyOf(decoded.body, (text) => request.withoutEchoes(reply.body(text, answerType)))
        : TOO_LARGE,
      ms,
    };
  }
}

type Body = RecordedExchange['body'];
const TOO_LARGE: Body = { text: null, bytes: 0, digest: null, tooLarge: true };
/** What says who asks: never kept, only told apart. */
const SESSIONS = ['cookie', 'authorization'];
/** Made anew by whoever sends the request again. */
const NOT_KEPT = new Set([
  ...SESSIONS,
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding', 'expect', 'te'],
  ...['traceparent', 'tracestate', 'x-request-id', 'forwarded'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-real-ip'],
]);

function bodyOf(bytes: Uint8Array, redact: (text: string) => string): Body {
  const body = recordedBody(bytes);
  return body.text === null ? body : { ...body, text: redact(body.text) };
}

const clientsOwn = (headers: Exchange['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_KEPT.has(name)));

function redacted(
  headers: IncomingHttpHeaders | Exchange['headers'],
  redact: (name: string, value: string) => string,
): RecordedExchange['headers'] {
  const kept: RecordedExchange['headers'] = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const shown = [value].flat().map((one) => redact(name, String(one)));
    kept[name] = shown.length === 1 ? (shown[0] as string) : shown;
  }
  return kept;
}

function listed(rawHeaders: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    headers[name] = [...(headers[name] ?? []), rawHeaders[i + 1] as string];
  }
  return headers;
}

function headerOf(rawHeaders: readonly string[], name: string): string | undefined {
  return listed(rawHeaders)[name]?.[0];
}
