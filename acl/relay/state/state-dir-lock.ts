import { execFileSync } from 'node:child_process';
import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../gateway-kit/env.ts';

const ATTEMPTS = 10;
/** What file systems without hard links say. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Keeps other relays out of `directory` until this process ends: two of them would overwrite each other's checkpoints.
 * The file `relay.lock` holds the process id; one that a killed relay left behind is taken over. Throws StartError
 * with one line when a relay works there.
 */
export function lockStateDir(directory: string): void {
  const lock = join(directory, 'relay.lock');
  const own = `${lock}.${process.pid}`;
  const pid = String(process.pid);
  mkdirSync(directory, { recursive: true });
  writeFileSync(own, pid);
  try {
    for (let attempt = 1; !link(own, lock); attempt += 1) {
      const holder = read(lock);
      if (attempt > ATTEMPTS || (holder !== null && holder !== pid && isRelay(holder))) {
        throw new StartError(
          `STATE_DIR: expected a folder that no other relay works in, got ${directory}, where the relay with process id ${holder} does. Stop that one, or set STATE_DIR to another folder`,
        );
      }
      if (holder !== null) takeAway(lock, holder, `${own}.old`);
    }
  } finally {
    rmSync(own, { force: true });
  }
  process.once('exit', () => {
    if (read(lock) === pid) rmSync(lock, { force: true });
  });
}

/** Another relay may have replaced the stale lock in between: what was moved away is looked at, and put back. */
function takeAway(lock: string, stale: string, aside: string): void {
  try {
    renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (read(aside) !== stale) link(aside, lock);
  rmSync(aside, { force: true });
}

/** False when there is one already. A link, unlike a new file, is never seen half written. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code === undefined || !WITHOUT_LINKS.has(code)) throw error;
    return copy(from, to);
  }
}

function copy(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** After a crash the id may have gone to another program. */
function isRelay(pid: string): boolean {
  if (!/^\d+$/.test(pid)) return false;
  try {
    const command =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        : execFileSync('ps', ['-p', pid, '-o', 'command='], {
            encoding: 'utf8',
            stdio: ['ignore', 'pipe', 'ignore'],
          });
    return /relay[\\/]main\.ts/.test(command);
  } catch {
    return false;
  }
}
