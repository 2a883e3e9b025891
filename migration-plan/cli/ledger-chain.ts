import { createHash } from 'node:crypto';
import type { LedgerEntry } from './api/admin.ts';

const GENESIS = '0'.repeat(64);

/** What an entry's hash covers, in this order. Stated here again, apart from the facade: a check of its own. */
const HASHED_KEYS = [
  'seq',
  'at',
  'type',
  'route',
  'stage',
  'percent',
  'writer',
  'paused',
  'killed',
  'version',
  'plan',
  'actor',
  'reason',
  'forced',
  'evidence',
  'prev',
] as const;
/** Older entries do not have them, and entries that have nothing to say there. */
const OPTIONAL = ['forced', 'evidence'];

/** SHA-256 (hex) over the entry without its hash. */
function entryHash(entry: Readonly<Record<string, unknown>>): string {
  const keys = HASHED_KEYS.filter((key) => !OPTIONAL.includes(key) || entry[key] !== undefined);
  return createHash('sha256')
    .update(JSON.stringify(keys.map((key) => [key, entry[key] ?? null])))
    .digest('hex');
}

/** Checks entries one by one, from the first; `check` says what is wrong with the next one, null when nothing is. */
export class ChainCheck {
  count = 0;
  head = GENESIS;

  check(entry: LedgerEntry): string | null {
    const seq = this.count + 1;
    if (entry.seq !== seq)
      return `expected entry ${seq}, got ${entry.seq}: an entry is missing or out of order`;
    if (entry.prev !== this.head)
      return `entry ${seq}: expected prev ${short(this.head)}, got ${short(entry.prev)}: the one before was changed`;
    const hash = entryHash(entry);
    if (entry.hash !== hash)
      return `entry ${seq}: expected hash ${short(hash)}, got ${short(entry.hash)}: the entry was changed`;
    this.count = seq;
    this.head = entry.hash;
    return null;
  }
}

function short(hash: unknown): string {
  return String(hash).slice(0, 12);
}
