import type { Books } from './books.ts';
import type { Person } from './person.ts';

/** What lies on the desks of an office: rows that many people work on at once. */
export type Office = {
  readonly books: Books;
  readonly admin: Person;
  /** Rows that were there before; ids run from 1. */
  readonly freelancers: number;
  readonly customers: number;
  readonly projects: number;
  /** Rows of this load that everybody saves, ready before it starts. */
  readonly sharedFreelancers: readonly number[];
  readonly sharedCustomers: readonly number[];
  readonly sharedProjects: readonly number[];
  /** Sheets that wait for somebody, oldest first. */
  readonly submitted: number[];
  readonly approved: number[];
  readonly payments: number[];
  readonly months: Set<string>;
  /** Rows of nobody's books that people work on until somebody deletes them; the last one is the one they work on. */
  readonly doomed: { readonly cus_id: number; readonly prj_id: number }[];
};

/** One of fifty: which of the shared columns are his, and what he has made. */
export type Clerk = {
  readonly person: Person;
  readonly number: number;
  readonly pick: <T>(from: readonly T[]) => T;
  readonly int: (from: number, to: number) => number;
  /** His own sheets, by id; nobody else changes their hours. */
  readonly sheets: { id: number; state: 'draft' | 'out' }[];
  readonly freelancers: number[];
  readonly customers: number[];
  turn: number;
};

/** A year that the seeder left alone, so that runs pay what this load has written and nothing else. */
export const YEAR = 2014;
