export type RowQuirk = 'blank-text-is-null' | 'small-numbers-for-flags';

export type Quirk = {
  readonly name: RowQuirk;
  /** Column, and what wrote such values. */
  readonly where: string;
  /** What the translation makes of it, and what a legacy client can notice. */
  readonly what: string;
};

/** Every canonicalisation that this data set's translator makes; the README shows the same table. */
export const quirks: readonly Quirk[] = [
  {
    name: 'blank-text-is-null',
    where: "tsh_text: '' from the API, which stores it as it came, and from imports",
    what: "becomes null; the legacy JSON shows '' for both",
  },
  {
    name: 'small-numbers-for-flags',
    where: 'is_billable: numbers besides 0 and 1, written by hand',
    what: 'becomes true, and 1 on the way back; the legacy JSON shows Y for all but 0',
  },
];

/** Columns that a quirk makes canonical. */
export const quirkColumns: Readonly<Record<RowQuirk, readonly string[]>> = {
  'blank-text-is-null': ['tsh_text'],
  'small-numbers-for-flags': ['is_billable'],
};
