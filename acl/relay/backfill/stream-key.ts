type Table = { readonly name: string };

/** The key of a row in the set's stream: the row's own key, prefixed with the table when the set has several. */
export function streamKey(tables: readonly Table[], table: Table, key: string): string {
  return tables.length === 1 ? key : `${table.name}/${key}`;
}

/** The table and row key behind a stream key; null when the stream holds a key that no table of the set explains. */
export function tableKey<T extends Table>(
  tables: readonly T[],
  key: string,
): { readonly table: T; readonly key: string } | null {
  if (tables.length === 1) return { table: tables[0]!, key };
  const slash = key.indexOf('/');
  const table = tables.find(({ name }) => name === key.slice(0, slash));
  return table === undefined ? null : { table, key: key.slice(slash + 1) };
}
