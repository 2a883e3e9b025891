import { type DataState, dataKey } from './data-position.ts';
import {
  foldData,
  foldPositions,
  type LedgerDraft,
  type LedgerEntry,
  lastRepair,
  positionOf,
} from './ledger.ts';
import { chainFault, entryHash, sealEntry } from './ledger-chain.ts';
import { readLedgerLine } from './ledger-line.ts';
import { initialPosition, type Position } from './position.ts';
import type { StoredPositions } from './position-store.ts';

/** A line of a ledger as it stands there; `torn`: it has no line break, so it was never acknowledged. */
export type StandingLine = {
  readonly place: string;
  readonly line: string | Uint8Array;
  readonly torn: boolean;
  /** The number under which a table holds it; it must be the entry's own. */
  readonly row?: number;
};

/** A line behind the first damage. `entry` is what it says, if its own hash confirms it. */
type CutOffLine = {
  readonly place: string;
  readonly entry: LedgerEntry | null;
  readonly problem: string | null;
  readonly torn: boolean;
  /** It holds nothing, so it never was an entry. */
  readonly empty: boolean;
};

export type Examination = {
  /** The longest part from the beginning that can be verified. */
  readonly kept: readonly LedgerEntry[];
  /** The first line that cannot, and everything behind it. */
  readonly cutOff: readonly CutOffLine[];
};

/** What an instance had stored, and where that was found. */
export type FoundPositions = { readonly source: string; readonly stored: StoredPositions };

/** Where a route stood by each of the sources, and where a repair puts it. */
type RepairedRoute = {
  readonly route: string;
  readonly kept: Position | null;
  readonly stored: Position | null;
  readonly cutOff: Position | null;
  readonly becomes: Position;
  readonly from: 'kept' | 'stored' | 'cutOff';
};

/** Who owned a data set by each of the sources, and who does behind the repair. */
type RepairedSet = {
  readonly set: string;
  readonly kept: DataState | null;
  readonly stored: DataState | null;
  readonly cutOff: DataState | null;
  readonly becomes: DataState;
  readonly from: 'kept' | 'stored' | 'cutOff';
};

export type RepairPlan = {
  readonly routes: readonly RepairedRoute[];
  readonly sets: readonly RepairedSet[];
  /** What was taken for the last served positions; null when nothing stored belongs to this ledger. */
  readonly stored: FoundPositions | null;
  /** Numbers of entries that were acknowledged and of which nothing is known any more. */
  readonly unknown: readonly number[];
};

/** Reads lines up to the first that does not continue the chain, and looks what those behind it say for themselves. */
export function examineLedger(lines: readonly StandingLine[]): Examination {
  const kept: LedgerEntry[] = [];
  const cutOff: CutOffLine[] = [];
  for (const { place, line, torn, row } of lines) {
    const read = readLedgerLine(line);
    const entry = typeof read === 'string' ? null : read;
    const misplaced = entry && row !== undefined && entry.seq !== row ? `it is entry ${entry.seq}` : null;
    const problem = entry ? (misplaced ?? chainFault(entry, kept.at(-1))) : String(read);
    if (entry && problem === null && cutOff.length === 0) {
      kept.push(entry);
      continue;
    }
    const whole = entry !== null && entry.hash === entryHash(entry);
    // Behind the first damage every link is broken; only what is wrong with a line itself is worth telling.
    const told = cutOff.length === 0 || !whole ? problem : misplaced;
    cutOff.push({ place, entry: whole ? entry : null, problem: told, torn, empty: line.length === 0 });
  }
  return { kept, cutOff };
}

/**
 * Where routes stand after a repair: with `latest` at the newest position that anybody knows of (the kept entries, what
 * instances have served, what whole lines behind the damage say), with `kept` at what the kept entries alone say. A data
 * set stands at the newest in either case: who owns it is a fact of its two stores, and no wish.
 */
export function planRepair(
  { kept, cutOff }: Examination,
  found: readonly FoundPositions[],
  policy: 'latest' | 'kept',
): RepairPlan {
  const behind = cutOff.flatMap(({ entry }) => entry ?? []);
  // What was stored before an earlier repair has been dealt with by that one.
  const repair = lastRepair([...kept, ...behind])?.hash ?? '';
  const last = found.filter(({ stored }) => stored.repair === repair);
  // Several facades may keep what they served in one folder. Where nothing there is about this ledger, it may have taken
  // the place of the one that was served.
  const first = kept[0]?.hash ?? behind.find(({ seq }) => seq === 1)?.hash ?? '';
  const own = last.filter(({ stored }) => stored.ledger === '' || first === '' || stored.ledger === first);
  const current = own.length > 0 ? own : last;
  const stored = current.toSorted((a, b) => b.stored.seq - a.stored.seq)[0] ?? null;
  const said = {
    kept: foldPositions(kept),
    stored: new Map(Object.entries(stored?.stored.positions ?? {})),
    cutOff: newestPositions(behind),
  };
  const names = new Set([...said.kept.keys(), ...said.stored.keys(), ...said.cutOff.keys()]);
  const routes = [...names].sort().map((route) => {
    const of = {
      kept: said.kept.get(route) ?? null,
      stored: said.stored.get(route) ?? null,
      cutOff: said.cutOff.get(route) ?? null,
    };
    return { route, ...of, ...chosen(of, policy) };
  });
  const seen = stored?.stored.seq ?? 0;
  const sets = repairedSets({
    kept: foldData(kept),
    stored: new Map(Object.entries(stored?.stored.data ?? {})),
    cutOff: foldData(behind),
  });
  return { routes, sets, stored, unknown: unknownEntries(kept.length, cutOff, seen) };
}

function repairedSets(
  said: Readonly<Record<RepairedSet['from'], ReadonlyMap<string, DataState>>>,
): RepairedSet[] {
  const names = new Set(Object.values(said).flatMap((states) => [...states.keys()]));
  return [...names].sort().map((set) => {
    const [kept, stored, cutOff] = [said.kept, said.stored, said.cutOff].map((of) => of.get(set) ?? null);
    const of = { kept: kept ?? null, stored: stored ?? null, cutOff: cutOff ?? null };
    const newest = Math.max(...Object.values(of).map((state) => state?.version ?? 0));
    const from =
      (['kept', 'stored', 'cutOff'] as const).find((source) => of[source]?.version === newest) ?? 'kept';
    const state = of[from] as DataState;
    return { set, ...of, becomes: from === 'kept' ? state : { ...state, version: newest + 1 }, from };
  });
}

type Said = { kept: Position | null; stored: Position | null; cutOff: Position | null };

function chosen(said: Said, policy: 'latest' | 'kept'): Pick<RepairedRoute, 'becomes' | 'from'> {
  const versions = [said.kept, said.stored, said.cutOff].map((position) => position?.version ?? 0);
  const newest = Math.max(...versions);
  // Of two that are equally new the one that clients were served by wins.
  const order = policy === 'kept' ? (['kept'] as const) : (['stored', 'kept', 'cutOff'] as const);
  const from = order.find((source) => policy === 'kept' || said[source]?.version === newest) ?? 'kept';
  const position = said[from] ?? initialPosition;
  if (said.kept && from !== 'cutOff' && same(said.kept, position) && said.kept.version === newest)
    return { becomes: said.kept, from: 'kept' };
  // Nobody may take the position for one that he has seen under the same version.
  return { becomes: { ...position, version: newest + 1 }, from };
}

const same = (one: Position, other: Position) =>
  one.stage === other.stage &&
  one.hundredths === other.hundredths &&
  one.writer === other.writer &&
  one.paused === other.paused &&
  one.killed === other.killed;

function newestPositions(entries: readonly LedgerEntry[]): Map<string, Position> {
  const newest = new Map<string, Position>();
  for (const entry of entries) {
    const position = positionOf(entry, undefined);
    if (!position || entry.route === null) continue;
    if (position.version > (newest.get(entry.route)?.version ?? 0)) newest.set(entry.route, position);
  }
  return newest;
}

function unknownEntries(kept: number, cutOff: readonly CutOffLine[], served: number): number[] {
  const told = new Set(cutOff.flatMap(({ entry }) => entry?.seq ?? []));
  const last = Math.max(kept, ...told);
  const missing: number[] = [];
  for (let seq = kept + 1; seq <= last; seq++) if (!told.has(seq)) missing.push(seq);
  // A line that says nothing was one of the missing ones, or came behind the last that is known.
  const silent = cutOff.filter(({ entry, torn, empty }) => entry === null && !torn && !empty).length;
  for (let seq = last + 1; missing.length < silent; seq++) missing.push(seq);
  return missing.filter((seq) => seq > served);
}

/** The entries that a repair appends behind the kept ones: what was done, and every position that changes by it. */
export function repairEntries(
  kept: readonly LedgerEntry[],
  { routes, sets }: Pick<RepairPlan, 'routes' | 'sets'>,
  { at, actor, reason, plan }: Pick<LedgerDraft, 'at' | 'actor' | 'reason' | 'plan'>,
): LedgerEntry[] {
  const common = { at, type: 'repair', actor, plan } as const;
  const nothing = { route: null, stage: null, percent: null, writer: null, paused: null, killed: null };
  const drafts: LedgerDraft[] = [{ ...common, ...nothing, version: 0, reason }];
  for (const { route, kept: before, becomes, from } of routes) {
    if (before?.version === becomes.version) continue;
    const { stage, hundredths, writer, paused, killed, version } = becomes;
    const position = { stage, percent: hundredths / 100, writer, paused, killed, version };
    drafts.push({ ...common, route, ...position, reason: WHY[from] });
  }
  for (const { set, becomes, from } of sets) {
    if (from === 'kept') continue;
    const { version, sinceMs: _, ...data } = becomes;
    drafts.push({ ...common, ...nothing, route: dataKey(set), version, reason: WHY[from], data });
  }
  const entries: LedgerEntry[] = [];
  for (const draft of drafts) entries.push(sealEntry(draft, entries.at(-1) ?? kept.at(-1)));
  return entries;
}

const WHY = {
  kept: 'as the kept entries say; what came after them is not counted',
  stored: 'as it was served last',
  cutOff: 'as a whole entry behind the damage says',
};
