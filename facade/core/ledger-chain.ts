import { createHash } from 'node:crypto';
import { type AppendOutcome, concerns, type LedgerDraft, type LedgerEntry } from './ledger.ts';

/** `prev` of the first entry. */
const GENESIS = '0'.repeat(64);

/** The keys of an entry that its hash covers, in the order in which they are written; the optional ones where there are some. */
const ENTRY_KEYS = [
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
  'data',
  'prev',
] as const satisfies readonly (keyof LedgerEntry)[];
const OPTIONAL: ReadonlySet<string> = new Set(['forced', 'evidence', 'data']);

/** The keys that an entry has to have: of the optional ones those that it does have. */
export const keysOf = (entry: object): (typeof ENTRY_KEYS)[number][] =>
  ENTRY_KEYS.filter((key) => !OPTIONAL.has(key) || (entry as Record<string, unknown>)[key] !== undefined);

/** SHA-256 (hex) over the entry without its hash, as JSON with the keys in the order they are listed in. */
export function entryHash(entry: Omit<LedgerEntry, 'hash'>): string {
  return createHash('sha256')
    .update(JSON.stringify(keysOf(entry).map((key) => [key, entry[key]])))
    .digest('hex');
}

/** What is wrong with `entry` as the successor of `last`; null when the chain holds. */
export function chainFault(entry: LedgerEntry, last: LedgerEntry | undefined): string | null {
  const seq = (last?.seq ?? 0) + 1;
  if (entry.seq !== seq) return `expected seq ${seq}, got ${entry.seq}`;
  if (entry.prev !== (last?.hash ?? GENESIS)) return 'its prev is not the hash of the line before';
  if (entry.hash !== entryHash(entry)) return 'its hash does not fit its content';
  return null;
}

/** The next entry of a chain: numbered, chained to `last`, and sealed. Whether its version is the right one is not asked. */
export function sealEntry(draft: LedgerDraft, last: LedgerEntry | undefined): LedgerEntry {
  const open = pickKeys({ ...draft, seq: (last?.seq ?? 0) + 1, prev: last?.hash ?? GENESIS });
  return { ...open, hash: entryHash(open) };
}

/** The entries of a trusted ledger in memory, with the rule that every append obeys. Adapters add durability. */
export class LedgerChain {
  readonly #entries: LedgerEntry[] = [];
  readonly #versions = new Map<string, number>();

  get last(): LedgerEntry | undefined {
    return this.#entries.at(-1);
  }

  /** Sealed entries for the drafts, or the conflict; nothing is kept until `add`. */
  seal(drafts: readonly LedgerDraft[]): AppendOutcome {
    const entries: LedgerEntry[] = [];
    const versions = new Map<string, number>();
    let last = this.last;
    for (const draft of drafts) {
      if (draft.route !== null) {
        const version = versions.get(draft.route) ?? this.#versions.get(draft.route) ?? 0;
        if (draft.version !== version + 1) return { ok: false, route: draft.route, version };
        versions.set(draft.route, draft.version);
      }
      last = sealEntry(draft, last);
      entries.push(last);
    }
    return { ok: true, entries };
  }

  add(entry: LedgerEntry): void {
    this.#entries.push(entry);
    if (entry.route !== null) this.#versions.set(entry.route, entry.version);
  }

  read({ after, limit, route }: { after: number; limit: number; route?: string }): LedgerEntry[] {
    const found: LedgerEntry[] = [];
    // Entries stand at index seq - 1: what lies before `after` need not be looked at.
    for (let at = Math.max(0, after); at < this.#entries.length && found.length < limit; at++) {
      const entry = this.#entries[at] as LedgerEntry;
      if (route === undefined || concerns(entry, route)) found.push(entry);
    }
    return found;
  }
}

function pickKeys(entry: Omit<LedgerEntry, 'hash'>): Omit<LedgerEntry, 'hash'> {
  return Object.fromEntries(keysOf(entry).map((key) => [key, entry[key]])) as Omit<LedgerEntry, 'hash'>;
}
