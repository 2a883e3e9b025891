import { type Freelancer, fullName, type Status } from '../domain/freelancer.ts';

export const sortOrders = [
  'matchcode',
  '-matchcode',
  'name',
  '-name',
  'rate',
  '-rate',
  'number',
  '-number',
] as const;

export type SortOrder = (typeof sortOrders)[number];

export type Filters = {
  /** Substring of matchcode, e-mail or skills after folding; of the raw name when nothing is left of it. */
  readonly text: string | null;
  /** All of them, whatever their case. */
  readonly skills: readonly string[];
  /** Canonical amounts, inclusive. */
  readonly rateMin: string | null;
  readonly rateMax: string | null;
  /** ISO date: available now or from that day at the latest. */
  readonly availableBy: string | null;
  readonly status: Status | null;
  readonly archived: 'exclude' | 'only' | 'include';
};

/** Place of a freelancer in a sort: its sorted value, and its number, which breaks ties, highest first. */
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
  readonly items: readonly Freelancer[];
  /** Position of the last item when more follow; else null. */
  readonly next: SortPosition | null;
  /** All matches of the filters, whatever the position; null when not asked for. */
  readonly total: number | null;
};

export type FreelancerSearch = { readonly search: (query: SearchQuery) => Promise<SearchPage> };

export function positionOf(freelancer: Freelancer, sort: SortOrder): SortPosition {
  const values = {
    matchcode: freelancer.matchcode,
    name: fullName(freelancer.name),
    rate: freelancer.hourlyRate.amount,
    number: String(freelancer.number),
  };
  return { value: values[sort.replace('-', '') as keyof typeof values], number: freelancer.number };
}
