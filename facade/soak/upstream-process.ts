import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** From when to when an upstream was not there, in milliseconds of `performance.now()`. */
export type Outage = { readonly from: number; to: number };

/** An upstream that can be restarted, and knows when it was away. */
export class UpstreamProcess {
  readonly name: string;
  readonly port: number;
  readonly outages: Outage[] = [];
  #child: ChildProcess | null = null;

  constructor(name: string, port: number) {
    this.name = name;
    this.port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'upstream.ts'), this.name, `${this.port}`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    this.#child = child;
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`${this.name} ended with ${code}`))),
    ]);
  }

  /** Ends it by a signal and starts it anew. */
  async restart(signal: NodeJS.Signals): Promise<void> {
    const outage: Outage = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.outages.push(outage);
    await this.stop(signal);
    await this.start();
    outage.to = performance.now();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}
