import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import autocannon from 'autocannon';

/** What a client saw during one measurement. */
export type Load = {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx, errors of sockets, timeouts. */
  readonly failed: number;
};
export type LoadOptions = { readonly url: string; readonly connections: number; readonly seconds: number };

const WRK = ['/usr/bin/wrk', '/usr/local/bin/wrk', '/opt/homebrew/bin/wrk'].find((file) => existsSync(file));

/** The program that makes the load: wrk where it is installed, since it takes least from the machine. */
export const loader = WRK ? 'wrk' : 'autocannon';

export const load: (options: LoadOptions) => Promise<Load> = WRK ? withWrk : withAutocannon;

async function withWrk({ url, connections, seconds }: LoadOptions): Promise<Load> {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', url];
  const { stdout } = await promisify(execFile)(WRK as string, args);
  const field = (pattern: RegExp) => pattern.exec(stdout);
  const errors = field(/connect (\d+), read (\d+), write (\d+), timeout (\d+)/)?.slice(1) ?? [];
  return {
    requests: Number(field(/(\d+) requests in/)?.[1]),
    perSecond: Number(field(/Requests\/sec:\s+([\d.]+)/)?.[1]),
    p50Ms: milliseconds(field(/50%\s+([\d.]+)(us|ms|s)/)),
    p99Ms: milliseconds(field(/99%\s+([\d.]+)(us|ms|s)/)),
    failed: [...errors, field(/Non-2xx or 3xx responses: (\d+)/)?.[1] ?? '0'].reduce(
      (sum, n) => sum + Number(n),
      0,
    ),
  };
}

const UNITS: Record<string, number> = { us: 0.001, ms: 1, s: 1000 };
function milliseconds(found: RegExpExecArray | null): number {
  return found ? Number(found[1]) * (UNITS[found[2] as string] as number) : Number.NaN;
}

/**
 * So many requests a second, evenly, whatever the proxy could do: what clients see of it below its limits. A request that
 * finds no connection free has waited since it was due, so that a proxy which stops is not asked less for it.
 */
export async function loadAt(perSecond: number, { url, connections, seconds }: LoadOptions): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  let failed = 0;
  const began = performance.now();
  const all: Promise<void>[] = [];
  for (let n = 0; n < perSecond * seconds; n++) {
    const dueMs = began + (n * 1000) / perSecond;
    const early = dueMs - performance.now();
    if (early > 0) await wait(early);
    all.push(
      once(url, agent).then(
        (isWell) => {
          latencies.push(Math.max(0, performance.now() - dueMs));
          if (!isWell) failed++;
        },
        () => void failed++,
      ),
    );
  }
  await Promise.all(all);
  agent.destroy();
  const sorted = latencies.toSorted((one, other) => one - other);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const perSecondReached = latencies.length / ((performance.now() - began) / 1000);
  return { requests: latencies.length, perSecond: perSecondReached, p50Ms: at(0.5), p99Ms: at(0.99), failed };
}

function once(url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (answer) => {
      answer.resume().once('end', () => resolve((answer.statusCode ?? 0) < 300));
    })
      .once('error', reject)
      .end();
  });
}

async function withAutocannon({ url, connections, seconds }: LoadOptions): Promise<Load> {
  return seenBy(await autocannon({ url, connections, duration: seconds }));
}

function seenBy(result: autocannon.Result): Load {
  return {
    requests: result.requests.total,
    perSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts,
  };
}
