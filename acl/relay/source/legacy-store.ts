/**
 * A row as the legacy database has it. `key` is the key column's value as text. Numbers that do not fit a JavaScript
 * number arrive as decimal strings (on MySQL every BIGINT and DECIMAL does); dates arrive as the database's own text.
 */
export type LegacyRow = { readonly key: string; readonly columns: Readonly<Record<string, unknown>> };

/** What a column's texts and numbers stand for: `number` by value, `instant` on the calendar, `json`, all else as it is. */
export type ColumnKind = 'number' | 'instant' | 'json' | 'plain';

/** Read access to the legacy database; it never writes and holds no transaction between calls. */
export type LegacyStore = {
  /** Kind, host and database without credentials, for messages. */
  readonly name: string;
  /**
   * Tells this database from any other, also behind the same address: what was copied from another one counts for
   * nothing here. Stays the same when a server moves to another port.
   */
  identity(): Promise<string>;
  count(table: string): Promise<number>;
  /** Rows in key order (the database's own order for text keys) strictly after `after`; null starts at the first. */
  readRowsAfter(
    table: string,
    keyColumn: string,
    after: string | null,
    limit: number,
  ): Promise<readonly LegacyRow[]>;
  /** The rows of these keys that exist now, in no particular order; sees every write committed before the call. */
  readRows(table: string, keyColumn: string, keys: readonly string[]): Promise<readonly LegacyRow[]>;
  /** Those of these keys that have a row, as the database writes them; may miss what was committed a moment ago. */
  readKeys(table: string, keyColumn: string, keys: readonly string[]): Promise<readonly string[]>;
  /** Columns of the table as they are now, with what they hold. */
  columnKinds(table: string): Promise<ReadonlyMap<string, ColumnKind>>;
  /** Columns of the table as they are declared now: `varchar(40) null`; empty where there is no such table. */
  columnTypes(table: string): Promise<ReadonlyMap<string, string>>;
  /** Throws with one line when the database cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
};
