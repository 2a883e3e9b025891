import { isoFromGerman } from '../legacy-values/dates.ts';
import { amountFromCents } from '../legacy-values/money.ts';
import { legacyText } from '../legacy-values/text.ts';
import { fold } from './fold.ts';
import type { SearchQuirk } from './quirks.ts';

const MAX_INT = 2_147_483_647;
/** Characters of the longest column that is searched (skills_csv): nothing holds a longer text. */
const LONGEST = 500;
const STATUS = new Map([
  ['A', 'active'],
  ['I', 'inactive'],
  ['B', 'blocked'],
]);
const SORT = new Map([
  ['name', 'matchcode'],
  ['-name', '-matchcode'],
  ['rate', 'rate'],
  ['-rate', '-rate'],
  ['id', 'number'],
  ['-id', '-number'],
]);
const ARCHIVED = new Map([
  ['Y', 'only'],
  ['all', 'include'],
]);

export type Search = {
  /** Parameters of `GET /v2/freelancers`, without paging. */
  readonly query: Readonly<Record<string, string>>;
  /** Page from 1, unbounded; a page beyond the end is the last one, which only the total can tell. */
  readonly page: number;
  /** Rows per page, 1 to 100. */
  readonly size: number;
  /** True when legacy would find no row whatever the data, and the new API has no words for that. */
  readonly matchesNothing: boolean;
  readonly quirks: readonly SearchQuirk[];
};

/** Translates the query of the legacy list, as parsed by Express' simple parser (a repeated key is an array). */
export function searchToNew(legacyQuery: Readonly<Record<string, unknown>>): Search {
  const filters = new Filters(legacyQuery);
  filters.text();
  filters.status();
  filters.skill();
  filters.rates();
  filters.availableBy();
  filters.archived();
  filters.sort();
  return {
    query: filters.query,
    page: atLeastOne(last(legacyQuery.page), 1),
    size: Math.min(atLeastOne(last(legacyQuery.size), 20), 100),
    matchesNothing: filters.matchesNothing,
    quirks: filters.quirks,
  };
}

class Filters {
  readonly query: Record<string, string> = {};
  readonly quirks: SearchQuirk[] = [];
  matchesNothing = false;
  readonly #legacy: Readonly<Record<string, unknown>>;

  constructor(legacyQuery: Readonly<Record<string, unknown>>) {
    this.#legacy = legacyQuery;
  }

  text(): void {
    const needle = withoutWildcards(fold(last(this.#legacy.q)));
    if (needle === '') return;
    const folded = fold(needle);
    if (needle.length > LONGEST) this.matchesNothing = true;
    else if (folded === needle) this.query.q = needle;
    else this.#spacesLeftByWildcards(folded);
  }

  /** `% x` is searched as ` X` by legacy: the new search folds again and would drop the space. */
  #spacesLeftByWildcards(folded: string): void {
    this.quirks.push('spaces-left-by-wildcards');
    if (folded !== '') this.query.q = folded;
  }

  status(): void {
    const status = STATUS.get(last(this.#legacy.stat));
    if (status !== undefined) this.query.status = status;
  }

  skill(): void {
    const skill = legacyText(withoutWildcards(last(this.#legacy.skill))) ?? '';
    if (skill === '') return;
    // No element of a list holds a comma, and the new parameter is itself a list.
    if (skill.includes(',') || [...skill].length > LONGEST) this.matchesNothing = true;
    else this.query.skills = skill;
  }

  rates(): void {
    const min = Number.parseInt(last(this.#legacy.rate_min), 10);
    const max = Number.parseInt(last(this.#legacy.rate_max), 10);
    if (min > MAX_INT || max < 0) this.matchesNothing = true;
    else {
      if (min > 0) this.query.rateMin = amountFromCents(min);
      if (max <= MAX_INT) this.query.rateMax = amountFromCents(max);
    }
  }

  availableBy(): void {
    const day = isoFromGerman(last(this.#legacy.avail_by));
    if (day !== null) this.query.availableBy = day;
  }

  archived(): void {
    this.query.archived = ARCHIVED.get(last(this.#legacy.del)) ?? 'exclude';
  }

  sort(): void {
    this.query.sort = SORT.get(last(this.#legacy.sort)) ?? 'matchcode';
  }
}

function last(value: unknown): string {
  const one: unknown = Array.isArray(value) ? value.at(-1) : value;
  return one === undefined ? '' : String(one);
}

function withoutWildcards(text: string): string {
  return text.replace(/[%_]/g, '');
}

function atLeastOne(text: string, otherwise: number): number {
  const number = Number.parseInt(text, 10);
  return number >= 1 ? number : otherwise;
}
