import type { Flip, Noted, Row, StoreAudit } from './store-audit.ts';
import { type Write, WriteBook } from './write-book.ts';

type Store = {
  readonly name: 'legacy' | 'candidate';
  readonly flips: readonly Flip[];
  readonly noted: readonly Noted[];
  readonly ownWrites: number;
  readonly rows: ReadonlyMap<number, Row>;
};

/** Reads everything that the verdict rests on; nothing may be under way. */
export async function readStore(name: Store['name'], audit: StoreAudit): Promise<Store> {
  const [flips, noted, ownWrites, rows] = [
    ...[await audit.flips(), await audit.noted(), await audit.ownWrites(), await audit.rows()],
  ] as [Flip[], Noted[], number, Map<number, Row>];
  return { name, flips, noted, ownWrites, rows };
}

/** Every promise of a change of owners that both stores at rest and the book of the writers can break. */
export function judge(legacy: Store, candidate: Store, book: WriteBook): string[] {
  return [
    ...book.faults,
    ...compareRows(legacy.rows, candidate.rows),
    ...[legacy, candidate].flatMap(writesOfStrangers),
    ...effects(legacy, candidate, book),
    ...[legacy, candidate].flatMap((store) => echoes(store, book)),
    ...lastWrites(legacy.rows, book),
  ];
}

/** 0 missing, 0 stale, 0 phantom: what one store holds, the other one holds. */
function compareRows(legacy: Store['rows'], candidate: Store['rows']): string[] {
  const faults: string[] = [];
  for (const [key, row] of legacy) {
    const other = candidate.get(key);
    if (!other) faults.push(`missing at the candidate: ${key}`);
    else if (JSON.stringify(row) !== JSON.stringify(other))
      faults.push(`stale: ${key} is ${JSON.stringify(row)} at legacy and ${JSON.stringify(other)} there`);
  }
  for (const key of candidate.keys()) if (!legacy.has(key)) faults.push(`phantom at the candidate: ${key}`);
  return faults;
}

/** Each change of owners notes how many own writes there were: while a store owns nothing, there may come none. */
function writesOfStrangers({ name, flips, ownWrites }: Store): string[] {
  return flips.flatMap(({ owner, epoch, ownWrites: before }, n) => {
    const after = flips[n + 1]?.ownWrites ?? ownWrites;
    return owner === name || after === before
      ? []
      : [`${name} took ${after - before} writes of its own in epoch ${epoch}, when ${owner} owned the set`];
  });
}

/** Acknowledged writes stand in one store, as its own; rejected ones in none. */
function effects(legacy: Store, candidate: Store, book: WriteBook): string[] {
  const own = (store: Store) =>
    new Set(store.noted.flatMap(({ isOwn, token }) => (isOwn && token !== '' ? [token] : [])));
  const [atLegacy, atCandidate] = [own(legacy), own(candidate)];
  const removed = removedKeys(book);
  return book.writes.flatMap(({ token, outcome, kind, key }) => {
    if (token === '') return [];
    const times = Number(atLegacy.has(token)) + Number(atCandidate.has(token));
    const what = `${kind} ${token} of ${key ?? 'a new row'}`;
    if (outcome === 'rejected' && times > 0) return [`rejected, and in a store all the same: ${what}`];
    if (outcome === 'acked' && times === 0) return [`acknowledged, and in no store: ${what}`];
    return times > 1 && !removed.has(key) ? [`in both stores as their own: ${what}`] : [];
  });
}

/** Rows whose last token a removal writes once more, wherever it was written first. */
const removedKeys = (book: WriteBook) =>
  new Set(book.writes.flatMap(({ kind, key }) => (kind === 'remove' ? [key] : [])));

/** What a store has written itself never comes back to it. */
function echoes({ name, noted }: Store, book: WriteBook): string[] {
  const removed = removedKeys(book);
  const own = new Set(noted.flatMap(({ isOwn, token }) => (isOwn ? [token] : [])));
  const back = noted.filter(
    ({ isOwn, token, key }) => !isOwn && /^[cj]\d+-/.test(token) && own.has(token) && !removed.has(key),
  );
  return back.map(({ token, key }) => `an echo: ${token} of ${key} came back to ${name}`);
}

/** The row holds the write that may have been the last one; what was removed is gone, and what was created is there. */
function lastWrites(rows: Store['rows'], book: WriteBook): string[] {
  const faults: string[] = [];
  const byKey = Map.groupBy(
    book.writes.filter((write): write is Write & { key: number } => write.key !== null),
    ({ key }) => key,
  );
  for (const [key, outcome] of book.cascaded)
    if (outcome === 'acked' && rows.has(key))
      faults.push(
        `removed with its batch, and there again, or its number was given to another row: ${key} (${JSON.stringify(rows.get(key)?.notes)})`,
      );
  const created = new Map<number, string>();
  for (const { kind, key, token, outcome } of book.writes) {
    if (kind !== 'create' || outcome !== 'acked' || key === null) continue;
    if (created.has(key)) faults.push(`two new rows got the number ${key}`);
    created.set(key, token);
  }
  for (const [key, writes] of byKey) {
    const row = rows.get(key);
    if (row === undefined) {
      if (!book.cascaded.has(key)) faults.push(`lost: ${key}, which was written to and never removed`);
      continue;
    }
    const removal = writes.find(({ kind, outcome }) => kind === 'remove' && outcome === 'acked');
    if (removal && !row.isRemoved) faults.push(`removed, and there again: ${key}`);
    const acked = writes.some(({ outcome, token }) => outcome === 'acked' && token !== '');
    if (!acked) continue;
    const last = writes.find(({ token }) => token === row.notes);
    if (!last) faults.push(`${key} holds ${JSON.stringify(row.notes)}, which nobody wrote last`);
    else if (!WriteBook.mayBeLast(last, writes))
      faults.push(`${key} holds ${row.notes} (${last.outcome}), and a later write was acknowledged`);
  }
  return faults;
}
