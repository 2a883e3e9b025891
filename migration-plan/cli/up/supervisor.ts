import type { ChildProcess } from 'node:child_process';
import { lastLines, spawnServer, stopProcess, UpError, waitUntilReady } from '../databases/process.ts';

export type Service = {
  readonly name: string;
  readonly run: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly readyUrl: string;
  readonly logFile: string;
};

const RESTARTS = 5;
/** A process that lived this long before it fell gets its restarts anew. */
const HEALTHY_MS = 60_000;

/**
 * Keeps Node processes running: starts each and waits until it is ready, restarts one that falls (five times, with
 * growing pauses), and stops all in the reverse order. Says each event in one line.
 */
export class Supervisor {
  #running: { service: Service; child: ChildProcess }[] = [];
  #timers = new Set<NodeJS.Timeout>();
  #stopping = false;
  readonly #say: (line: string) => void;
  readonly #changed: () => void;

  constructor(say: (line: string) => void, changed: () => void) {
    this.#say = say;
    this.#changed = changed;
  }

  get children(): { name: string; pid: number; run: string }[] {
    return this.#running.map(({ service, child }) => ({
      name: service.name,
      pid: child.pid ?? 0,
      run: service.run,
    }));
  }

  async start(service: Service): Promise<void> {
    if (this.#stopping) throw new UpError('UP_STOPPED', 'stopped while starting');
    const child = this.#spawn(service);
    await waitUntilReady(child, () => isReady(service.readyUrl), {
      what: service.name,
      logFile: service.logFile,
      deadlineMs: 60_000,
    });
    this.#watch(service, child, 0);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { child } of [...this.#running].reverse()) await stopProcess(child, 'SIGTERM');
  }

  #spawn(service: Service): ChildProcess {
    const child = spawnServer(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', service.run, ...service.args],
      {
        logFile: service.logFile,
        env: service.env,
      },
    );
    this.#running = [...this.#running.filter((one) => one.service.name !== service.name), { service, child }];
    this.#changed();
    return child;
  }

  #watch(service: Service, child: ChildProcess, restarts: number): void {
    const startedAt = performance.now();
    const fallen = () => {
      if (this.#stopping) return;
      const how = child.signalCode ?? `exit code ${child.exitCode}`;
      const spent = performance.now() - startedAt > HEALTHY_MS ? 0 : restarts;
      // A killed process had no last word; its log would be taken for the cause.
      const words =
        child.signalCode === null ? `: ${lastLines(service.logFile, 1).replaceAll('\n', ' | ')}` : '';
      const said = `${service.name} ended by itself (${how})${words}`;
      if (spent >= RESTARTS) {
        this.#say(`${said}. Given up after ${RESTARTS} restarts; its log: ${service.logFile}`);
        return;
      }
      const pauseMs = 500 * 2 ** spent;
      this.#say(`${said}. Starting it again in ${pauseMs / 1000} s; its log: ${service.logFile}`);
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#watch(service, this.#spawn(service), spent + 1);
      }, pauseMs);
      this.#timers.add(timer);
    };
    // It may have ended between its last probe and now.
    if (child.exitCode !== null || child.signalCode !== null) fallen();
    else child.once('exit', fallen);
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
