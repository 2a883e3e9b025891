import { isAnnounced, isAnnouncement } from './pair-names.ts';
import { type NamedSecret, secretByName } from './secret-names.ts';

type Open = {
  readonly tag: string;
  /** What the texts in it are. */
  readonly kind: NamedSecret | null;
  /** Its own text, of an element that says what the next one holds: `<dt>Password</dt>`. */
  says: string | null;
};
type Table = {
  /** What the cells below each heading are. */
  columns: readonly (NamedSecret | null)[];
  headings: (NamedSecret | null)[];
  cells: number;
};

/** Their name is that of a form or a place to go, and the text in them is the page's own. */
const NO_HOLDERS = new Set(
  'html head body form fieldset iframe frame object map a button label legend slot nav section main div meta'.split(
    ' ',
  ),
);
const LABELS = new Set(['dt', 'th', 'label']);
const HOLDERS = new Set('dd td input select textarea output span code string integer'.split(' '));
/** What may stand between a label and what it is about. */
const BETWEEN = new Set(['div', 'br', 'p', 'b', 'strong', 'em']);
const VOID = new Set('input meta br hr img link area base col embed source track wbr'.split(' '));
/** A closing tag ends what was left open within it, as far up as this. */
const REACH = 8;
const LONGEST_LABEL = 64;

/**
 * Follows the tags of a page or of XML, and tells what its texts and attributes are by what names them: the element
 * (`<password>`), its attributes (`<param name="password">`, also of the `<select>` around an `<option>`), the label
 * before it (`<dt>`, `<th>`, `<key>`) or the heading of its column. Time and memory are linear in the tags.
 */
export class MarkupNames {
  readonly #open: Open[] = [];
  readonly #tables: Table[] = [];
  #label: NamedSecret | null = null;
  /** Of the element that was opened last, by its attributes or the label before it. */
  #holds: NamedSecret | null = null;

  opened(tag: string, attributes: Readonly<Record<string, string>>): void {
    this.#endImplied(tag);
    const label = this.#labelFor(tag);
    const { name, key, property, itemprop, id, type } = attributes;
    const given = name ?? key ?? property ?? itemprop;
    const named = /^password$/i.test(type ?? '') ? 'password' : secretByName(given ?? '');
    const column = this.#columnOf(tag, attributes.colspan);
    const above = this.#open.at(-1)?.kind ?? null;
    this.#holds = named ?? secretByName(id ?? '') ?? label ?? above ?? secretByName(tag);
    if (VOID.has(tag)) return;
    const own = NO_HOLDERS.has(tag) ? null : (named ?? secretByName(tag));
    this.#open.push({ tag, kind: above ?? own ?? label ?? column, says: this.#isLabel(tag) ? '' : null });
  }

  closed(tag: string): void {
    const from = this.#open.length - 1;
    for (let at = from; at >= Math.max(0, from - REACH); at--) {
      if (this.#open[at]!.tag !== tag) continue;
      for (const open of this.#open.splice(at).reverse()) this.#ended(open);
      return;
    }
  }

  /** The element that is open. */
  get here(): string | null {
    return this.#open.at(-1)?.tag ?? null;
  }

  /** Of a text where it stands, without the white space around it. */
  text(text: string): NamedSecret | null {
    const here = this.#open.at(-1);
    if (!here) return null;
    for (const open of this.#open.slice(-3))
      if (open.says !== null && open.says.length < LONGEST_LABEL) open.says += text;
    return here.kind;
  }

  /** Of an attribute of the element that was opened last. */
  attribute(name: string): NamedSecret | null {
    // `type`, `id` and the like say which element it is, and no secret.
    const ofElement = isAnnounced(name) || name.startsWith('data-') ? this.#holds : null;
    return ofElement ?? secretByName(name.replace(/^data-/, ''));
  }

  #isLabel(tag: string): boolean {
    if (tag === 'td') return this.#tables.at(-1)?.cells === 1;
    return LABELS.has(tag) || isAnnouncement(tag);
  }

  #labelFor(tag: string): NamedSecret | null {
    if (BETWEEN.has(tag)) return null;
    const label = this.#label;
    this.#label = null;
    return HOLDERS.has(tag) || isAnnounced(tag) ? label : null;
  }

  #ended({ tag, says }: Open): void {
    const table = this.#tables.at(-1);
    if (tag === 'table') this.#tables.pop();
    if (tag === 'tr' && table) endRow(table);
    if (tag === 'tr' || tag === 'dl') this.#label = null;
    if (says === null) return;
    const kind = secretByName(says.trim().replace(/[\s:*]+$/, ''));
    this.#label = kind ?? this.#label;
    if (tag === 'th' && table) table.headings.push(kind);
  }

  #columnOf(tag: string, span = '1'): NamedSecret | null {
    if (tag === 'table') this.#tables.push({ columns: [], headings: [], cells: 0 });
    const table = this.#tables.at(-1);
    if (!table) return null;
    if (tag === 'tr') [table.cells, table.headings] = [0, []];
    if (tag !== 'td' && tag !== 'th') return null;
    const column = table.columns[table.cells] ?? null;
    table.cells += Math.min(Math.max(Number.parseInt(span, 10) || 1, 1), 100);
    return tag === 'td' ? column : null;
  }

  /** `<dt>Password<dd>x`: nobody has to close these. */
  #endImplied(tag: string): void {
    const ends = IMPLIED.get(tag);
    for (let here = this.#open.at(-1); here && ends?.has(here.tag); here = this.#open.at(-1))
      this.#ended(this.#open.pop()!);
  }
}

const CELLS = new Set(['td', 'th']);
const IMPLIED: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['dd', new Set(['dt', 'dd'])],
  ['dt', new Set(['dt', 'dd'])],
  ['td', CELLS],
  ['th', CELLS],
  ['tr', new Set(['td', 'th', 'tr'])],
  ['option', new Set(['option'])],
]);

/** A row of nothing but headings heads columns. */
function endRow(table: Table): void {
  if (table.headings.length > 0 && table.headings.length === table.cells) table.columns = table.headings;
}
