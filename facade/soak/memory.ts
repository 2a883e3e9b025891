import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemorySample } from './flatness.ts';

/** Asks processes how much memory they hold after a full collection; see memory-probe.ts. */
export class Memory {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, 'memory.jsonl');
  }

  /** What a facade must be started with to be asked. */
  environment(leakBytes: number): Record<string, string> {
    return {
      NODE_OPTIONS: `--import ${join(import.meta.dirname, 'memory-probe.ts')}`,
      FIG_SOAK_MEMORY: this.#file,
      FIG_SOAK_LEAK: String(leakBytes),
    };
  }

  ask(pids: readonly number[]): void {
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
  }

  get samples(): MemorySample[] {
    if (!existsSync(this.#file)) return [];
    const lines = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as MemorySample);
  }
}

/** How many timers, sockets and the like a process has. */
export function resourcesIn({ resources }: MemorySample): number {
  return Object.values(resources).reduce((sum, count) => sum + count, 0);
}
