import { type Ledger, LedgerError } from '../core/ledger.ts';

/** Stands for a ledger that could not be opened: it holds nothing, takes nothing, and its fault says why. */
export function unopenedLedger(path: string, error: LedgerError): Ledger {
  const detail = error.message.replace(`ledger ${path} `, 'it ');
  return {
    name: `file:${path}`,
    fault: () => ({ place: path, detail, remedy: 'Put that right, then restart the facade.' }),
    append: async () => {
      throw new LedgerError('LEDGER_UNWRITABLE', error.message);
    },
    read: async () => [],
    close: async () => {},
  };
}
