import type { Ledger } from '../core/ledger.ts';
import { LedgerChain } from '../core/ledger-chain.ts';

/** A ledger that lives as long as the process: for trying things out and for tests. */
export function openMemoryLedger(): Ledger {
  const chain = new LedgerChain();
  return {
    name: 'memory:',
    fault: () => null,
    async append(drafts) {
      const outcome = chain.seal(drafts);
      if (outcome.ok) for (const entry of outcome.entries) chain.add(entry);
      return outcome;
    },
    read: async (query) => chain.read(query),
    refresh: async () => {},
    onChange: () => {},
    close: async () => {},
  };
}
