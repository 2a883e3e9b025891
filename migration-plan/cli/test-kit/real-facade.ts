import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PlanFolders, ROUTE } from '#plan/model/test-kit/plan-folder.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** A facade and the CLI as processes in a folder of their own: `fig` finds its token where the facade has put it. */
export class RealFacade {
  readonly #folders = new PlanFolders();
  readonly plan: string;
  readonly cwd: string;
  admin = '';
  /** Where clients go. */
  url = '';
  /** What the facade wrote, both streams. */
  output = '';
  #child: ChildProcess | null = null;

  /** `files` of the plan beside or in place of plan.yaml and a route `articles`. */
  constructor(files: Record<string, string> = {}) {
    this.plan = this.#folders.write({
      'routes/articles.yaml': `${ROUTE}stages: [canary 10%, canary 50%, candidate]\n`,
      ...files,
    });
    this.cwd = dirname(this.plan);
  }

  async start(args: readonly string[] = ['--port', '0']): Promise<void> {
    const child = this.#run('facade/main.ts', ['--plan', this.plan, '--admin-port', '0', ...args]);
    this.#child = child;
    let complaint = '';
    child.stderr?.on('data', (chunk) => {
      complaint += chunk;
      this.output += chunk;
    });
    child.stdout?.on('data', (chunk) => {
      this.output += chunk;
    });
    this.admin = '';
    for await (const line of createInterface({ input: child.stdout! })) {
      const entry = JSON.parse(line);
      if (entry.msg !== 'listening') continue;
      this.admin = entry.adminUrl;
      this.url = entry.url;
      break;
    }
    if (!this.admin) throw new Error(`the facade did not start: ${complaint}`);
    child.stdout?.resume();
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once('close', done));
    child.kill(signal);
    await gone;
  }

  async fig(
    args: readonly string[],
    env: Record<string, string> = {},
    running: (child: ChildProcess) => void = () => {},
  ) {
    const where = ['--plan', this.plan, '--admin', this.admin];
    const child = this.#run('migration-plan/cli/run.ts', [...args, ...where], env);
    running(child);
    const shown = { out: '', err: '' };
    child.stdout?.on('data', (chunk) => {
      shown.out += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      shown.err += chunk;
    });
    const code = await new Promise<number | null>((done) => child.once('close', done));
    return { code, ...shown };
  }

  async remove(): Promise<void> {
    await this.stop();
    this.#folders.removeAll();
  }

  #run(script: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const { FIG_ADMIN_TOKEN: _, FIG_ADMIN_URL: __, FIG_TOKEN: ___, ...rest } = process.env;
    return spawn(process.execPath, [`${repository}${script}`, ...args], {
      cwd: this.cwd,
      env: { ...rest, ...env },
    });
  }
}
