// Runs on any Node ≥ 18 with nothing installed: makes the install complete, then re-executes on the project's own Node.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
const lockFile = join(root, '.fig', 'install.lock');
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

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

/** Only one process installs; the others wait for it. The lock names its owner, so that of a dead one is taken over. */
async function takeInstallLock() {
  mkdirSync(dirname(lockFile), { recursive: true });
  for (let waited = 0; ; waited += 250) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = lockOwner();
      if (owner === null) rmSync(lockFile, { force: true });
      else if (waited === 1000) say(`another install is running (process ${owner}); waiting for it …`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

function lockOwner() {
  try {
    const owner = Number(readFileSync(lockFile, 'utf8'));
    process.kill(owner, 0);
    return owner;
  } catch (error) {
    // Not permitted means alive, under another user.
    return error.code === 'EPERM' ? 'of another user' : null;
  }
}

async function install() {
  if (installed()) return;
  await takeInstallLock();
  try {
    if (!installed()) await npmCi();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

async function npmCi() {
  say('installing dependencies with npm ci (once, about a minute) …');
  const { code, output } = await run('npm', ['ci', '--no-audit', '--no-fund']);
  if (code !== 0) {
    const lines = output.split('\n').filter((line) => /^npm error\s+\S/.test(line));
    const why = (lines.length > 0 ? lines : output.trim().split('\n')).slice(0, 8).join('\n');
    const log = /A complete log of this run can be found in: (.*)/.exec(output)?.[1];
    fail(
      `npm ci failed in ${root}:\n${why}\n${log ? `Its log: ${log}\n` : ''}Do: check the network and free disk space, then run the same command again.`,
    );
  }
  const asking = new Set(output.match(/package: '[^']+'/g) ?? []).size;
  if (asking > 0)
    say(
      `${asking} packages ask for a newer Node than ${process.version}; fine, they run on the project's own.`,
    );
  if (!existsSync(nodeBinary)) {
    fail(
      `expected the npm package "node" to bring ${relative(root, nodeBinary)}, got nothing: its install script did not run. ` +
        'Do: set ignore-scripts to false for this folder, remove node_modules and run the same command again.',
    );
  }
}

/** Runs npm in a process group of its own, so that a signal to us ends all of it before we go. */
function run(command, args) {
  return new Promise((resolve) => {
    const windows = process.platform === 'win32';
    const child = spawn(windows ? `${command}.cmd` : command, args, {
      cwd: root,
      shell: windows,
      detached: !windows,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Started through `npm start`, npm's record of the running script would confuse the inner npm; npm_config_* is the user's and stays.
      env: Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command)/.test(name)),
      ),
    });
    let output = '';
    for (const stream of [child.stderr, child.stdout])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const interrupt = () => {
      say('stopping the install; the next start does it again');
      if (!windows) process.kill(-child.pid, 'SIGKILL');
      else child.kill();
      rmSync(lockFile, { force: true });
      process.exit(130);
    };
    for (const signal of SIGNALS) process.once(signal, interrupt);
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => {
      for (const signal of SIGNALS) process.off(signal, interrupt);
      resolve({ code, output });
    });
  });
}

function say(line) {
  process.stderr.write(`fig: ${line}\n`);
}

function fail(message) {
  say(message);
  process.exit(1);
}

/**
 * Installs what is missing and runs a TypeScript entry (path from the repository root) on the project's Node.
 * @param {string} entry
 * @param {string[]} args
 */
export async function runOnProjectNode(entry, args = process.argv.slice(2)) {
  try {
    await install();
  } catch (error) {
    fail(
      `cannot install under ${root}: ${error.message}. Do: make the folder writable and free some disk space.`,
    );
  }
  const child = spawn(nodeBinary, ['--disable-warning=ExperimentalWarning', join(root, entry), ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(nodeBinary)}:${process.env.PATH ?? ''}` },
  });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
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
