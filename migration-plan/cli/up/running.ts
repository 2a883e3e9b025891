import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf } from '../databases/postgres.ts';

/** What a running `fig up` tells other commands; kept in `.fig/up.json` while it runs. */
export type Running = {
  readonly pid: number;
  readonly publicUrl: string;
  readonly adminUrl: string;
  /** Addresses that differ from the plan's defaults, because a default port was taken. */
  readonly env: Readonly<Record<string, string>>;
  readonly children: readonly { readonly name: string; readonly pid: number; readonly run: string }[];
};

const FILE = 'up.json';

/** The record as it was left, also by an `up` that was killed; null when there is none. */
export function readRunning(stateDir: string): Running | null {
  try {
    return JSON.parse(readFileSync(join(stateDir, FILE), 'utf8')) as Running;
  } catch {
    return null;
  }
}

export function writeRunning(stateDir: string, running: Running): void {
  const file = join(stateDir, FILE);
  writeFileSync(`${file}.new`, JSON.stringify(running, null, 2));
  renameSync(`${file}.new`, file);
}

export function removeRunning(stateDir: string): void {
  rmSync(join(stateDir, FILE), { force: true });
}

/** Whether the recorded `up` is alive; its pid may have gone to another program since. */
export function isAlive(running: Running): boolean {
  return commandOf(running.pid).includes('migration-plan/cli');
}

/** Ends processes that a killed `up` left behind; only those whose command line still is the recorded script. */
export async function endOrphans(running: Running): Promise<string[]> {
  const orphans = running.children.filter((child) => commandOf(child.pid).includes(child.run));
  for (const orphan of orphans) process.kill(orphan.pid, 'SIGTERM');
  const deadline = performance.now() + 15_000;
  for (const orphan of orphans) {
    while (commandOf(orphan.pid).includes(orphan.run)) {
      if (performance.now() > deadline) process.kill(orphan.pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return orphans.map((orphan) => orphan.name);
}

/** The environment with the addresses of a running `up`, so that `fig` in another terminal finds what it started. */
export function withRunning(env: NodeJS.ProcessEnv, stateDir: string): NodeJS.ProcessEnv {
  const running = readRunning(stateDir);
  if (running === null || !isAlive(running)) return env;
  return { FIG_ADMIN_URL: running.adminUrl, PUBLIC_URL: running.publicUrl, ...running.env, ...env };
}
