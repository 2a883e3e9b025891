import type { Ledger, LedgerEntry } from '../core/ledger.ts';

/** A replica's view of a ledger that hears of the others' entries only when it looks: no notification arrives. */
export function laggingLedger(shared: Ledger): Ledger {
  const listeners: ((entries: readonly LedgerEntry[]) => void)[] = [];
  let seen = 0;
  const look = async () => {
    const entries = await shared.read({ after: seen, limit: 100_000 });
    seen = entries.at(-1)?.seq ?? seen;
    if (entries.length > 0) for (const listener of listeners) listener(entries);
  };
  return {
    ...shared,
    refresh: look,
    async append(drafts) {
      await look();
      const outcome = await shared.append(drafts);
      await look();
      return outcome;
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
