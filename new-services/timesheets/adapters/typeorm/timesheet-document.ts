import type { Timesheet } from '../../domain/timesheet.ts';

/** A timesheet as JSON keeps it: the times are text. */
export type TimesheetDocument = Omit<Timesheet, 'createdAt' | 'updatedAt' | 'approvedAt'> & {
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly approvedAt: string | null;
};

export function toDocument(sheet: Timesheet): TimesheetDocument {
  return {
    ...sheet,
    createdAt: sheet.createdAt.toISOString(),
    updatedAt: sheet.updatedAt.toISOString(),
    approvedAt: sheet.approvedAt?.toISOString() ?? null,
  };
}

export function fromDocument(document: TimesheetDocument): Timesheet {
  return {
    ...document,
    createdAt: new Date(document.createdAt),
    updatedAt: new Date(document.updatedAt),
    approvedAt: document.approvedAt === null ? null : new Date(document.approvedAt),
  };
}
