import { resolve } from 'node:path';
import { killServers, UpError } from '../databases/process.ts';
import { planFlag } from '../session.ts';
import { say } from './say.ts';
import { type StartedSystem, startSystem } from './start-system.ts';
import { Teardown } from './teardown.ts';

export type UpOptions = {
  readonly planDir: string;
  /** Public port of the facade; 0 takes a free one. */
  readonly port: number;
  readonly adminPort: number;
  readonly json: boolean;
};

/** A terminal's Ctrl-C can reach this process twice, directly and through the entry point; a person is slower. */
const SAME_SIGNAL_MS = 1_000;
/** How long something that was just being started may take to end as well. */
const LATE_MS = 15_000;

/**
 * Starts everything that the plan refers to on this machine and keeps it running until SIGINT or SIGTERM, then stops
 * what it started and nothing else. State lies in `.fig/` under the current folder. Resolves to the exit code.
 */
export async function up({ json, ...options }: UpOptions): Promise<number> {
  const teardown = new Teardown(say);
  const interrupted = interruption();
  const started = startSystem({ ...options, stateDir: resolve('.fig') }, teardown);
  let code = 0;
  try {
    const system = await Promise.race([started, interrupted]);
    if (system !== 'interrupted') announce(json, system, planFlag(options));
    await interrupted;
    say('stopping …');
  } catch (error) {
    if (!(error instanceof UpError) && !isSystemError(error)) throw error;
    say(explain(error as Error));
    code = 1;
  }
  await teardown.run();
  // What was half-way up ends itself as soon as it is ready; why it failed then is our own doing.
  await Promise.race([started.catch(() => {}), new Promise((done) => setTimeout(done, LATE_MS).unref())]);
  await teardown.run();
  if (code === 0) say('stopped; state stays in .fig/');
  return code;
}

/** Resolves at the first signal to stop. A later one does not wait: it kills what runs and ends this process. */
function interruption(): Promise<'interrupted'> {
  let first: number | null = null;
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        first ??= performance.now();
        done('interrupted');
        if (performance.now() - first < SAME_SIGNAL_MS) return;
        say('killing what still runs');
        killServers();
        process.exit(130);
      });
    }
  });
}

function announce(json: boolean, { publicUrl, adminUrl, legacy }: StartedSystem, plan: string): void {
  if (json) {
    const system = { publicUrl, adminUrl, legacyDatabase: legacy?.label ?? null };
    process.stdout.write(`${JSON.stringify(system)}\n`);
    return;
  }
  process.stdout.write(`
  Everything is up.

  public   ${publicUrl}    what clients call
  control  ${adminUrl}    what operators and the CLI call; token in .fig/admin-token
  logs     .fig/logs/

  In another terminal: npx fig status${plan}
  Ctrl-C stops all of it.

`);
}

/** Trouble with disk or files reaches a person as a line, not as a stack trace. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).errno === 'number';
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOSPC')
    return `the disk is full (${error.message}). Do: free some space and start again; nothing is lost.`;
  if (error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS')
    return `not allowed: ${error.message}. Do: run in a folder that you may write to.`;
  return error.message;
}
