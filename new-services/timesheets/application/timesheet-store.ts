import type { OnceOnly } from '../../service-kit/idempotency/once.ts';
import type { Action, Status, Timesheet } from '../domain/timesheet.ts';

type Refusal =
  | { readonly kind: 'day-full' }
  | { readonly kind: 'stale'; readonly version: number }
  | { readonly kind: 'wrong-status'; readonly action: Action; readonly status: Status };

export type AddOutcome =
  | { readonly kind: 'added'; readonly timesheet: Timesheet }
  /** The key was used by the same request before: what that one added, as it was then. */
  | { readonly kind: 'repeated'; readonly timesheet: Timesheet }
  | { readonly kind: 'key-reused' | 'number-taken' | 'day-full' };

export type ChangeOutcome =
  | { readonly kind: 'done'; readonly timesheet: Timesheet }
  | { readonly kind: 'not-found' }
  | Refusal;

export type Decision =
  | { readonly timesheet: Timesheet }
  | { readonly removed: Timesheet }
  | { readonly refused: Refusal };

/**
 * Where timesheets live. Each method is one transaction. Whatever adds hours to a day holds the freelancer meanwhile: the
 * rule of 24 hours spans all sheets of a day.
 */
export type TimesheetStore = {
  readonly find: (id: string) => Promise<Timesheet | null>;
  /** Adds it when the day has room. */
  readonly add: (timesheet: Timesheet, once: OnceOnly | null) => Promise<AddOutcome>;
  /** Decides on the current sheet while nobody else can change it; `day-full` when what was decided has no room. */
  readonly change: (
    id: string,
    decide: (current: Timesheet) => Decision,
    options?: { readonly checksDay: boolean },
  ) => Promise<ChangeOutcome>;
};

/** Hands out numbers, each once; gaps are fine. */
export type NumberSource = { readonly next: () => Promise<number> };

export type Clock = () => Date;
