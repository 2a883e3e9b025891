import type { LedgerFault } from '../core/ledger.ts';
import { chainFault, LedgerChain } from '../core/ledger-chain.ts';
import { readLedgerLine } from '../core/ledger-line.ts';

/** What the bytes of a ledger file hold. */
export type LedgerLines = {
  readonly chain: LedgerChain;
  readonly fault: LedgerFault | null;
  /** A last line that a crash tore. */
  readonly torn: { readonly bytes: number; readonly line: number } | null;
  /** Bytes that belong to trusted lines. */
  readonly validBytes: number;
  /** The last line is whole but lacks its newline. */
  readonly open: boolean;
};

/** Reads the lines up to the first that cannot be trusted. `path` names the place of a fault. */
export function readLedgerLines(content: Buffer, path: string): LedgerLines {
  const chain = new LedgerChain();
  const sound = { chain, fault: null, torn: null, open: false };
  let start = 0;
  for (let line = 1; start < content.length; line++) {
    const newline = content.indexOf(0x0a, start);
    const end = newline === -1 ? content.length : newline;
    const entry = readLedgerLine(content.subarray(start, end));
    const problem = typeof entry === 'string' ? entry : chainFault(entry, chain.last);
    if (problem !== null && newline === -1)
      return { ...sound, torn: { bytes: end - start, line }, validBytes: start };
    if (typeof entry === 'string' || problem !== null)
      return { ...sound, fault: { place: `${path}:${line}`, detail: problem ?? '' }, validBytes: start };
    chain.add(entry);
    if (newline === -1) return { ...sound, validBytes: end, open: true };
    start = newline + 1;
  }
  return { ...sound, validBytes: start };
}
