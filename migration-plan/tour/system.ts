import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { removePostgresHome } from '../cli/databases/postgres.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CLI = join(ROOT, 'migration-plan/cli/run.ts');
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning'];

/** The whole system in a folder and on ports of its own, so that one that runs already is left alone. */
export type System = {
  readonly publicUrl: string;
  readonly legacyUrl: string;
  readonly candidateUrl: string;
  /** Runs a `fig` command as an operator would; resolves to its exit code and output. */
  fig(...args: string[]): Promise<{ code: number; output: string }>;
  stop(): Promise<void>;
};

/** `between` gives the address to reach the candidate at, so that something can stand before it. */
export async function startSystem(between: string): Promise<System> {
  mkdirSync(join(ROOT, '.fig'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.fig', 'tour-'));
  const plan = planWith(between, folder);
  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, CLI, 'up', '--json', '--plan', plan, '--port', '0', '--admin-port', '0'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const stop = async () => {
    await ended(child, 'SIGTERM');
    removePostgresHome(join(folder, '.fig', 'postgres'));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { publicUrl } = JSON.parse(await firstLine(child)) as { publicUrl: string };
    const { env } = JSON.parse(readFileSync(join(folder, '.fig', 'up.json'), 'utf8')) as {
      env: Record<string, string>;
    };
    return {
      publicUrl,
      legacyUrl: env.LEGACY_URL ?? process.env.LEGACY_URL ?? 'http://127.0.0.1:4101',
      candidateUrl: env.GATEWAY_URL ?? process.env.GATEWAY_URL ?? 'http://127.0.0.1:4102',
      fig: (...args) => runFig(folder, ['--plan', plan, ...args]),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The plan as it is, but for where the candidate is reached. */
function planWith(candidateUrl: string, folder: string): string {
  const plan = join(folder, 'migration-plan');
  for (const part of ['plan.yaml', 'routes', 'data', 'parity/freelancers.parity.yaml'])
    cpSync(join(ROOT, 'migration-plan', part), join(plan, part), { recursive: true });
  // What the plan names stands beside its folder.
  for (const part of ['acl', 'legacy-monolith', 'new-services'])
    symlinkSync(join(ROOT, part), join(folder, part));
  const file = join(plan, 'plan.yaml');
  const text = readFileSync(file, 'utf8');
  const moved = text.replace(/^( {2}gateway: \{ url: )"[^"]*"(, build: )/m, `$1"${candidateUrl}"$2`);
  if (moved === text) throw new Error('plan.yaml names no candidate `gateway` in the form the tour expects');
  writeFileSync(file, moved);
  return plan;
}

async function runFig(folder: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, CLI, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number>((done) => child.on('close', (exit) => done(exit ?? 1)));
  return { code, output: output.trimEnd() };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\n')) done(text.slice(0, text.indexOf('\n')));
    });
    child.once('exit', (code) =>
      reject(new Error(`the system did not start (exit code ${code}), see above`)),
    );
  });
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill(signal);
  await gone;
}
