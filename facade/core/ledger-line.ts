import type { LedgerEntry } from './ledger.ts';
import { keysOf } from './ledger-chain.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** An entry as its line in a file or table, without the line break. */
export const ledgerLine = (entry: LedgerEntry): string => JSON.stringify(entry);

/**
 * The entry that a line holds, or what is wrong with it. A line has to stand as it was written, to the byte: the hash
 * covers values, and nothing may hide in bytes, spaces or keys that no value shows.
 */
export function readLedgerLine(line: string | Uint8Array): LedgerEntry | string {
  let text: string;
  try {
    text = typeof line === 'string' ? line : utf8.decode(line);
  } catch {
    return 'it is not UTF-8';
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== `${keysOf(value)},hash`)
    return 'it is no ledger entry';
  return JSON.stringify(value) === text ? (value as LedgerEntry) : 'it is not written as an entry is';
}
