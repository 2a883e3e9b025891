import type { EntityManager } from 'typeorm';

export type UpsertTable = {
  readonly table: string;
  readonly key: string;
  /** Columns that are written; a row that is the same in all of them is left alone. */
  readonly columns: readonly string[];
  /** Column that is 1 for a new row and grows with each change. */
  readonly version?: string;
};

/**
 * Inserts or updates any number of rows in one statement and one parameter. Rows are objects by column name, in
 * JSON types that Postgres reads for the column. Returns the key, and the version, of those that changed.
 */
export async function upsertRows(
  manager: EntityManager,
  { table, key, columns, version }: UpsertTable,
  rows: readonly object[],
): Promise<Record<string, unknown>[]> {
  if (rows.length === 0) return [];
  const quoted = (name: string) => `"${name}"`;
  const names = columns.map(quoted).join(', ');
  const now = (owner: string) => columns.map((column) => `${owner}.${quoted(column)}`).join(', ');
  const updates = columns
    .filter((column) => column !== key)
    .map((column) => `${quoted(column)} = excluded.${quoted(column)}`);
  if (version !== undefined) updates.push(`${quoted(version)} = t.${quoted(version)} + 1`);
  const told = [key, ...(version === undefined ? [] : [version])];
  return manager.query(
    `INSERT INTO ${quoted(table)} AS t (${names}${version === undefined ? '' : `, ${quoted(version)}`})
     SELECT ${names}${version === undefined ? '' : ', 1'} FROM json_populate_recordset(NULL::${quoted(table)}, $1)
     ORDER BY ${quoted(key)}
     ON CONFLICT (${quoted(key)}) DO UPDATE SET ${updates.join(', ')}
     WHERE (${now('t')}) IS DISTINCT FROM (${now('excluded')})
     RETURNING ${told.map((name) => `t.${quoted(name)}`).join(', ')}`,
    [JSON.stringify(rows)],
  );
}
