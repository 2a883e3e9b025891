import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export type ServiceProcess = {
  readonly child: ChildProcess;
  /** URL of the listening line; rejects with what stderr said when the process ends before it. */
  readonly url: Promise<string>;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
};

/** Runs an entry point as its own process with nothing but the given environment, compiled once in a run of the suites. */
export function startProcess(entry: URL, env: Record<string, string>): ServiceProcess {
  const child = spawn(process.execPath, [entry.pathname], {
    env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  const url = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      const line = stdout
        .split('\n')
        .find((text) => text.includes('"msg":"listening"') && text.endsWith('}'));
      if (line !== undefined) resolve(JSON.parse(line).url);
    });
    child.once('close', () => reject(new Error(stderr)));
  });
  url.catch(() => {});
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, url, ended };
}
