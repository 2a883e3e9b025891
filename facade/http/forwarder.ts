import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { Plan, Upstream } from '#plan/model/plan.ts';

/** One request on its way to one upstream. */
export type Exchange = {
  readonly request: IncomingMessage;
  /** A path in its URL is put before `target`. */
  readonly upstream: Upstream;
  /** Path and query to send. */
  readonly target: string;
  /** Every header to send, hop-by-hop ones already settled. */
  readonly headers: Record<string, string | string[]>;
  readonly timeouts: Plan['timeouts'];
  /** The client waits for `100 Continue`: the upstream's is passed on, and nothing is sent for it without one. */
  readonly expectsContinue: boolean;
  /** Only a connection that nothing was sent on before will do; idle ones are let go of. */
  readonly freshConnection: boolean;
  /** The body, when it is not the request itself. */
  readonly body?: Readable;
  /** Whether this answer declines the request, unheard: it is read to its end and the client gets nothing of it. */
  readonly declines: ((status: number, rawHeaders: readonly string[]) => boolean) | null;
  /** What has to be done before the client gets anything of the answer; null: nothing. Never rejects. */
  readonly beforeAnswer: (() => Promise<void>) | null;
  /** The answer's headers as the client gets them, flat names and values; also called for a 101. */
  readonly shapeAnswer: (status: number, rawHeaders: string[]) => string[];
  /** The same for a 1xx answer before the answer proper. */
  readonly shapeInformation: (rawHeaders: string[]) => string[];
};

/** Why an upstream gave no answer: the stage that failed and what was seen. */
export type UpstreamFailure = {
  readonly stage:
    | 'CONNECT'
    | 'CONNECT_TIMEOUT'
    | 'TLS'
    | 'HEADERS'
    | 'HEADERS_TIMEOUT'
    | 'IDLE_TIMEOUT'
    | 'PROTOCOL';
  readonly cause: string;
  /** Stage PROTOCOL: what is wrong with the answer, fit for clients; else null. */
  readonly fault: string | null;
  /** True when the client, not the upstream, stopped sending. */
  readonly clientStalled: boolean;
  /** True when the request met an idle connection that the upstream had just closed. */
  readonly staleConnection: boolean;
};

export type ForwardOutcome =
  | { readonly kind: 'answered'; readonly status: number }
  /** The answer said so (`declines`); nothing was sent to the client yet. */
  | { readonly kind: 'declined'; readonly status: number }
  /** Nothing was sent to the client yet: it can still be answered. */
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  /** The upstream broke off in the middle of its answer; the client's connection was cut. */
  | { readonly kind: 'cut'; readonly status: number }
  /** Also when the facade itself had enough of the client. */
  | { readonly kind: 'client-gone'; readonly sent: Sent };

/** How much of a request has gone out to its upstream. */
export type Sent = 'nothing' | 'part' | 'whole';

/** Port: carries requests to upstreams. Conformance suite: `forwarder.suite.ts`. */
export type Forwarder = {
  /** Streams both ways; resolves when the answer is through or nothing was answered. Never rejects. */
  forward(exchange: Exchange, response: ServerResponse): Promise<ForwardOutcome>;
  /**
   * Joins an upgraded client socket to the upstream; resolves when it is over. `refuse` gives the raw answer for an
   * upstream that failed.
   */
  upgrade(
    exchange: Exchange,
    socket: Duplex,
    head: Buffer,
    refuse: (failure: UpstreamFailure) => string,
  ): Promise<ForwardOutcome>;
  /** Lets go of idle connections to upstreams that are not in the list. */
  retain(upstreams: readonly Upstream[]): void;
  close(): void;
};
