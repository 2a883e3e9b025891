import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'legacy-monolith');

/** The monolith as a process of its own, and somebody logged in. */
export type Monolith = {
  readonly url: string;
  readonly cookie: string;
  /** The most memory that it has had so far, in MiB; null where the system does not say. */
  peakMiB(): number | null;
  stop(): Promise<void>;
};

/** Runs one of the monolith's programs to its end; gives what it printed. Throws when it failed. */
export function runLegacy(script: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [join(FOLDER, script), ...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${script} failed: ${stderr || error.message}`));
      else resolve(stdout);
    });
  });
}

/** `heapMiB` bounds its heap: what grows with its input ends it, and garbage is not left lying because there is room. */
export async function startMonolith(databaseUrl: string, heapMiB?: number): Promise<Monolith> {
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: databaseUrl,
    PORT: '0',
    SESSION_SECRET: 'of a long run',
  };
  const heap = heapMiB === undefined ? [] : [`--max-old-space-size=${heapMiB}`];
  const child = spawn(process.execPath, [...heap, join(FOLDER, 'main.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await listening(child);
  const res = await fetch(`${url}/api/login`, {
    method: 'POST',
    body: new URLSearchParams({ user: 'disp', pass: 'disp' }),
  });
  const cookie = res.headers.get('set-cookie')?.split(';', 1)[0];
  if (cookie === undefined) throw new Error(`the monolith lets nobody in: ${res.status} ${await res.text()}`);
  return {
    url,
    cookie,
    peakMiB: () => peakOf(child),
    stop: async () => {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function listening(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const url = /"url":"([^"]+)"/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`the monolith ended (exit ${code}): ${said}`)));
  });
}

function peakOf({ pid }: ChildProcess): number | null {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return null;
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1];
  return kib === undefined ? null : Math.round(Number(kib) / 1024);
}
