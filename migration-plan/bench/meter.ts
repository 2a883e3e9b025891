import { readFileSync } from 'node:fs';

/** What a process took while it was watched. */
export type Taken = {
  /** Resident memory, MB: when a third of the time had passed, at the end, and at most. */
  readonly early: number;
  readonly late: number;
  readonly most: number;
  /** CPU time of the process, user and system, in seconds. */
  readonly cpuSeconds: number;
};

const EVERY_MS = 250;
/** What a moment is taken from: single samples jump with each collection of garbage. */
const WINDOW = 8;
const TICK_SECONDS = 0.01;

/** Watches processes by their ids until it is stopped; from Linux' /proc. Null where there is none. */
export function meter(pids: Readonly<Record<string, number>>): { stop(): Record<string, Taken> | null } {
  const samples = new Map(Object.keys(pids).map((name) => [name, [] as number[]]));
  const cpuBefore = new Map(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)]));
  const sample = () => {
    for (const [name, pid] of Object.entries(pids)) {
      const megabytes = residentMegabytes(pid);
      if (megabytes !== null) samples.get(name)?.push(megabytes);
    }
  };
  const timer = setInterval(sample, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      sample();
      if (process.platform !== 'linux') return null;
      return Object.fromEntries(
        Object.entries(pids).map(([name, pid]) => {
          const seen = samples.get(name) as number[];
          const at = (share: number) => {
            const middle = Math.floor((seen.length - 1) * share);
            return mean(seen.slice(Math.max(0, middle - WINDOW), middle + 1));
          };
          const cpu = cpuSeconds(pid) - (cpuBefore.get(name) ?? 0);
          return [name, { early: at(1 / 3), late: at(1), most: Math.max(...seen), cpuSeconds: cpu }];
        }),
      );
    },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function residentMegabytes(pid: number): number | null {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}

function cpuSeconds(pid: number): number {
  try {
    // The second field is the program's name in brackets, which may hold blanks and brackets itself.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS;
  } catch {
    return 0;
  }
}
