import { randomUUID } from 'node:crypto';
import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

type Holder = { pid: number; host: string; started: string | null; token: string };

/** Held by one process of one host at a time. `held` is false once somebody else took it over. */
export type FileLock = { held(): Promise<boolean>; release(): Promise<void> };

export type LockOutcome = { ok: true; lock: FileLock } | { ok: false; holder: string };

const HEARTBEAT_MS = 5_000;
// A holder on another host cannot be asked whether it lives; its heartbeat tells. Long enough for a stalled process.
const SILENT_MS = 30_000;

/**
 * Takes the lock file at `path`, or names who holds it. A lock of a dead process is taken over: on this host the
 * process is looked up (pid and start time, so that a reused pid does not count), on another host the lock is dead
 * after 30 s without a heartbeat.
 */
export async function takeFileLock(path: string): Promise<LockOutcome> {
  const token = randomUUID();
  const mine: Holder = { pid: process.pid, host: hostname(), started: await startOf(process.pid), token };
  const draft = `${path}.${token}`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      // A link appears whole or not at all: nobody reads a half-written lock.
      const taken = await link(draft, path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      if (taken) return { ok: true, lock: hold(path, token) };
      const text = await readFile(path, 'utf8').catch(() => null);
      if (text === null) continue;
      const holder = await aliveHolder(path, text);
      if (holder !== null) return { ok: false, holder };
      await removeStale(path, text, `${draft}.stale`);
    }
    return { ok: false, holder: 'another process that is starting' };
  } finally {
    await unlink(draft).catch(() => {});
  }
}

/** Who holds the lock at `path`, null when nobody alive does. Changes nothing. */
export async function lockHolder(path: string): Promise<string | null> {
  return aliveHolder(path, await readFile(path, 'utf8').catch(() => ''));
}

async function aliveHolder(path: string, text: string): Promise<string | null> {
  const holder = parseHolder(text);
  return holder && (await isAlive(path, holder)) ? `process ${holder.pid} on ${holder.host}` : null;
}

// Two processes may judge the same lock dead: move it aside first, and put it back if it is no longer the one judged.
async function removeStale(path: string, judged: string, aside: string): Promise<void> {
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await readFile(aside, 'utf8').catch(() => judged)) !== judged) await link(aside, path).catch(() => {});
  await unlink(aside).catch(() => {});
}

function hold(path: string, token: string): FileLock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  beat.unref();
  const held = async () => parseHolder(await readFile(path, 'utf8').catch(() => ''))?.token === token;
  return {
    held,
    async release() {
      clearInterval(beat);
      if (await held()) await unlink(path).catch(() => {});
    },
  };
}

async function isAlive(path: string, holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) {
    const touched = await stat(path).then(
      (file) => file.mtimeMs,
      () => 0,
    );
    return Date.now() - touched < SILENT_MS;
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = await startOf(holder.pid);
  return started === null || holder.started === null || started === holder.started;
}

/** When a process started (boot id and clock ticks, Linux), null where that cannot be told. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    // The name in field 2 may hold spaces and brackets; field 22 counts from behind it.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    // A zombie answers signals but runs no more.
    if (fields[0] === 'Z' || fields[0] === 'X') return 'dead';
    return `${boot.trim()}:${fields[19]}`;
  } catch {
    return null;
  }
}

function parseHolder(text: string): Holder | null {
  try {
    const value = JSON.parse(text) as Partial<Holder>;
    if (typeof value.pid !== 'number' || typeof value.token !== 'string') return null;
    return { pid: value.pid, host: String(value.host), started: value.started ?? null, token: value.token };
  } catch {
    return null;
  }
}
