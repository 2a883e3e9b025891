import { type FileHandle, mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Ledger, LedgerError, type LedgerFault } from '../core/ledger.ts';
import type { LedgerChain } from '../core/ledger-chain.ts';
import { ledgerLine } from '../core/ledger-line.ts';
import { type FileLock, lockHolder, takeFileLock } from './file-lock.ts';
import { type LedgerLines, readLedgerLines } from './ledger-lines.ts';
import { syncFolder } from './sync-folder.ts';

export type FileLedgerOptions = {
  readonly path: string;
  /** Told once, at opening, when a torn last line was dropped. */
  readonly onTornLine?: (torn: { bytes: number; line: number }) => void;
};

/**
 * A ledger in one file of JSON lines, for one process on one host. An append is written and synced before it is
 * acknowledged. A last line that a crash tore is dropped (it was never acknowledged) and cut off before the next
 * append; any other bad line is a fault: reading stops there and nothing is appended.
 * Throws `LedgerError`: LEDGER_LOCKED when another process holds the file, LEDGER_UNREADABLE when it cannot be opened
 * for reading and writing.
 */
export async function openFileLedger({ path, onTornLine }: FileLedgerOptions): Promise<Ledger> {
  let lock: FileLock | null = null;
  let file: FileHandle | null = null;
  try {
    lock = await lockFile(path);
    file = await open(path, 'r+');
    const content = await file.readFile();
    await syncFolder(dirname(path));
    const lines = readLedgerLines(content, path);
    if (lines.torn) onTornLine?.(lines.torn);
    return new FileLedger(path, lock, file, lines, content.length);
  } catch (error) {
    await file?.close();
    await lock?.release();
    throw error instanceof LedgerError ? error : unopenable(path, error as NodeJS.ErrnoException);
  }
}

async function lockFile(path: string): Promise<FileLock> {
  await mkdir(dirname(path), { recursive: true });
  const taken = await heldBy(path);
  if (taken.ok) {
    // Made first: a link is followed only to a file that is there.
    await (await open(path, 'a', 0o600)).close();
    const outcome = await takeFileLock(`${await realpath(path)}.lock`);
    if (outcome.ok) return outcome.lock;
    taken.holder = outcome.holder;
  }
  const advice = 'Stop that process, or give this one a ledger of its own: --ledger file:PATH';
  throw new LedgerError('LEDGER_LOCKED', `ledger ${path} is held by ${taken.holder}. ${advice}`);
}

// Asked before anything is written: on a full disk a held ledger must still be known as one.
async function heldBy(path: string): Promise<{ ok: boolean; holder: string }> {
  const real = await realpath(path).catch(() => path);
  const holder = await lockHolder(`${real}.lock`);
  return { ok: holder === null, holder: holder ?? '' };
}

const ADVICE: Record<string, string> = {
  ENOSPC: 'Free some space on its disk.',
  EDQUOT: "Free some of this user's quota on its disk.",
  EROFS: 'Mount its disk for writing, or choose another folder: --ledger file:PATH',
};

function unopenable(path: string, error: NodeJS.ErrnoException): LedgerError {
  const advice =
    ADVICE[error.code ?? ''] ?? 'Choose a file that this user can read and write: --ledger file:PATH';
  const message = `ledger ${path} cannot be opened: ${error.message}. ${advice}`;
  return new LedgerError('LEDGER_UNREADABLE', message, { cause: error });
}

class FileLedger implements Ledger {
  readonly name: string;
  readonly #path: string;
  readonly #lock: FileLock;
  readonly #file: FileHandle;
  readonly #chain: LedgerChain;
  #fault: LedgerFault | null;
  #validBytes: number;
  #open: boolean;
  /** What this process has read and written: any other size is somebody else's doing. */
  #bytes: number;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(path: string, lock: FileLock, file: FileHandle, lines: LedgerLines, bytes: number) {
    this.name = `file:${path}`;
    this.#path = path;
    this.#lock = lock;
    this.#file = file;
    this.#chain = lines.chain;
    this.#fault = lines.fault;
    this.#validBytes = lines.validBytes;
    this.#open = lines.open;
    this.#bytes = bytes;
  }

  fault() {
    return this.#fault;
  }

  append(drafts: Parameters<Ledger['append']>[0]): ReturnType<Ledger['append']> {
    const done = this.#tail.then(() => this.#write(drafts));
    this.#tail = done.catch(() => {});
    return done;
  }

  async #write(drafts: Parameters<Ledger['append']>[0]): ReturnType<Ledger['append']> {
    if (this.#fault)
      throw new LedgerError('LEDGER_CORRUPT', `ledger ${this.#fault.place}: ${this.#fault.detail}.`);
    if (!(await this.#lock.held()))
      throw new LedgerError('LEDGER_LOCKED', `ledger ${this.#path}: another process took its lock over.`);
    await this.#checkUntouched();
    const outcome = this.#chain.seal(drafts);
    if (!outcome.ok) return outcome;
    const lines = outcome.entries.map((entry) => `${ledgerLine(entry)}\n`).join('');
    const bytes = Buffer.from(this.#open ? `\n${lines}` : lines);
    try {
      // What a crash or a full disk left behind the last good line must not be glued to the next one.
      await this.#file.truncate(this.#validBytes);
      await writeAll(this.#file, bytes, this.#validBytes);
      this.#bytes = this.#validBytes + bytes.length;
    } catch (error) {
      // Cutting off what was written in part can fail too; either way its size is known.
      await this.#file.truncate(this.#validBytes).catch(() => {});
      this.#bytes = (await this.#file.stat()).size;
      throw unwritable(this.#path, error);
    }
    try {
      await this.#file.datasync();
    } catch (error) {
      // After a failed sync nobody knows what the disk holds: only a fresh read may go on from here.
      this.#fault = {
        place: this.#path,
        detail: `it could not be synced (${(error as Error).message})`,
        remedy: 'Restart the facade.',
      };
      throw unwritable(this.#path, error);
    }
    this.#validBytes += bytes.length;
    this.#open = false;
    for (const entry of outcome.entries) this.#chain.add(entry);
    return outcome;
  }

  // A second writer that no lock kept out: writing on would overwrite its lines, or leave a hole behind a cut.
  async #checkUntouched(): Promise<void> {
    const mine = await this.#file.stat();
    const there = await stat(this.#path).catch(() => null);
    if (!there)
      throw new LedgerError(
        'LEDGER_UNWRITABLE',
        `ledger ${this.#path} was deleted while it was in use. Restart.`,
      );
    const replaced = there.ino !== mine.ino || there.dev !== mine.dev;
    if (!replaced && mine.size === this.#bytes) return;
    const detail = replaced
      ? 'somebody put another file in its place while it was in use'
      : `somebody else changed it while it was in use: expected ${this.#bytes} bytes, got ${mine.size}`;
    this.#fault = { place: this.#path, detail };
    throw new LedgerError('LEDGER_CORRUPT', `ledger ${this.#path}: ${detail}.`);
  }

  async read(query: Parameters<Ledger['read']>[0]) {
    return this.#chain.read(query);
  }

  // One process owns the file: nobody else appends.
  async refresh() {}
  onChange() {}

  async close() {
    await this.#tail;
    await this.#file.close();
    await this.#lock.release();
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

function unwritable(path: string, error: unknown): LedgerError {
  const why = (error as Error).message;
  return new LedgerError('LEDGER_UNWRITABLE', `ledger ${path} cannot be written: ${why}.`, { cause: error });
}
