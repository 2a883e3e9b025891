import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** A machine may be busy with much else. */
const START_MS = 60_000;

/** A server process of this repository, started by a test on a free port. */
export type RunningProcess = {
  readonly url: string;
  /** Of a facade; null for other processes. */
  readonly adminUrl: string | null;
  readonly child: ChildProcess;
  /** The errors that it has told of so far, and what it wrote to stderr. */
  complaints(): string;
  /** SIGTERM, then waits; resolves with the exit code (null when a signal ended it). */
  stop(): Promise<number | null>;
};

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

type Listening = { readonly url: string; readonly adminUrl?: string };

/** Starts `script` (relative to the repository) and waits for its `listening` line. Throws with its stderr otherwise. */
export async function startProcess(
  script: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<RunningProcess> {
  const { child, output } = launch(script, args, { PORT: '0', ...env });
  const exited = once(child, 'exit');
  const { url, adminUrl = null } = await new Promise<Listening>((listening, fail) => {
    const timer = setTimeout(() => {
      // Nobody could stop it any more.
      child.kill('SIGKILL');
      fail(new Error(`${script}: no listening line in time`));
    }, START_MS);
    void exited.then(([code]) => {
      clearTimeout(timer);
      fail(new Error(`${script} ended with ${code}: ${output.stderr}${output.stdout}`));
    });
    child.stdout?.on('data', () => {
      const line = /^.*"url":"http.*"msg":"listening".*$/m.exec(output.stdout);
      if (line === null) return;
      clearTimeout(timer);
      listening(JSON.parse(line[0]));
    });
  });
  return {
    url,
    adminUrl,
    child,
    complaints: () => output.stderr + (output.stdout.match(/^.*"level":50.*$/gm) ?? []).join('\n'),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

/** Runs `script` to its end. */
export async function runToEnd(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { child, output } = launch(script, args, env);
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...output };
}

function launch(script: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [resolve(ROOT, script), ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  return { child, output };
}
