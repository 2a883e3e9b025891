import { DAY_HUNDREDTHS, hundredthsOf } from './hours.ts';
import { timesheetId } from './timesheet-id.ts';

export const statuses = ['draft', 'submitted', 'approved', 'rejected', 'paid'] as const;
export type Status = (typeof statuses)[number];

/** What a sheet says of the work; freelancer and project are other contexts', named by their numbers. */
export type Work = {
  readonly freelancerNumber: number;
  readonly projectNumber: number;
  /** ISO date. */
  readonly day: string;
  /** A decimal with two places: `7.50`. */
  readonly hours: string;
  /** What was agreed for this work; it stays, whatever happens to freelancer and project. */
  readonly hourlyRate: { readonly amount: string; readonly currency: 'EUR' };
  readonly billable: boolean;
  readonly note: string | null;
};

export type Timesheet = Work & {
  readonly id: string;
  readonly number: number;
  readonly status: Status;
  /** Why it was rejected; null in every other status. */
  readonly rejectionReason: string | null;
  /** Number of the user who approved it; null also when that user is gone. */
  readonly approvedBy: number | null;
  readonly approvedAt: Date | null;
  /** Number of the payment that pays it; null also when that payment is gone. */
  readonly paymentNumber: number | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Counts changes from 1. */
  readonly version: number;
};

/** A merge: what is left out stays. Whose work it was, and where, cannot be changed. */
export type Edit = Partial<Pick<Work, 'day' | 'hours' | 'billable' | 'note'>>;

/** From which statuses each action is possible. */
const possible = {
  edit: ['draft', 'submitted', 'rejected'],
  remove: ['draft', 'rejected'],
  submit: ['draft'],
  approve: ['submitted'],
  reject: ['submitted', 'approved'],
  pay: ['approved'],
} as const satisfies Record<string, readonly Status[]>;
export type Action = keyof typeof possible;

/** Where an action is possible; for messages. */
export function statusesFor(action: Action): readonly Status[] {
  return possible[action];
}

export function can(action: Action, { status }: Timesheet): boolean {
  return (possible[action] as readonly Status[]).includes(status);
}

export function fileTimesheet(work: Work, number: number, now: Date): Timesheet {
  return {
    ...work,
    id: timesheetId(number),
    number,
    status: 'draft',
    rejectionReason: null,
    approvedBy: null,
    approvedAt: null,
    paymentNumber: null,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}

/** A rejected sheet starts again as a draft, and what was said against it stays as its note until somebody writes one. */
export function editTimesheet(sheet: Timesheet, edit: Edit, now: Date): Timesheet {
  const note = sheet.rejectionReason ?? sheet.note;
  const status = sheet.status === 'rejected' ? 'draft' : sheet.status;
  return changed({ ...sheet, note, status, rejectionReason: null, ...edit }, now);
}

export function submitTimesheet(sheet: Timesheet, now: Date): Timesheet {
  return changed({ ...sheet, status: 'submitted', approvedBy: null, approvedAt: null }, now);
}

export function approveTimesheet(sheet: Timesheet, approvedBy: number, now: Date): Timesheet {
  return changed({ ...sheet, status: 'approved', approvedBy, approvedAt: now }, now);
}

/** The reason takes the place of the note: as long as legacy's table holds the same rows, there is room for one of them. */
export function rejectTimesheet(sheet: Timesheet, reason: string, now: Date): Timesheet {
  return changed(
    { ...sheet, status: 'rejected', rejectionReason: reason, note: null, approvedBy: null, approvedAt: null },
    now,
  );
}

export function payTimesheet(sheet: Timesheet, paymentNumber: number, now: Date): Timesheet {
  return changed({ ...sheet, status: 'paid', paymentNumber }, now);
}

/** Whether a day has room for a sheet. `othersHundredths`: all other sheets of its freelancer on that day but rejected ones. */
export function hasRoom(othersHundredths: number, { hours }: Timesheet): boolean {
  return othersHundredths + hundredthsOf(hours) <= DAY_HUNDREDTHS;
}

function changed(sheet: Timesheet, now: Date): Timesheet {
  return { ...sheet, updatedAt: now, version: sheet.version + 1 };
}
