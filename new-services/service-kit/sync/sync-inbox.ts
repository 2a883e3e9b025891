import type { DataSource, EntityManager } from 'typeorm';
import { isRowFault, rowFaultInWords } from '../database/failures.ts';
import { inTransaction } from '../database/transaction.ts';
import { faults } from '../http/parse.ts';
import { Problem } from '../http/problem.ts';
import { canonicalHash } from './canonical-hash.ts';
import { holdOwner } from './owner.ts';
import { raiseAboveKeys } from './stream-numbers.ts';
import { compareKeys, isKeyOf, type SyncStream, type Winners } from './sync-stream.ts';
import { type Claim, claimRows, readSyncRows } from './sync-tables.ts';

export type BatchRow = { readonly key: string; readonly deleted: boolean; readonly value?: unknown };

/**
 * What became of a batch: applied + stale + rejected is its size; `unchanged` counts those of the applied that left
 * the aggregate as it was.
 */
export type BatchResult = {
  readonly applied: number;
  readonly stale: number;
  readonly unchanged: number;
  readonly rejected: readonly { readonly key: string; readonly reason: string }[];
};

export type ExportRow = {
  readonly key: string;
  readonly deleted: boolean;
  /** Ticket of the last row applied; `0` for an aggregate that did not come through the inbox. */
  readonly version: string;
  /** canonicalHash of the value; null without one. */
  readonly hash: string | null;
  /** Null for a tombstone, and for all where values were not asked for. */
  readonly value: unknown;
};

/** Leaves the savepoint, so that the tickets of these rows stay unused; the others go in again without them. */
class Conflicts extends Error {
  override readonly name = 'Conflicts';
  readonly rows: readonly { readonly key: string; readonly reason: string }[];

  constructor(rows: readonly { readonly key: string; readonly reason: string }[]) {
    super(`${rows.length} rows hold what another one holds`);
    this.rows = rows;
  }
}

type Candidate<V> = Claim & { readonly value: V | null };

/**
 * Applies a batch in one transaction: the version guard decides which rows win, only winners touch domain tables,
 * and a row the database refuses is rolled back alone. Tombstones stay, so that no older ticket brings a row back.
 * Queues nothing for the way back: no row goes round. Throws SYNC_OWNED_HERE while this service is the owner.
 */
export async function applyBatch<V>(
  dataSource: DataSource,
  stream: SyncStream<V>,
  ticket: string,
  rows: readonly BatchRow[],
): Promise<BatchResult> {
  const invalid: { key: string; reason: string }[] = [];
  const candidates: Candidate<V>[] = [];
  for (const row of rows) {
    const checked = check(stream, row);
    if (typeof checked === 'string') invalid.push({ key: row.key, reason: checked });
    else candidates.push(checked);
  }
  return inTransaction(dataSource, async (manager) => {
    await refuseOwner(manager, stream.name);
    const result = { applied: 0, stale: 0, unchanged: 0, rejected: [...invalid] };
    const applyGroup = async (group: readonly Candidate<V>[]): Promise<void> => {
      if (group.length === 0) return;
      try {
        // A transaction inside a transaction is a savepoint: a failed group leaves no trace.
        const { winners, changed } = await manager.transaction((inner) =>
          applyRows(inner, stream, ticket, group),
        );
        result.applied += winners;
        result.unchanged += winners - changed;
        result.stale += group.length - winners;
      } catch (error) {
        if (error instanceof Conflicts) {
          result.rejected.push(...error.rows);
          const refused = new Set(error.rows.map((row) => row.key));
          return applyGroup(group.filter(({ key }) => !refused.has(key)));
        }
        if (!isRowFault(error)) throw error;
        const [only, another] = group;
        if (only !== undefined && another === undefined) {
          result.rejected.push({ key: only.key, reason: rowFaultInWords(error) });
          return;
        }
        const half = Math.ceil(group.length / 2);
        await applyGroup(group.slice(0, half));
        await applyGroup(group.slice(half));
      }
    };
    await applyGroup(candidates);
    return result;
  });
}

/**
 * One page of what the service holds, with tombstones, from one snapshot; `next` is null after the last page. Without
 * values only keys are read, at a small part of the cost.
 */
export async function exportPage<V>(
  dataSource: DataSource,
  stream: SyncStream<V>,
  after: string | null,
  limit: number,
  withValues: boolean,
): Promise<{ rows: ExportRow[]; next: string | null }> {
  return dataSource.transaction('REPEATABLE READ', async (manager) => {
    // Behind a copy the planner knows no figures yet, and would sort all that is left of the stream for each page.
    await manager.query('SET LOCAL enable_sort = off');
    const synced = await readSyncRows(manager, stream.name, stream.keyOrder, after, limit + 1);
    const living = withValues
      ? await stream.read(manager, after, limit + 1)
      : (await stream.readKeys(manager, after, limit + 1)).map((key) => ({ key, value: null }));
    const rows = new Map<string, ExportRow>();
    // What came through the inbox and is not alive was removed, by a tombstone or by the service itself.
    for (const row of synced) rows.set(row.key, { ...row, deleted: true, hash: null, value: null });
    for (const { key, value } of living) {
      const version = rows.get(key)?.version ?? '0';
      rows.set(key, {
        key,
        deleted: false,
        version,
        hash: value === null ? null : canonicalHash(value),
        value,
      });
    }
    const ordered = [...rows.values()].sort((a, b) => compareKeys(stream.keyOrder, a.key, b.key));
    const page = ordered.slice(0, limit);
    return { rows: page, next: ordered.length > limit ? (page.at(-1)?.key ?? null) : null };
  });
}

/** One direction is live at a time: what the service owns is carried out of it, and nothing into it. */
async function refuseOwner(manager: EntityManager, stream: string): Promise<void> {
  const { owner, epoch } = await holdOwner(manager, stream);
  // `open` behind an owner is a service that governs itself for good; before any, nobody has been told yet.
  const governsItself = owner === 'open' && epoch > 0;
  if (owner !== 'candidate' && !governsItself) return;
  throw new Problem(
    { code: 'SYNC_OWNED_HERE', status: 409, title: 'This service owns the data' },
    `The owner of ${stream} is ${owner}, in epoch ${epoch}: no rows are carried in. Stop carrying, or make another one the owner first.`,
  );
}

function check<V>(stream: SyncStream<V>, row: BatchRow): Candidate<V> | string {
  if (!isKeyOf(stream.keyOrder, row.key)) return 'key: expected a decimal number without leading zeros';
  const destination = stream.destinationOf(row.key);
  if (row.deleted) return { key: row.key, destination, deleted: true, hash: null, value: null };
  if (row.value === undefined) return 'value: missing';
  const parsed = stream.value.safeParse(row.value);
  if (!parsed.success) {
    return faults(parsed.error)
      .map(({ path, message }) => `${path || 'value'}: ${message}`)
      .join('; ');
  }
  const mismatch = stream.mismatch(row.key, parsed.data, destination);
  if (mismatch !== null) return mismatch;
  return { key: row.key, destination, deleted: false, hash: canonicalHash(parsed.data), value: parsed.data };
}

async function applyRows<V>(
  manager: EntityManager,
  stream: SyncStream<V>,
  ticket: string,
  group: readonly Candidate<V>[],
): Promise<{ winners: number; changed: number }> {
  const claims = group.map(({ value: _value, ...claim }) => claim);
  const won = await claimRows(manager, stream.name, ticket, claims);
  const winners = group.filter((candidate) => won.has(candidate.key));
  const rows: Winners<V> = {
    values: winners.flatMap(({ key, destination, value }) =>
      value === null ? [] : [{ key, destination, value }],
    ),
    tombstones: winners.filter((winner) => winner.deleted),
  };
  const conflicts = (await stream.conflicts?.(manager, rows)) ?? [];
  if (conflicts.length > 0) throw new Conflicts(conflicts);
  const { changed } = await stream.apply(manager, rows);
  // Also above those of rows that are gone: what a number once stood for, it stands for everywhere.
  await raiseAboveKeys(manager, stream, [...won]);
  return { winners: winners.length, changed };
}
