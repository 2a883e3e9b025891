import type { Stage } from '#plan/model/plan.ts';
import type { DataPosition, DataState, DataStates } from './data-position.ts';
import type { Party } from './party.ts';
import type { Position } from './position.ts';

/**
 * What happened. `reload`, `reload-refused` and `evict` concern no route: their route is null and their version 0. The
 * reason of an `evict` names the instance; an `evidence` names its route in what it found, since no position changes. A `repair` without a route says that the ledger was repaired; those with one
 * that follow it state a position that its damage had cut off.
 */
export const ENTRY_TYPES = [
  'transition',
  'rollback',
  'pause',
  'resume',
  'kill',
  'reload',
  'reload-refused',
  'evict',
  'repair',
  'evidence',
  'cutover',
] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

/**
 * One line of the ledger. It states the whole position after the event, so the last entry of a route is its position.
 * `percent` is the canary share in percent (2.5), `at` ISO UTC, `plan` the hash of the plan in force, `prev` and
 * `hash` SHA-256 in hex: the chain.
 */
export type LedgerEntry = {
  readonly seq: number;
  readonly at: string;
  readonly type: EntryType;
  readonly route: string | null;
  readonly stage: Stage | null;
  readonly percent: number | null;
  readonly writer: Party | null;
  readonly paused: boolean | null;
  readonly killed: boolean | null;
  /** Counts the entries of the route, from 1. */
  readonly version: number;
  readonly plan: string;
  readonly actor: string;
  readonly reason: string;
  /** Somebody stepped over the checks; the reason says why. Only there when it is so. */
  readonly forced?: true;
  /** What a move rests on, and what an `evidence` found. Only there when there is some. */
  readonly evidence?: EntryEvidence;
  /** Where a data set stands after a `cutover`, or a `repair`; its route is `data:SET`. Only there. */
  readonly data?: DataPosition;
  readonly prev: string;
  readonly hash: string;
};

/** What was known of a route, in one form of it and with one build of its candidate (null: it tells none). */
export type EntryEvidence = {
  readonly route: string;
  readonly routeHash: string;
  readonly build: string | null;
  /** What its guardrails said when it was moved; a value is null without samples. */
  readonly guardrails?: readonly {
    readonly name: string;
    readonly verdict: string;
    readonly value: number | null;
    readonly threshold: number;
    readonly sample: number;
  }[];
  /** What a run of its parity suite found. */
  readonly parity?: ParityVerdict;
};

export type ParityVerdict = {
  readonly verdict: 'pass' | 'fail';
  /** File of the suite, relative to the plan folder. */
  readonly suite: string;
  /** SHA-256 (hex) of what the suite held. */
  readonly suiteHash: string;
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly skipped: number;
  /** Of the skipped ones, those that write and were not asked for. */
  readonly unsentWrites: number;
};

export type LedgerDraft = Omit<LedgerEntry, 'seq' | 'prev' | 'hash'>;

export type AppendOutcome =
  | { readonly ok: true; readonly entries: readonly LedgerEntry[] }
  /** Somebody else appended first: `version` is the one in force. Nothing was written. */
  | { readonly ok: false; readonly route: string; readonly version: number };

/**
 * Why a ledger cannot be trusted or reached: the place, what is wrong there, and what to do unless it is
 * `LEDGER_REMEDY`.
 */
export type LedgerFault = {
  readonly place: string;
  readonly detail: string;
  readonly remedy?: string;
  /** It can only not be written: every entry was read, and what they say holds. */
  readonly entriesHold?: boolean;
  /** Its database is away; nothing says that its entries are wrong. It ends by itself. */
  readonly away?: boolean;
};

/** What to do about a damaged ledger. */
export const LEDGER_REMEDY =
  'Stop the facade and run `fig ledger repair --dry-run`, which says what is damaged and what a repair would do; or put a good copy of the ledger in its place. Then start the facade again.';

/**
 * Port: the append-only record of transitions. Adapters: memory, file, postgres. One contract suite: `ledger.suite.ts`.
 * An append is atomic and durable when its promise resolves; it is refused unless every draft carries exactly the
 * version after the route's last. Rejects with `LedgerError` when it cannot be written.
 */
export type Ledger = {
  /** Where it is kept, for people: `file:.fig/ledger.jsonl`. */
  readonly name: string;
  /** Null when every line is trusted. With a fault nothing is appended. */
  fault(): LedgerFault | null;
  append(drafts: readonly LedgerDraft[]): Promise<AppendOutcome>;
  /** Entries with `seq` > after, oldest first, at most `limit`; only those of a route when one is named. */
  read(query: { after: number; limit: number; route?: string }): Promise<LedgerEntry[]>;
  /** Reads what other processes appended; never rejects. */
  refresh(): Promise<void>;
  /**
   * Calls when entries came that another process may have appended, oldest first, and with none when the fault came or
   * went. A ledger of one process never calls.
   */
  onChange(listener: (entries: readonly LedgerEntry[]) => void): void;
  close(): Promise<void>;
};

/** A ledger that cannot be read, locked or written. */
export class LedgerError extends Error {
  readonly code:
    | 'LEDGER_LOCKED'
    | 'LEDGER_UNREADABLE'
    | 'LEDGER_UNWRITABLE'
    | 'LEDGER_UNREACHABLE'
    | 'LEDGER_CORRUPT';
  constructor(code: LedgerError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LedgerError';
    this.code = code;
  }
}

/** The position an entry leaves its route in; null for entries about the whole plan. */
export function positionOf(entry: LedgerEntry, before: Position | undefined): Position | null {
  if (entry.route === null || entry.stage === null) return null;
  const hundredths = Math.round((entry.percent ?? 0) * 100);
  const stayed = before?.stage === entry.stage && before.hundredths === hundredths;
  return {
    stage: entry.stage,
    hundredths,
    writer: entry.writer ?? 'legacy',
    paused: entry.paused ?? false,
    killed: entry.killed ?? false,
    version: entry.version,
    sinceMs: stayed ? before.sinceMs : Date.parse(entry.at),
  };
}

/** The positions of all routes once the entries are read, oldest first; `before` holds those that came earlier. */
export function foldPositions(
  entries: Iterable<LedgerEntry>,
  before: ReadonlyMap<string, Position> = new Map(),
): Map<string, Position> {
  const positions = new Map(before);
  for (const entry of entries) {
    if (entry.route === null) continue;
    const position = positionOf(entry, positions.get(entry.route));
    if (position) positions.set(entry.route, position);
  }
  return positions;
}

/** The state of all sets once the entries are read, oldest first. */
export function foldData(
  entries: Iterable<LedgerEntry>,
  before: DataStates = new Map(),
): Map<string, DataState> {
  const states = new Map(before);
  for (const { data, version, at } of entries)
    if (data) states.set(data.set, { ...data, version, sinceMs: Date.parse(at) });
  return states;
}

/** Whether an entry is about a route: it moved it, or found something out about it. */
export const concerns = (entry: LedgerEntry, route: string): boolean =>
  entry.route === route || (entry.type === 'evidence' && entry.evidence?.route === route);

/** The last entry that says that the ledger was repaired; undefined when it never was. */
export function lastRepair(entries: readonly LedgerEntry[]): LedgerEntry | undefined {
  return entries.findLast(({ type, route }) => type === 'repair' && route === null);
}
