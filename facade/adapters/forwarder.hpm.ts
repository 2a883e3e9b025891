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
import { closePool, dropIdle, openPool, type UpstreamPool } from './upstream-pool.ts';

/** The forwarder on http-proxy-middleware: one middleware, an agent with kept-alive connections per upstream. */
export function createHpmForwarder(): Forwarder {
  const attempts = new WeakMap<IncomingMessage, Attempt>();
  const pools = new Map<string, UpstreamPool>();

  const middleware = createProxyMiddleware<IncomingMessage, ServerResponse>({
    // SECURITY: the router alone chooses the upstream, and only from the plan: no target is ever taken from a request.
    router: (request, _response, options) => {
      const attempt = attempts.get(request) as Attempt;
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
          watch(proxyReq, attempt, request);
          proxyReq.on('information', (info) => relayInformation(info, attempt, response));
          proxyReq.once('upgrade', (_answer, socket: Socket) => {
            socket.destroy();
            fail(attempt, new ProtocolFault('it switched protocols unasked'), response);
          });
        });
        proxy.on('proxyReqWs', (proxyReq, request) => {
          const attempt = attempts.get(request);
          if (!attempt) return;
          proxyReq.once('socket', () => watch(proxyReq, attempt, request));
          proxyReq.once('upgrade', (answer: IncomingMessage, socket: Socket) => {
            clearTimeout(attempt.timer);
            socket.setTimeout(0);
            attempt.status = 101;
            answer.headers = joinHeaders(attempt.exchange.shapeAnswer(101, answer.rawHeaders));
          });
          proxyReq.once('response', (answer) => {
            attempt.status = answer.statusCode ?? 0;
            answer.headers = joinHeaders(attempt.exchange.shapeAnswer(attempt.status, answer.rawHeaders));
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
        proxy.on('econnreset', (_error, request) => attempts.get(request)?.settle({ kind: 'client-gone' }));
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
      pool: poolFor(pools, exchange.upstream),
      refuse,
      connected: false,
      reused: false,
      status: 0,
      answer: null,
      cut: false,
      timer: undefined,
      settle(outcome) {
        clearTimeout(attempt.timer);
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
      for (const [url, pool] of pools) {
        if (upstreams.has(url)) continue;
        dropIdle(pool);
        pools.delete(url);
      }
    },
    close() {
      for (const pool of pools.values()) closePool(pool);
      pools.clear();
    },
  };
}

function poolFor(pools: Map<string, UpstreamPool>, url: string): UpstreamPool {
  const known = pools.get(url);
  if (known) return known;
  const pool = openPool(url);
  pools.set(url, pool);
  return pool;
}

/** Timeouts of one attempt: connect, then headers once the request is out; idle all along. */
function watch(proxyReq: ClientRequest, attempt: Attempt, request: IncomingMessage): void {
  const { connectMs, headersMs, idleMs } = attempt.exchange.timeouts;
  const socket = proxyReq.socket as Socket;
  attempt.reused = proxyReq.reusedSocket;
  const after = (ms: number, stage: UpstreamFailure['stage']) => {
    clearTimeout(attempt.timer);
    if (ms > 0) attempt.timer = setTimeout(() => proxyReq.destroy(new UpstreamTimeout(stage)), ms);
  };
  let sent = false;
  const onConnected = () => {
    attempt.connected = true;
    clearTimeout(attempt.timer);
    if (sent) after(headersMs, 'HEADERS_TIMEOUT');
  };
  proxyReq.once('finish', () => {
    sent = true;
    if (attempt.connected && attempt.status === 0) after(headersMs, 'HEADERS_TIMEOUT');
  });
  proxyReq.once('response', () => clearTimeout(attempt.timer));
  if (socket.connecting) {
    after(connectMs, 'CONNECT_TIMEOUT');
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', onConnected);
  } else onConnected();
  socket.setTimeout(idleMs);
  proxyReq.on('timeout', () => {
    // While the answer is awaited the headers timeout rules; this one is for a body that stands still.
    if (sent && attempt.status === 0) return;
    proxyReq.destroy(
      new UpstreamTimeout(
        'IDLE_TIMEOUT',
        attempt.status === 0 && !request.complete && request.readableLength === 0,
      ),
    );
  });
  passRequestTrailers(request, proxyReq);
}

function passRequestTrailers(request: IncomingMessage, proxyReq: ClientRequest): void {
  request.once('end', () => {
    const trailers = passableTrailers(request.rawTrailers);
    if (trailers.length > 0 && !proxyReq.destroyed) proxyReq.addTrailers(trailers);
  });
}

function joinHeaders(flat: string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string;
    headers[name] = [...(headers[name] ?? []), flat[i + 1] as string];
  }
  return headers;
}
