import type { Status, Timesheet } from '../domain/timesheet.ts';

export const sortOrders = ['day', '-day', 'hours', '-hours', 'number', '-number'] as const;

export type SortOrder = (typeof sortOrders)[number];

export type Filters = {
  readonly freelancerNumber: number | null;
  readonly projectNumber: number | null;
  /** ISO dates, inclusive. */
  readonly from: string | null;
  readonly to: string | null;
  /** Any of them; all when empty. */
  readonly statuses: readonly Status[];
  /** Substring of note or rejection reason, in any case; null for all. */
  readonly text: string | null;
};

/** Place of a sheet in a sort: its sorted value, and its number, which breaks ties, highest first. */
export type SortPosition = { readonly value: string; readonly number: number };

export type SearchQuery = {
  readonly filters: Filters;
  readonly sort: SortOrder;
  /** Only what comes after this position; null from the start. */
  readonly after: SortPosition | null;
  /** Rows to pass over from there. */
  readonly skip: number;
  readonly limit: number;
  readonly count: boolean;
};

type SearchPage = {
  readonly items: readonly Timesheet[];
  /** Position of the last item when more follow; else null. */
  readonly next: SortPosition | null;
  /** All matches of the filters, whatever the position; null when not asked for. */
  readonly total: number | null;
};

export type TimesheetSearch = { readonly search: (query: SearchQuery) => Promise<SearchPage> };

export function positionOf(sheet: Timesheet, sort: SortOrder): SortPosition {
  const values = { day: sheet.day, hours: sheet.hours, number: String(sheet.number) };
  return { value: values[sort.replace('-', '') as keyof typeof values], number: sheet.number };
}
