import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { lastWords } from './last-words.ts';

/** Enough to reach back behind what a program says while it ends. */
const SHOWN_LINES = 10;

/** A problem that one line explains to the person at the terminal; printed without a stack trace. */
export class UpError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'UpError';
    this.code = code;
  }
}

export type Credentials = { readonly uid: number; readonly gid: number };

/**
 * Starts a server program in its own process group, so that Ctrl-C reaches only its owner, which then stops
 * children in order. Output goes to `logFile` (appended).
 */
export function spawnServer(
  command: string,
  args: readonly string[],
  options: { logFile: string; env?: NodeJS.ProcessEnv; cwd?: string; as?: Credentials | undefined },
): ChildProcess {
  const log = openSync(options.logFile, 'a');
  try {
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      ...(options.env ? { env: options.env } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
      ...(options.as ?? {}),
    });
    logStarts.set(options.logFile, statSync(options.logFile).size);
    alive.add(child);
    child.once('exit', () => alive.delete(child));
    return child;
  } finally {
    closeSync(log);
  }
}

/**
 * Runs a program to its end, in its own process group like a server; `output` is what it wrote to either stream.
 * Rejects when it cannot be started.
 */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; as?: Credentials | undefined } = {},
): Promise<{ code: number | null; output: string }> {
  const { as, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...rest,
      ...(as ?? {}),
    });
    alive.add(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    child.on('error', reject);
    child.on('close', (code) => {
      alive.delete(child);
      resolve({ code, output });
    });
  });
}

/** Where the present process' part of a log begins, so that what an earlier one said is not taken for its words. */
const logStarts = new Map<string, number>();
const alive = new Set<ChildProcess>();

/** Ends everything that `spawnServer` started, at once: for somebody who does not want to wait. */
export function killServers(): void {
  for (const child of alive) child.kill('SIGKILL');
}

/** Resolves when the process is gone; sends `signal` first, SIGKILL after `graceMs`. */
export async function stopProcess(
  child: ChildProcess,
  signal: NodeJS.Signals,
  graceMs = 15_000,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}

/** What a system gives to connections by itself (Linux: from 32768) can be gone before somebody listens there. */
const NOT_EPHEMERAL = [15_000, 32_000] as const;
const handedOut = new Set<number>();

/** A port that nobody listens on, each one only once. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(...NOT_EPHEMERAL);
    if (handedOut.has(port) || !(await portIsFree(port))) continue;
    handedOut.add(port);
    return port;
  }
}
/** True when nothing holds the port on `host`: told by listening, since a connect probe misses sockets that do not accept. */
export async function portIsFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** Waits until `ready` answers true; gives up when the process ends first or the deadline passes. */
export async function waitUntilReady(
  child: ChildProcess,
  ready: () => Promise<boolean>,
  options: { what: string; logFile: string; deadlineMs: number },
): Promise<void> {
  let spawnError: Error | null = null;
  child.once('error', (error) => {
    spawnError = error;
  });
  const deadline = performance.now() + options.deadlineMs;
  for (;;) {
    if (await ready()) return;
    if (spawnError)
      throw new UpError('UP_SPAWN', `${options.what} could not be started: ${(spawnError as Error).message}`);
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new UpError(
        'UP_EXITED',
        `${options.what} ended while starting (${child.signalCode ?? `exit code ${child.exitCode}`})${told(options.logFile)}\nThe whole log: ${options.logFile}`,
      );
    }
    if (performance.now() > deadline) {
      await stopProcess(child, 'SIGKILL');
      throw new UpError(
        'UP_TIMEOUT',
        `${options.what} was not ready within ${options.deadlineMs / 1000} s${told(options.logFile)}\nThe whole log: ${options.logFile}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** What the present process wrote to `file` at its end, in at most so many lines; see `lastWords`. */
export function lastLines(file: string, count: number): string {
  try {
    const own = readFileSync(file).subarray(logStarts.get(file) ?? 0);
    return lastWords(own.toString('utf8'), count);
  } catch {
    return '(no output)';
  }
}

/** The same behind a statement: on its line, or where there are several beneath it. */
function told(file: string): string {
  const lines = lastLines(file, SHOWN_LINES).split('\n');
  return lines.length === 1 ? `: ${lines[0]}` : `:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
