import { mkdir, open, readFile, realpath, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LedgerError } from '../core/ledger.ts';
import { ledgerLine } from '../core/ledger-line.ts';
import type { StandingLine } from '../core/ledger-repair.ts';
import type { RepairableLedger } from '../core/repairable-ledger.ts';
import { takeFileLock } from './file-lock.ts';
import { syncFolder } from './sync-folder.ts';

/**
 * Opens a ledger file for repair and holds its lock until `close`. A file that is not there has no lines. Throws
 * `LedgerError`: LEDGER_LOCKED when a facade holds it, LEDGER_UNREADABLE when it cannot be read.
 */
export async function openRepairableFile(path: string): Promise<RepairableLedger> {
  const real = await realpath(path).catch(() => path);
  await mkdir(dirname(real), { recursive: true });
  const taken = await takeFileLock(`${real}.lock`);
  if (!taken.ok) {
    const advice = 'Stop it, then repair the ledger.';
    throw new LedgerError('LEDGER_LOCKED', `ledger ${path} is held by ${taken.holder}. ${advice}`);
  }
  try {
    const content = await readFile(real).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw new LedgerError('LEDGER_UNREADABLE', `ledger ${path} cannot be read: ${error.message}.`);
    });
    const { lines, ends } = split(content, path);
    return {
      lines,
      asideName: (stamp) => `${real}.damaged-${stamp.replaceAll(':', '-')}`,
      async replace(kept, entries, aside) {
        const end = kept === 0 ? 0 : (ends[kept - 1] as number);
        const rest = content.subarray(end);
        if (rest.length > 0) await writeWhole(aside, [rest]);
        const open = end > 0 && content[end - 1] !== NEWLINE ? '\n' : '';
        const text = open + entries.map((entry) => `${ledgerLine(entry)}\n`).join('');
        await writeWhole(`${real}.repaired`, [content.subarray(0, end), Buffer.from(text)]);
        await rename(`${real}.repaired`, real);
        await syncFolder(dirname(real));
      },
      close: () => taken.lock.release(),
    };
  } catch (error) {
    await taken.lock.release();
    throw error;
  }
}

const NEWLINE = 0x0a;

function split(content: Buffer, path: string): { lines: StandingLine[]; ends: number[] } {
  const lines: StandingLine[] = [];
  const ends: number[] = [];
  for (let start = 0; start < content.length; start = ends.at(-1) as number) {
    const newline = content.indexOf(NEWLINE, start);
    const torn = newline === -1;
    const end = torn ? content.length : newline;
    lines.push({ place: `${path}:${lines.length + 1}`, line: content.subarray(start, end), torn });
    ends.push(torn ? end : end + 1);
  }
  return { lines, ends };
}

async function writeWhole(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
}
