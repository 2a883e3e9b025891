import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

let reaper: Writable | undefined;

/** A process beside this one that ends what is on its list when this one ends, be it by kill -9. */
function startReaper(): Writable {
  // In a group of its own: Ctrl-C in the terminal is for this process.
  const child = spawn(process.execPath, [join(import.meta.dirname, 'reaper.ts')], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  child.unref();
  (child.stdin as Writable & { unref(): void }).unref();
  return child.stdin;
}

/** Starts a process that does not outlive this one, however this one ends. */
export function spawnLeashed(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  reaper ??= startReaper();
  const list = reaper;
  const child = spawn(command, args, options);
  if (child.pid !== undefined) {
    list.write(`+${child.pid}\n`);
    child.once('exit', () => list.write(`-${child.pid}\n`));
  }
  return child;
}
