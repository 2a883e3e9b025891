import type { CapturedTable } from '../capture/change-source.ts';
import type { BatchResult } from '../target/sync-inbox.ts';

/** A row as it is to be in the legacy database; null: it is to be gone. */
export type BackRow = { readonly key: string; readonly columns: Readonly<Record<string, unknown>> | null };

/**
 * Port: writes the rows of one set back into the legacy database, past its gate and unseen by its capture. Adapters:
 * MySQL and MariaDB, SQLite; suite: legacy-writer.test.ts.
 */
export type LegacyWriter = {
  /** Makes what it needs; may be called again. */
  prepare(): Promise<void>;
  /**
   * One transaction. A row that came under the same or a newer ticket stays as it is (`stale`); one that the database
   * refuses is rolled back alone, with its reason.
   */
  apply(table: CapturedTable, ticket: string, rows: readonly BackRow[]): Promise<BatchResult>;
  /**
   * The last number that the table's counter has handed out, or was raised to: 0 before the first, null where its key is
   * not counted by the database, or only from the rows that there are.
   */
  lastNumber(table: CapturedTable): Promise<bigint | null>;
  /**
   * The counter hands out no number up to this one any more; why not, or null when it is so. No row is left behind, and
   * no schema is changed unless the table is empty or takes no copy of a row.
   */
  skipNumbers(table: CapturedTable, last: bigint): Promise<string | null>;
  /** Leaves a mark, which proves that the way back leads here. */
  mark(key: string): Promise<void>;
  isMarked(key: string): Promise<boolean>;
  close(): Promise<void>;
};

/** Every table that the relay makes for the way back. */
export const APPLIED = '_fig_applied';
export const MARKS = '_fig_mark';

/** Those that did not come under this or a newer ticket yet, in the order in which all writers take them. */
export function winnersOf(
  rows: readonly BackRow[],
  ticket: string,
  versions: ReadonlyMap<string, bigint>,
): readonly BackRow[] {
  return rows
    .filter(({ key }) => (versions.get(key) ?? -1n) < BigInt(ticket))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * Removals come first: what must be unique is free by then. What is refused goes once more behind the others, until a
 * round brings none through. Yields each row to write and takes the reason why it was refused, or null.
 */
export function* inWritingOrder(
  rows: readonly BackRow[],
): Generator<BackRow, { key: string; reason: string }[], string | null> {
  let waiting = [
    ...rows.filter(({ columns }) => columns === null),
    ...rows.filter(({ columns }) => columns !== null),
  ];
  for (;;) {
    const refused: { row: BackRow; reason: string }[] = [];
    for (const row of waiting) {
      const reason = yield row;
      if (reason !== null) refused.push({ row, reason });
    }
    if (refused.length === 0 || refused.length === waiting.length)
      return refused.map(({ row, reason }) => ({ key: row.key, reason }));
    waiting = refused.map(({ row }) => row);
  }
}
