/** The columns of the tables of a set, each as the database declares it: `varchar(40) null`. */
export type Columns = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A column that is not what it was when capture was installed. */
export type Drift = {
  readonly table: string;
  readonly column: string;
  readonly kind: 'added' | 'gone' | 'changed';
  readonly detail: string;
};

/** What has changed since `before`; a table that is gone has lost all its columns. */
export function driftOf(before: Columns, now: Columns): Drift[] {
  return Object.entries(before).flatMap(([table, columns]) => ofTable(table, columns, now[table] ?? {}));
}

function ofTable(
  table: string,
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): Drift[] {
  const added = Object.keys(now).filter((column) => !(column in before));
  const gone = Object.keys(before).filter((column) => !(column in now));
  const changed = Object.keys(before).filter((column) => column in now && now[column] !== before[column]);
  return [
    ...gone.map((column): Drift => {
      const alike = added.filter((other) => now[other] === before[column]);
      const guess = alike.length > 0 ? ` (renamed to ${alike.join(' or ')}?)` : '';
      return { table, column, kind: 'gone', detail: `${table}.${column} is gone${guess}` };
    }),
    ...changed.map((column): Drift => {
      const detail = `${table}.${column} was ${before[column]} and is ${now[column]}`;
      return { table, column, kind: 'changed', detail };
    }),
    ...added.map((column): Drift => {
      const detail = `${table}.${column} was added (${now[column]}) and is not carried over`;
      return { table, column, kind: 'added', detail };
    }),
  ];
}

/** One more column takes nothing from what the translator reads. */
export const isHarmful = ({ kind }: Drift): boolean => kind !== 'added';
