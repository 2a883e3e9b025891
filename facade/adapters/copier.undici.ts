import { type Dispatcher, Pool } from 'undici';
import type { Copied, Copier, Copy } from '../http/shadow/copier.ts';
import { KeptBody } from '../http/shadow/kept-body.ts';
import { MAX_ANSWER_HEAD_BYTES } from './attempt.ts';
import { Deadline } from './deadline.ts';
import { Pools } from './pools.ts';
import { keepAliveOf } from './upstream-pool.ts';
import { tlsOptions } from './upstream-tls.ts';

type Controller = Dispatcher.DispatchController;

/** Copies wait in the queues of their routes; this many connections serve an upstream at most. */
const CONNECTIONS = 128;
/** After a connection that was refused the next copies fail at once: opening one for each of them costs the clients' CPU. */
const REFUSED_MS = 250;
/** Undici makes these itself, or they belong to the client's connection. */
const OWN = new Set(['connection', 'content-length', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade']);

type Side = {
  readonly pool: Pool;
  readonly prefix: string;
  readonly servername: string | undefined;
  refusedUntilMs: number;
};

/** The copier on undici's pools: its own connections, so that a slow shadow takes none of the clients'. */
export function createUndiciCopier(): Copier {
  const pools = new Pools<Side>((upstream) => {
    const { origin, pathname } = new URL(upstream.url);
    const { servername, ...trust } = tlsOptions(upstream);
    const idleMs = keepAliveOf(upstream);
    const pool = new Pool(origin, {
      connections: CONNECTIONS,
      // 0: each connection carries one request.
      pipelining: idleMs > 0 ? 1 : 0,
      keepAliveTimeout: idleMs || 1,
      keepAliveMaxTimeout: idleMs || 1,
      maxHeaderSize: MAX_ANSWER_HEAD_BYTES,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: trust,
    });
    // Undici would take the name to check the certificate against from the Host header, which is the public one.
    return {
      pool,
      refusedUntilMs: 0,
      prefix: pathname.replace(/\/$/, ''),
      servername: servername || undefined,
    };
  });

  return {
    send: (copy) =>
      new Promise((resolve) => {
        const upstream = pools.of(copy.upstream);
        const { pool, prefix, servername } = upstream;
        if (performance.now() < upstream.refusedUntilMs)
          return resolve({ kind: 'failed', cause: 'ECONNREFUSED', rawHeaders: [] });
        const answer = new CopiedAnswer(copy, (copied) => {
          if (copied.kind === 'failed' && copied.cause === 'ECONNREFUSED')
            upstream.refusedUntilMs = performance.now() + REFUSED_MS;
          resolve(copied);
        });
        const headers = Object.fromEntries(Object.entries(copy.headers).filter(([name]) => !OWN.has(name)));
        const method = copy.method as Dispatcher.HttpMethod;
        const options = { path: prefix + copy.target, method, headers, body: copy.body, servername };
        try {
          pool.dispatch(options as Dispatcher.DispatchOptions, answer);
        } catch (error) {
          answer.onResponseError(null, error as Error);
        }
      }),
    retain(upstreams) {
      for (const { pool } of pools.retain(upstreams)) void pool.close();
    },
    close() {
      for (const { pool } of pools.clear()) void pool.destroy();
    },
  };
}

class CopiedAnswer implements Dispatcher.DispatchHandler {
  readonly #resolve: (copied: Copied) => void;
  readonly #started = performance.now();
  readonly #deadline = new Deadline();
  #controller: Controller | null = null;
  #late = false;
  #status = 0;
  #headMs = 0;
  #rawHeaders: string[] = [];
  readonly #kept: KeptBody;
  #settled = false;

  constructor(copy: Copy, resolve: (copied: Copied) => void) {
    this.#kept = new KeptBody(copy.maxBodyBytes, copy.budget);
    this.#resolve = resolve;
    this.#deadline.set(copy.timeoutMs, () => this.#expire());
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#late) controller.abort(new Error('timeout'));
  }

  onResponseStart(controller: Controller, status: number): void {
    if (status < 200) return;
    this.#status = status;
    this.#headMs = performance.now() - this.#started;
    this.#rawHeaders = (controller.rawHeaders as Buffer[]).map((bytes) => bytes.toString('latin1'));
    if (isEventStream(this.#rawHeaders)) this.#stop(controller, 'streaming');
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#settled) return;
    this.#kept.add(chunk);
    if (this.#kept.exceeded !== null) this.#stop(controller, this.#kept.exceeded);
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    const [status, rawHeaders, headMs] = [this.#status, this.#rawHeaders, this.#headMs];
    this.#settle({ kind: 'answer', status, rawHeaders, body: this.#kept.whole(), headMs });
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    const cause = this.#late ? 'timeout' : String((error as NodeJS.ErrnoException).code ?? error.message);
    this.#settle({ kind: 'failed', cause, rawHeaders: this.#rawHeaders });
  }

  // A connection that is only being opened cannot be aborted: the answer is given without it.
  #expire(): void {
    this.#late = true;
    this.#controller?.abort(new Error('timeout'));
    this.#settle({ kind: 'failed', cause: 'timeout', rawHeaders: this.#rawHeaders });
  }

  #stop(controller: Controller, kind: 'too-large' | 'streaming' | 'no-memory'): void {
    const [status, rawHeaders, headMs] = [this.#status, this.#rawHeaders, this.#headMs];
    this.#settle({ kind, status, rawHeaders, headMs });
    controller.abort(new Error(kind));
  }

  /** Once: whatever comes later, such as the end of what was aborted, says nothing more. */
  #settle(copied: Copied): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#deadline.clear();
    if (copied.kind !== 'answer') this.#kept.release();
    this.#resolve(copied);
  }
}

function isEventStream(rawHeaders: string[]): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (/^content-type$/i.test(rawHeaders[i] as string))
      return /^text\/event-stream/i.test(rawHeaders[i + 1] as string);
  return false;
}
