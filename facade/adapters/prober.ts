import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { UpstreamGuard } from '../http/upstream-guards.ts';
import { tlsOptions } from './upstream-tls.ts';

/** Asks every upstream for `health.path` each `health.interval`. */
export type Prober = {
  /** Probes these from now on, and no others. */
  watch(guards: readonly UpstreamGuard[]): void;
  close(): void;
};

const MAX_WAIT_MS = 5_000;

/** `told` hears how each probe went. */
export function createProber(told = tellBreaker): Prober {
  const timers = new Map<UpstreamGuard, NodeJS.Timeout>();
  return {
    watch(guards) {
      for (const [guard, timer] of timers) {
        if (guards.includes(guard)) continue;
        clearInterval(timer);
        timers.delete(guard);
      }
      for (const guard of guards)
        if (!timers.has(guard) && guard.health.intervalMs > 0) timers.set(guard, probeEach(guard, told));
    },
    close() {
      for (const timer of timers.values()) clearInterval(timer);
      timers.clear();
    },
  };
}

function tellBreaker({ breaker }: UpstreamGuard, ok: boolean): void {
  breaker.probed(ok, performance.now());
}

function probeEach(guard: UpstreamGuard, told: typeof tellBreaker): NodeJS.Timeout {
  let waiting = false;
  const probe = async () => {
    if (waiting) return;
    waiting = true;
    const ok = await isWell(guard);
    waiting = false;
    told(guard, ok);
  };
  return setInterval(() => void probe(), guard.health.intervalMs).unref();
}

/**
 * Any whole head below 500 is well: an upstream that has no such path answers 404, and lives. A connection of its own
 * each time, so that a listener that accepts nobody is seen.
 */
function isWell({ upstream, health }: UpstreamGuard): Promise<boolean> {
  const url = new URL(health.path, upstream.url);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const request = send(url, {
      agent: false,
      ...(url.protocol === 'https:' ? tlsOptions(upstream) : {}),
      headers: { 'user-agent': 'fig-probe' },
      signal: AbortSignal.timeout(Math.min(health.intervalMs, MAX_WAIT_MS)),
    });
    request.once('response', (answer) => {
      resolve((answer.statusCode ?? 500) < 500);
      answer.on('error', () => {}).destroy();
    });
    request.on('error', () => resolve(false));
    request.end();
  });
}
