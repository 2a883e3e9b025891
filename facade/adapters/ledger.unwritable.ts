import { readFile } from 'node:fs/promises';
import { type Ledger, LedgerError, type LedgerFault } from '../core/ledger.ts';
import { readLedgerLines } from './ledger-lines.ts';

/**
 * Stands for a file ledger that could not be opened for writing: it takes nothing, its fault says why, and it holds
 * what the file holds, if that can be read.
 */
export async function unwritableLedger(path: string, error: LedgerError): Promise<Ledger> {
  const content = await readFile(path).catch(() => null);
  const lines = content && readLedgerLines(content, path);
  const fault: LedgerFault = lines?.fault ?? {
    place: path,
    detail: error.message.replace(`ledger ${path} `, 'it '),
    remedy: 'Put that right, then restart the facade.',
    entriesHold: lines !== null,
  };
  return {
    name: `file:${path}`,
    fault: () => fault,
    append: async () => {
      throw new LedgerError('LEDGER_UNWRITABLE', error.message);
    },
    read: async (query) => lines?.chain.read(query) ?? [],
    refresh: async () => {},
    onChange: () => {},
    close: async () => {},
  };
}
