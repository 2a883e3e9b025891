// Runs on any Node ≥ 18 with nothing installed: makes the install complete, then re-executes on the project's own Node.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const nodeBinary = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);
const lockFolder = join(root, '.fig', 'install.lock');

/**
 * npm records what it put on disk when it has finished; an install is complete when that record holds every
 * package of the lock file in its version. (Optional packages depend on the platform.)
 */
function installed() {
  try {
    const { packages: wanted } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const record = join(root, 'node_modules', '.package-lock.json');
    const { packages: found } = JSON.parse(readFileSync(record, 'utf8'));
    return (
      existsSync(nodeBinary) &&
      Object.entries(wanted).every(
        ([path, { version, optional }]) => path === '' || optional || found[path]?.version === version,
      )
    );
  } catch {
    return false;
  }
}

/** Only one process installs; the others wait for it. A lock older than ten minutes belongs to a dead install. */
function takeInstallLock() {
  mkdirSync(dirname(lockFolder), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lockFolder);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      try {
        if (Date.now() - statSync(lockFolder).mtimeMs > 600_000) rmSync(lockFolder, { recursive: true });
      } catch {}
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    }
  }
}

function install() {
  if (installed()) return;
  takeInstallLock();
  try {
    if (installed()) return;
    npmCi();
  } finally {
    rmSync(lockFolder, { recursive: true, force: true });
  }
}

function npmCi() {
  process.stderr.write('fig: installing dependencies with npm ci (once, about a minute) …\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const run = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    shell: process.platform === 'win32',
    // Started through `npm start`, npm's record of the running script would confuse the inner npm; npm_config_* is the user's and stays.
    env: Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command)/.test(name)),
    ),
  });
  const output = `${run.stderr ?? ''}${run.stdout ?? ''}`;
  if (run.error || run.status !== 0) {
    const why = run.error ? run.error.message : output.trim().split('\n').slice(-12).join('\n');
    fail(
      `npm ci failed in ${root}:\n${why}\nDo: check the network and free disk space, then run the same command again.`,
    );
  }
  const asking = new Set(output.match(/package: '[^']+'/g) ?? []).size;
  if (asking > 0) {
    process.stderr.write(
      `fig: ${asking} packages ask for a newer Node than ${process.version}; fine, they run on the project's own.\n`,
    );
  }
  if (!existsSync(nodeBinary)) {
    fail(
      `expected the npm package "node" to bring ${relative(root, nodeBinary)}, got nothing: its install script did not run. ` +
        'Do: set ignore-scripts to false for this folder, remove node_modules and run the same command again.',
    );
  }
}

function fail(message) {
  process.stderr.write(`fig: ${message}\n`);
  process.exit(1);
}

/**
 * Installs what is missing and runs a TypeScript entry (path from the repository root) on the project's Node.
 * @param {string} entry
 * @param {string[]} args
 */
export function runOnProjectNode(entry, args = process.argv.slice(2)) {
  try {
    install();
  } catch (error) {
    fail(
      `cannot install under ${root}: ${error.message}. Do: make the folder writable and free some disk space.`,
    );
  }
  const child = spawn(nodeBinary, ['--disable-warning=ExperimentalWarning', join(root, entry), ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(nodeBinary)}:${process.env.PATH ?? ''}` },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  stopWithNpm(child);
  child.on('error', (error) => fail(`cannot run ${nodeBinary}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}

/** Stopped by a signal, npm ends its shell, and the shell passes nothing on: what it ran would stay behind. */
function stopWithNpm(child) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 500).unref();
}
