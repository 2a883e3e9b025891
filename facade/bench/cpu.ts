import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time that a process and its children have used so far, in microseconds, user and system; from Linux' /proc,
 * in steps of a clock tick (10 ms). Null where there is no /proc.
 */
export function cpuMicros(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  const stats = new Map<number, { parent: number; ticks: number }>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    if (stat) stats.set(Number(name), stat);
  }
  let ticks = 0;
  for (const [id, stat] of stats) if (descends(id, pid, stats)) ticks += stat.ticks;
  return (ticks * 1_000_000) / ticksPerSecond();
}

function statOf(pid: number): { parent: number; ticks: number } | null {
  try {
    // The second field is the program's name in brackets, which may hold blanks and brackets itself.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return null;
  }
}

function descends(id: number, ancestor: number, stats: ReadonlyMap<number, { parent: number }>): boolean {
  for (let at: number | undefined = id; at !== undefined && at > 1; at = stats.get(at)?.parent)
    if (at === ancestor) return true;
  return false;
}

let known: number | undefined;
function ticksPerSecond(): number {
  known ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return known;
}
