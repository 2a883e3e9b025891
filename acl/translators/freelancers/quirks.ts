export type RowQuirk =
  | 'blank-text-is-null'
  | 'null-skills'
  | 'empty-skills-dropped'
  | 'skill-spaces-trimmed'
  | 'zero-date-is-now';
export type SearchQuirk = 'spaces-left-by-wildcards';

export type Quirk = {
  readonly name: RowQuirk | SearchQuirk;
  /** Column or parameter, and what wrote such values. */
  readonly where: string;
  /** What the translation makes of it, and what a legacy client can notice. */
  readonly what: string;
};

/** Every canonicalisation that this data set's translator makes; the README shows the same table. */
export const quirks: readonly Quirk[] = [
  {
    name: 'blank-text-is-null',
    where:
      "frl_email, frl_phone, blk_reason, city, country, notes: '' from the HTML form, spaces from imports",
    what: "becomes null; the legacy JSON shows '' for all of them",
  },
  {
    name: 'zero-date-is-now',
    where: 'avail_from: 0000-00-00 from imports under a lax sql_mode',
    what: "becomes null, available now; the legacy JSON shows '' for both",
  },
  {
    name: 'null-skills',
    where: 'skills_csv: NULL from imports',
    what: "becomes no skills, like ''",
  },
  {
    name: 'empty-skills-dropped',
    where: 'skills_csv: `java,,sql` or a comma at an end, from hand-made imports',
    what: 'the empty elements vanish; a legacy client sees `java,sql`',
  },
  {
    name: 'skill-spaces-trimmed',
    where: 'skills_csv: `java, sql`, from hand-made imports',
    what: 'spaces around an element vanish; a legacy client sees `java,sql`, and `skill=sql` now finds the row',
  },
  {
    name: 'spaces-left-by-wildcards',
    where: 'q: `% x` or `a _ b`, where legacy drops the wildcard after folding and searches the spaces too',
    what: 'the new search has no leading, trailing or doubled spaces: it finds what legacy finds, and more',
  },
];

/** Columns that a quirk makes canonical. */
export const quirkColumns: Readonly<Record<RowQuirk, readonly string[]>> = {
  'blank-text-is-null': ['frl_email', 'frl_phone', 'blk_reason', 'city', 'country', 'notes'],
  'zero-date-is-now': ['avail_from'],
  'null-skills': ['skills_csv'],
  'empty-skills-dropped': ['skills_csv'],
  'skill-spaces-trimmed': ['skills_csv'],
};
