import {
  type AgentOptions,
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Exchange, Forwarder, ForwardOutcome, UpstreamFailure } from '../http/forwarder.ts';

// Upstreams close idle connections after 5 s or more; letting go earlier keeps requests from meeting a closed one.
const IDLE_CONNECTION_MS = 4_000;

type Attempt = {
  readonly exchange: Exchange;
  readonly pool: Pool;
  readonly settle: (outcome: ForwardOutcome) => void;
  /** Upgrades only: the raw answer for a failure. */
  readonly refuse: ((failure: UpstreamFailure) => string) | null;
  connected: boolean;
  reused: boolean;
  status: number;
  /** The upstream broke off in the middle of its answer. */
  cut: boolean;
  timer: NodeJS.Timeout | undefined;
};

type Pool = {
  readonly target: URL;
  readonly agent: HttpAgent | HttpsAgent;
  /** SECURITY: a connection for each upgrade, used by nobody else: what it carries ends the order of HTTP. */
  readonly upgradeAgent: HttpAgent | HttpsAgent;
};

class UpstreamTimeout extends Error {
  readonly stage: UpstreamFailure['stage'];
  readonly clientStalled: boolean;
  constructor(stage: UpstreamFailure['stage'], clientStalled = false) {
    super(clientStalled ? 'the client sent no more' : 'timeout');
    this.stage = stage;
    this.clientStalled = clientStalled;
  }
}

/** The forwarder on http-proxy-middleware: one middleware, an agent with kept-alive connections per upstream. */
export function createHpmForwarder(): Forwarder {
  const attempts = new WeakMap<IncomingMessage, Attempt>();
  const pools = new Map<string, Pool>();

  const middleware = createProxyMiddleware<IncomingMessage, ServerResponse>({
    // SECURITY: the router alone chooses the upstream, and only from the plan: no target is ever taken from a request.
    router: (request, _response, options) => {
      const attempt = attempts.get(request) as Attempt;
      options.agent = attempt.refuse ? attempt.pool.upgradeAgent : attempt.pool.agent;
      if (attempt.exchange.body) Object.assign(options, { buffer: attempt.exchange.body });
      return attempt.pool.target;
    },
    changeOrigin: false,
    selfHandleResponse: true,
    ejectPlugins: true,
    plugins: [
      (proxy) => {
        proxy.on('proxyReq', (proxyReq, request) => {
          const attempt = attempts.get(request);
          if (attempt) watch(proxyReq, attempt, request);
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
          if (attempt) sendAnswer(answer, attempt, response);
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
        for (const free of Object.values(pool.agent.freeSockets))
          for (const socket of free ?? []) socket.destroy();
        pools.delete(url);
      }
    },
    close() {
      for (const { agent, upgradeAgent } of pools.values()) {
        agent.destroy();
        upgradeAgent.destroy();
      }
      pools.clear();
    },
  };
}

function poolFor(pools: Map<string, Pool>, url: string): Pool {
  const known = pools.get(url);
  if (known) return known;
  const target = new URL(url);
  const name = target.hostname.replace(/^\[|\]$/g, '');
  const agentOf = (options: AgentOptions) =>
    target.protocol === 'https:'
      ? // The Host header is the public one; the certificate must be the upstream's own.
        new HttpsAgent({ ...options, servername: isIP(name) ? '' : name })
      : new HttpAgent(options);
  const pool: Pool = {
    target,
    agent: agentOf({ keepAlive: true, timeout: IDLE_CONNECTION_MS }),
    upgradeAgent: agentOf({ keepAlive: false }),
  };
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
  if (request.headers.trailer === undefined) return;
  request.once('end', () => {
    if (request.rawTrailers.length > 0 && !proxyReq.destroyed)
      proxyReq.addTrailers(pairs(request.rawTrailers));
  });
}

function sendAnswer(answer: IncomingMessage, attempt: Attempt, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  const status = answer.statusCode ?? 502;
  attempt.status = status;
  try {
    const headers = attempt.exchange.shapeAnswer(status, answer.rawHeaders);
    response.writeHead(status, answer.statusMessage ?? '', headers);
  } catch (error) {
    answer.destroy();
    attempt.settle({ kind: 'failed', failure: failureOf(attempt, error as Error, 'PROTOCOL') });
    return;
  }
  // Between two events nothing may move for as long as it takes.
  if (/^text\/event-stream/i.test(answer.headers['content-type'] ?? '')) answer.socket.setTimeout(0);
  if (answer.headers.trailer !== undefined)
    answer.once('end', () => {
      if (answer.rawTrailers.length > 0) response.addTrailers(pairs(answer.rawTrailers));
    });
  answer.once('close', () => {
    attempt.cut = !answer.complete && !response.destroyed;
  });
  answer.pipe(response);
  // Headers go out with the first bytes of the body, unless the body lets wait for itself.
  setImmediate(() => {
    if (!answer.readableDidRead && !response.writableEnded && !response.destroyed) response.flushHeaders();
  });
}

function fail(attempt: Attempt, error: Error, side: unknown): void {
  if (side instanceof ServerResponse) {
    // An answer under way cannot be taken back: its connection is cut, which settles the attempt.
    if (side.headersSent) side.destroy();
    else attempt.settle({ kind: 'failed', failure: failureOf(attempt, error) });
    return;
  }
  const failure = failureOf(attempt, error);
  const socket = side as Duplex;
  if (attempt.status === 0 && attempt.refuse && !socket.destroyed && socket.writable) {
    socket.write(attempt.refuse(failure), 'latin1');
    attempt.settle({ kind: 'failed', failure });
  } else socket.destroy();
}

function ending(attempt: Attempt, side: Duplex | ServerResponse): ForwardOutcome {
  if (attempt.status === 0) return { kind: 'client-gone' };
  if (side.writableFinished || !(side instanceof ServerResponse))
    return { kind: 'answered', status: attempt.status };
  return attempt.cut ? { kind: 'cut', status: attempt.status } : { kind: 'client-gone' };
}

function failureOf(attempt: Attempt, error: Error, known?: UpstreamFailure['stage']): UpstreamFailure {
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  const timeout = error instanceof UpstreamTimeout ? error : null;
  const stage =
    known ??
    timeout?.stage ??
    (code.startsWith('HPE_') ? 'PROTOCOL' : attempt.connected ? 'HEADERS' : 'CONNECT');
  return {
    stage,
    cause: code || error.message,
    clientStalled: timeout?.clientStalled ?? false,
    staleConnection: attempt.reused && stage === 'HEADERS' && (code === 'ECONNRESET' || code === 'EPIPE'),
  };
}

function pairs(flat: string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) out.push([flat[i] as string, flat[i + 1] as string]);
  return out;
}

function joinHeaders(flat: string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of pairs(flat)) headers[name] = [...(headers[name] ?? []), value];
  return headers;
}
