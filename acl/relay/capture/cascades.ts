/** A foreign key as the database declares it. */
export type ForeignKey = {
  readonly child: string;
  /** Columns of the child, and those of the parent that they refer to, in the same order. */
  readonly columns: readonly string[];
  readonly parent: string;
  readonly references: readonly string[];
  /** `CASCADE`, `SET NULL`, `SET DEFAULT`, `RESTRICT`, `NO ACTION`. */
  readonly onDelete: string;
  readonly onUpdate: string;
};

/** Rows of `table` that change by themselves when a row of `on` is removed, or its key changes. */
export type Cascade = {
  readonly event: 'DELETE' | 'UPDATE';
  /** The table that is written to. */
  readonly on: string;
  /** The captured one that follows. */
  readonly table: string;
  /** The way from `table` up to `on`: the first is a key of `table`, the last refers to `on`. */
  readonly way: readonly ForeignKey[];
};

const CHANGES = new Set(['CASCADE', 'SET NULL', 'SET DEFAULT']);

/**
 * What reaches a captured table from the tables above it without a trigger of its own. A row that is removed takes rows
 * along over any number of keys that cascade; over the last one they may be removed or set.
 * Throws RangeError for a circle of keys that cascade: a trigger cannot say where that ends.
 */
export function cascadesTo(table: string, keys: readonly ForeignKey[]): Cascade[] {
  const found: Cascade[] = [];
  const climb = (way: readonly ForeignKey[]) => {
    const last = way.at(-1) as ForeignKey;
    if (CHANGES.has(last.onDelete)) found.push({ event: 'DELETE', on: last.parent, table, way });
    if (CHANGES.has(last.onUpdate)) found.push({ event: 'UPDATE', on: last.parent, table, way });
    for (const above of keys.filter(({ child }) => child === last.parent)) {
      // Only a row that goes takes its own children along; a changed key would have to be part of another key.
      if (last.onDelete === 'RESTRICT' || last.onDelete === 'NO ACTION' || above.onDelete !== 'CASCADE')
        continue;
      if (above.parent === table || way.some(({ parent }) => parent === above.parent))
        throw new RangeError(`a circle of foreign keys that cascade: ${circle(way, above)}`);
      climb([...way, above]);
    }
  };
  for (const key of keys.filter(({ child }) => child === table)) {
    if (key.parent === table && (CHANGES.has(key.onDelete) || CHANGES.has(key.onUpdate)))
      throw new RangeError(`a foreign key that cascades into its own table: ${circle([], key)}`);
    climb([key]);
  }
  return found;
}

function circle(way: readonly ForeignKey[], last: ForeignKey): string {
  return [...way, last].map(({ child, parent }) => `${child} → ${parent}`).join(', ');
}
