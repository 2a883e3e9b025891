import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Exchange, Forwarder, ForwardOutcome, UpstreamFailure } from '../http/forwarder.ts';
import { passableTrailers, relayAnswer, relayInformation } from './answer-relay.ts';
import {
  type Attempt,
  ending,
  fail,
  MAX_ANSWER_HEAD_BYTES,
  ProtocolFault,
  UpstreamTimeout,
} from './attempt.ts';
import { Deadline, STEPS } from './deadline.ts';
import { Pools } from './pools.ts';
import { closePool, dropIdle, openPool } from './upstream-pool.ts';

/** How long an upstream may take to say whether it wants a body. */
const CONTINUE_WAIT_MS = 1_000;
/** How long an upstream may leave unread what a WebSocket client said before it left. */
const UNREAD_MS = 5_000;
/** How long a WebSocket of which one side has ended may be silent. */
const HALF_OPEN_MS = 5_000;

/** The forwarder on http-proxy-middleware: one middleware, an agent with kept-alive connections per upstream. */
export function createHpmForwarder(): Forwarder {
  const attempts = new WeakMap<IncomingMessage, Attempt>();
  const pools = new Pools(openPool);

  const middleware = createProxyMiddleware<IncomingMessage, ServerResponse>({
    // SECURITY: the router alone chooses the upstream, and only from the plan: no target is ever taken from a request.
    router: (request, _response, options) => {
      const attempt = attempts.get(request) as Attempt;
      if (attempt.exchange.freshConnection) dropIdle(attempt.pool);
      options.agent = attempt.refuse ? attempt.pool.upgradeAgent : attempt.pool.agent;
      // httpxy makes the options of its request from `ssl`, a new object each time.
      Object.assign(options, { ssl: { maxHeaderSize: MAX_ANSWER_HEAD_BYTES } });
      if (attempt.exchange.body) Object.assign(options, { buffer: attempt.exchange.body });
      return attempt.pool.target;
    },
    changeOrigin: false,
    selfHandleResponse: true,
    ejectPlugins: true,
    plugins: [
      (proxy) => {
        proxy.on('proxyReq', (proxyReq, request, response) => {
          const attempt = attempts.get(request);
          if (!attempt) return;
          watch(proxyReq, attempt, request, response);
          if (!attempt.framed) announceNoBody(proxyReq);
          if (attempt.exchange.expectsContinue) passExpectation(proxyReq, response);
          else announce(proxyReq);
          proxyReq.on('information', (info) => relayInformation(info, attempt.exchange, response));
          proxyReq.once('upgrade', (_answer, socket: Socket) => {
            socket.destroy();
            fail(attempt, new ProtocolFault('it switched protocols unasked'), response);
          });
        });
        proxy.on('proxyReqWs', (proxyReq, request, client) => {
          const attempt = attempts.get(request);
          if (!attempt) return;
          proxyReq.once('socket', () => watch(proxyReq, attempt, request));
          proxyReq.once('upgrade', (answer: IncomingMessage, socket: Socket) => {
            attempt.deadline.clear();
            socket.setTimeout(0);
            closeWith(client as Socket, socket);
            attempt.status = 101;
            answer.headers = joinHeaders(attempt.exchange.shapeAnswer(101, answer.rawHeaders));
          });
          proxyReq.once('response', (answer) => {
            attempt.status = answer.statusCode ?? 0;
            // httpxy frames the refusal as the upstream did, by what it finds here.
            const { 'transfer-encoding': coding } = answer.headers;
            answer.headers = {
              ...joinHeaders(attempt.exchange.shapeAnswer(attempt.status, answer.rawHeaders)),
              ...(coding === undefined ? {} : { 'transfer-encoding': coding }),
            };
          });
        });
        proxy.on('proxyRes', (answer, request, response) => {
          const attempt = attempts.get(request);
          if (attempt) relayAnswer(answer, attempt, response);
        });
        proxy.on('error', (error, request, side) => {
          const attempt = request && attempts.get(request);
          if (attempt) fail(attempt, error, side);
        });
        proxy.on('econnreset', (_error, request) => {
          const attempt = attempts.get(request);
          attempt?.settle({ kind: 'client-gone', sent: attempt.sent() });
        });
      },
    ],
  });

  function begin(
    exchange: Exchange,
    side: Duplex | ServerResponse,
    refuse: Attempt['refuse'],
    resolve: (outcome: ForwardOutcome) => void,
  ): void {
    const attempt: Attempt = {
      exchange,
      pool: pools.of(exchange.upstream),
      framed: isFramed(exchange),
      refuse,
      connected: false,
      reused: false,
      sent: () => 'nothing',
      status: 0,
      answer: null,
      cut: false,
      deadline: new Deadline(),
      settle(outcome) {
        attempt.deadline.clear();
        side.off('close', onClose);
        resolve(outcome);
      },
    };
    const onClose = () => attempt.settle(ending(attempt, side));
    side.once('close', onClose);
    attempts.set(exchange.request, attempt);
    exchange.request.headers = exchange.headers;
    exchange.request.url = exchange.target;
  }

  return {
    forward: (exchange, response) =>
      new Promise((resolve) => {
        begin(exchange, response, null, resolve);
        middleware(exchange.request, response, (error) => {
          const attempt = attempts.get(exchange.request);
          if (attempt) fail(attempt, error instanceof Error ? error : new Error('not forwarded'), response);
        }).catch((error: Error) => {
          const attempt = attempts.get(exchange.request);
          if (attempt) fail(attempt, error, response);
        });
      }),
    upgrade: (exchange, socket, head, refuse) =>
      new Promise((resolve) => {
        begin(exchange, socket, refuse, resolve);
        middleware.upgrade(exchange.request, socket as Socket, head);
      }),
    retain(upstreams) {
      for (const pool of pools.retain(upstreams)) dropIdle(pool);
    },
    close() {
      for (const pool of pools.clear()) closePool(pool);
    },
  };
}

/**
 * Ends the upstream's side of an upgraded connection with the client's. httpxy only pipes: a client's side that the
 * facade itself destroys ends nothing, and the upstream's would stay open for ever.
 */
function closeWith(client: Socket, upstream: Socket): void {
  client.once('close', () => {
    // What the client has said is still delivered, to an upstream that reads it.
    upstream.setTimeout(UNREAD_MS, () => upstream.destroy());
    upstream.destroySoon();
  });
  // One side has ended, as one that has left does; an other that neither speaks nor ends would keep both for ever.
  const letGo = () => {
    client.destroy();
    upstream.destroy();
  };
  client.once('end', () => upstream.setTimeout(HALF_OPEN_MS, letGo));
  upstream.once('end', () => client.setTimeout(HALF_OPEN_MS, letGo));
}

/** Timeouts of one attempt: connect, then headers once the request is out; idle all along. */
function watch(
  proxyReq: ClientRequest,
  attempt: Attempt,
  request: IncomingMessage,
  response?: ServerResponse,
): void {
  const { connectMs, headersMs, idleMs } = attempt.exchange.timeouts;
  const socket = proxyReq.socket as Socket;
  attempt.reused = proxyReq.reusedSocket;
  attempt.sent = () => {
    if (!attempt.connected || !proxyReq.headersSent) return 'nothing';
    return proxyReq.writableFinished ? 'whole' : 'part';
  };
  const after = (ms: number, stage: UpstreamFailure['stage']) => {
    attempt.deadline.set(ms, () => proxyReq.destroy(new UpstreamTimeout(stage)));
  };
  let sent = false;
  const onConnected = () => {
    attempt.connected = true;
    attempt.deadline.clear();
    if (sent) after(headersMs, 'HEADERS_TIMEOUT');
  };
  proxyReq.once('finish', () => {
    sent = true;
    if (attempt.connected && attempt.status === 0) after(headersMs, 'HEADERS_TIMEOUT');
  });
  proxyReq.once('response', () => attempt.deadline.clear());
  if (socket.connecting) {
    after(connectMs, 'CONNECT_TIMEOUT');
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnected);
  } else onConnected();
  endIdle(proxyReq, socket, idleMs, () => {
    // While the answer is awaited the headers timeout rules; this one is for a body that stands still. Where the client
    // takes nothing of it, the client's own limits end that.
    if ((sent && attempt.status === 0) || response?.writableNeedDrain) return null;
    const clientStalled = attempt.status === 0 && !request.complete && request.readableLength === 0;
    return new UpstreamTimeout('IDLE_TIMEOUT', clientStalled);
  });
  passRequestTrailers(request, proxyReq);
}

/**
 * Ends a request on whose connection nothing moves; `judge` names what to end it with, null: somebody else is awaited.
 * As with a deadline, only time counts in which this process ran, by the connection's own timer, which costs nothing
 * while anything moves.
 */
function endIdle(
  proxyReq: ClientRequest,
  socket: Socket,
  idleMs: number,
  judge: () => UpstreamTimeout | null,
): void {
  const moved = () => socket.bytesRead + socket.bytesWritten;
  let before = -1;
  let quietSteps = 0;
  const onQuiet = () => {
    quietSteps = moved() === before ? quietSteps + 1 : 1;
    before = moved();
    if (judge() === null) quietSteps = 0;
    if (quietSteps < STEPS) return void socket.setTimeout(idleMs / STEPS);
    // What came while this process stood still is read first.
    setImmediate(() => {
      const cause = moved() === before ? judge() : null;
      if (cause) proxyReq.destroy(cause);
    });
  };
  socket.setTimeout(idleMs / STEPS).on('timeout', onQuiet);
  proxyReq.once('close', () => socket.off('timeout', onQuiet));
}

const isFramed = ({ headers }: Exchange): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

/** Where the client gave no length there is none: httpxy and Node would each make one up, by the method. */
function announceNoBody(proxyReq: ClientRequest): void {
  for (const name of ['content-length', 'transfer-encoding']) proxyReq.removeHeader(name);
}

/** How long a head waits for the body, to go out with it in one packet. */
const HEAD_WAIT_MS = 10;

/** An upstream may answer to the head alone, and its client may wait for that before it sends a body. */
function announce(proxyReq: ClientRequest): void {
  const timer = setTimeout(() => {
    if (!proxyReq.destroyed) proxyReq.flushHeaders();
  }, HEAD_WAIT_MS);
  for (const end of ['finish', 'close']) proxyReq.once(end, () => clearTimeout(timer));
}

/**
 * Asks the upstream before the client sends its body. The header is set here, since httpxy announces no request that
 * was made with it.
 */
function passExpectation(proxyReq: ClientRequest, response: ServerResponse): void {
  proxyReq.setHeader('expect', '100-continue');
  proxyReq.flushHeaders();
  let told = false;
  // Node closes the connection of a client that was not told: what comes next on it could be its body or not.
  const letSend = () => {
    clearTimeout(patience);
    if (told || response.headersSent || response.destroyed) return;
    told = true;
    response.writeContinue();
  };
  // An upstream that knows no expectations waits for the body (RFC 9110 §10.1.1).
  const patience = setTimeout(letSend, CONTINUE_WAIT_MS);
  proxyReq.once('continue', letSend);
  for (const end of ['response', 'close']) proxyReq.once(end, () => clearTimeout(patience));
}

function passRequestTrailers(request: IncomingMessage, proxyReq: ClientRequest): void {
  const pass = () => {
    const trailers = passableTrailers(request.rawTrailers);
    if (trailers.length > 0 && !proxyReq.destroyed) proxyReq.addTrailers(trailers);
  };
  // It was read whole before where it is sent again.
  if (request.readableEnded) pass();
  else request.once('end', pass);
}

function joinHeaders(flat: string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    headers[name] = [...(headers[name] ?? []), flat[i + 1] as string];
  }
  return headers;
}
