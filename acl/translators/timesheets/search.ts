import { isoFromGerman } from '../legacy-values/dates.ts';
import { legacyText } from '../legacy-values/text.ts';
import { statusFromLegacy } from './status.ts';

const MAX_INT = 2_147_483_647;
/** Characters of the column that is searched: nothing holds a longer text. */
const LONGEST = 255;
const SORT = new Map([
  ['-day', '-day'],
  ['hours', 'hours'],
  ['-hours', '-hours'],
  ['id', 'number'],
  ['-id', '-number'],
]);

export type Search = {
  /** Parameters of `GET /v2/timesheets`, without paging. */
  readonly query: Readonly<Record<string, string>>;
  /** Page from 1, unbounded; a page beyond the end is the last one, which only the total can tell. */
  readonly page: number;
  /** Rows per page, 1 to 100. */
  readonly size: number;
  /** True when legacy would find no row whatever the data, and the new API has no words for that. */
  readonly matchesNothing: boolean;
};

/** Translates the query of the legacy list, as parsed by Express' simple parser (a repeated key is an array). */
export function searchToNew(legacy: Readonly<Record<string, unknown>>): Search {
  const query: Record<string, string> = {};
  const numbers = [
    ['freelancerNumber', Number.parseInt(last(legacy.frl), 10)],
    ['projectNumber', Number.parseInt(last(legacy.prj), 10)],
  ] as const;
  for (const [name, number] of numbers)
    if (!Number.isNaN(number)) query[name] = String(Math.min(number, MAX_INT));
  const { from, to } = days(legacy);
  if (from !== null) query.from = from;
  if (to !== null) query.to = to;
  const statuses = last(legacy.stat)
    .split(',')
    .flatMap((word) => statusFromLegacy(word) ?? []);
  if (statuses.length > 0) query.status = statuses.join(',');
  const text = (legacyText(last(legacy.q)) ?? '').replace(/[%_]/g, '');
  const isTooLong = [...text].length > LONGEST;
  if (text !== '' && !isTooLong) query.q = text;
  query.sort = SORT.get(last(legacy.sort)) ?? 'day';
  return {
    query,
    page: atLeastOne(last(legacy.page), 1),
    size: Math.min(atLeastOne(last(legacy.size), 20), 100),
    matchesNothing: isTooLong || numbers.some(([, number]) => number < 1),
  };
}

/** The days of `month`, `from` and `to` together: all of them count. */
function days(legacy: Readonly<Record<string, unknown>>): { from: string | null; to: string | null } {
  const month = readMonth(last(legacy.month));
  const from = [isoFromGerman(last(legacy.from)), month && `${month}-01`];
  const to = [isoFromGerman(last(legacy.to)), month && lastDayOf(month)];
  const given = (texts: readonly (string | null)[]) => texts.filter((text) => text !== null).sort();
  return { from: given(from).at(-1) ?? null, to: given(to).at(0) ?? null };
}

/** `2026-03` or `03.2026` as `2026-03`; null for anything else, and for what is before 1990. */
function readMonth(text: string): string | null {
  const parts = /^(\d{4})-(\d\d)$/.exec(text.trim()) ?? /^(\d\d)\.(\d{4})$/.exec(text.trim());
  if (parts === null) return null;
  const [year, month] = parts[1]?.length === 4 ? [parts[1], parts[2]] : [parts[2], parts[1]];
  return year! >= '1990' && month! >= '01' && month! <= '12' ? `${year}-${month}` : null;
}

function lastDayOf(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
}

function last(value: unknown): string {
  const one: unknown = Array.isArray(value) ? value.at(-1) : value;
  return one === undefined ? '' : String(one);
}

function atLeastOne(text: string, otherwise: number): number {
  const number = Number.parseInt(text, 10);
  return number >= 1 ? number : otherwise;
}
