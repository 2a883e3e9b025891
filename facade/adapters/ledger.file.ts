import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Ledger, type LedgerEntry, LedgerError, type LedgerFault } from '../core/ledger.ts';
import { chainFault, LedgerChain } from '../core/ledger-chain.ts';
import { type FileLock, takeFileLock } from './file-lock.ts';

export type FileLedgerOptions = {
  readonly path: string;
  /** Told once, at opening, when a torn last line was dropped. */
  readonly onTornLine?: (torn: { bytes: number; line: number }) => void;
};

/**
 * A ledger in one file of JSON lines, for one process on one host. An append is written and synced before it is
 * acknowledged. A last line that a crash tore is dropped (it was never acknowledged) and cut off before the next
 * append; any other bad line is a fault: reading stops there and nothing is appended.
 * Throws `LedgerError` when another process holds the file or it cannot be read.
 */
export async function openFileLedger({ path, onTornLine }: FileLedgerOptions): Promise<Ledger> {
  const lock = await lockFile(path);
  try {
    const file = await open(path, 'a+', 0o600);
    const content = await file.readFile();
    await file.close();
    await syncFolder(dirname(path));
    const loaded = loadEntries(content, path);
    if (loaded.torn) onTornLine?.(loaded.torn);
    return new FileLedger(path, lock, await open(path, 'r+'), loaded);
  } catch (error) {
    await lock.release();
    const why = (error as Error).message;
    throw new LedgerError('LEDGER_UNREADABLE', `ledger ${path} cannot be read: ${why}.`, { cause: error });
  }
}

async function lockFile(path: string): Promise<FileLock> {
  const outcome = await mkdir(dirname(path), { recursive: true })
    .then(() => takeFileLock(`${path}.lock`))
    .catch((error: Error) => {
      const advice = 'Choose a folder that this user can write: --ledger file:PATH';
      throw new LedgerError(
        'LEDGER_UNREADABLE',
        `ledger ${path} cannot be opened: ${error.message}. ${advice}`,
      );
    });
  if (outcome.ok) return outcome.lock;
  const advice = 'Stop that process, or give this one a ledger of its own: --ledger file:PATH';
  throw new LedgerError('LEDGER_LOCKED', `ledger ${path} is held by ${outcome.holder}. ${advice}`);
}

// A new file is only there after a power cut if its folder was synced too.
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  // Some systems cannot sync a folder; there the file system answers for it.
  await handle?.sync().catch(() => {});
  await handle?.close();
}

type Loaded = {
  chain: LedgerChain;
  fault: LedgerFault | null;
  torn: { bytes: number; line: number } | null;
  /** Bytes that belong to trusted lines. */
  validBytes: number;
  /** The last line is whole but lacks its newline. */
  open: boolean;
};

function loadEntries(content: Buffer, path: string): Loaded {
  const chain = new LedgerChain();
  let start = 0;
  for (let line = 1; start < content.length; line++) {
    const newline = content.indexOf(0x0a, start);
    const end = newline === -1 ? content.length : newline;
    const entry = parseEntry(content.subarray(start, end));
    const problem = typeof entry === 'string' ? entry : chainFault(entry, chain.last);
    if (problem !== null && newline === -1)
      return { chain, fault: null, torn: { bytes: end - start, line }, validBytes: start, open: false };
    if (typeof entry === 'string' || problem !== null)
      return {
        chain,
        fault: { place: `${path}:${line}`, detail: problem ?? '' },
        torn: null,
        validBytes: start,
        open: false,
      };
    chain.add(entry);
    if (newline === -1) return { chain, fault: null, torn: null, validBytes: end, open: true };
    start = newline + 1;
  }
  return { chain, fault: null, torn: null, validBytes: start, open: false };
}

function parseEntry(line: Buffer): LedgerEntry | string {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    if (typeof value === 'object' && value !== null && 'hash' in value) return value as LedgerEntry;
    return 'it is no ledger entry';
  } catch {
    return 'it is not JSON';
  }
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
  #tail: Promise<unknown> = Promise.resolve();

  constructor(path: string, lock: FileLock, file: FileHandle, loaded: Loaded) {
    this.name = `file:${path}`;
    this.#path = path;
    this.#lock = lock;
    this.#file = file;
    this.#chain = loaded.chain;
    this.#fault = loaded.fault;
    this.#validBytes = loaded.validBytes;
    this.#open = loaded.open;
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
    if ((await this.#file.stat()).nlink === 0)
      throw new LedgerError(
        'LEDGER_UNWRITABLE',
        `ledger ${this.#path} was deleted while it was in use. Restart.`,
      );
    const outcome = this.#chain.seal(drafts);
    if (!outcome.ok) return outcome;
    const lines = outcome.entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    const bytes = Buffer.from(this.#open ? `\n${lines}` : lines);
    try {
      // What a crash or a full disk left behind the last good line must not be glued to the next one.
      await this.#file.truncate(this.#validBytes);
      await writeAll(this.#file, bytes, this.#validBytes);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    try {
      await this.#file.datasync();
    } catch (error) {
      // After a failed sync nobody knows what the disk holds: only a fresh read may go on from here.
      this.#fault = {
        place: this.#path,
        detail: `it could not be synced (${(error as Error).message}); restart`,
      };
      throw unwritable(this.#path, error);
    }
    this.#validBytes += bytes.length;
    this.#open = false;
    for (const entry of outcome.entries) this.#chain.add(entry);
    return outcome;
  }

  async read(query: Parameters<Ledger['read']>[0]) {
    return this.#chain.read(query);
  }

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
