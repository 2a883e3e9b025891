import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
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

/** So many requests a second, whatever the proxy could do: what clients see of it below its limits. */
export async function loadAt(perSecond: number, { url, connections, seconds }: LoadOptions): Promise<Load> {
  const result = await autocannon({ url, connections, duration: seconds, overallRate: perSecond });
  return seenBy(result);
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
