import { EntitySchema } from 'typeorm';
import { bigintAsNumber } from '../../../service-kit/database/columns.ts';
import { upperByLetter } from '../../domain/letter-case.ts';
import type { Status, Timesheet } from '../../domain/timesheet.ts';

/** A row of table `timesheet`; the properties are its columns. */
export type TimesheetRow = {
  id: string;
  number: number;
  freelancer_number: number;
  project_number: number;
  day: string;
  hours: string;
  status: Status;
  rate_amount: string;
  billable: boolean;
  note: string | null;
  rejection_reason: string | null;
  /** Note or reason in upper case: what a search looks into. */
  search_text: string;
  approved_by: number | null;
  approved_at: Date | null;
  payment_number: number | null;
  created_at: Date;
  updated_at: Date;
  version: number;
};

export const TimesheetEntity = new EntitySchema<TimesheetRow>({
  name: 'timesheet',
  tableName: 'timesheet',
  columns: {
    id: { type: 'uuid', primary: true },
    number: { type: 'bigint', transformer: bigintAsNumber },
    freelancer_number: { type: 'integer' },
    project_number: { type: 'integer' },
    day: { type: 'date' },
    hours: { type: 'numeric', precision: 6, scale: 2 },
    status: { type: 'text' },
    rate_amount: { type: 'numeric', precision: 17, scale: 2 },
    billable: { type: 'boolean' },
    note: { type: 'text', nullable: true },
    rejection_reason: { type: 'text', nullable: true },
    search_text: { type: 'text' },
    approved_by: { type: 'integer', nullable: true },
    approved_at: { type: 'timestamptz', precision: 3, nullable: true },
    payment_number: { type: 'integer', nullable: true },
    created_at: { type: 'timestamptz', precision: 3 },
    updated_at: { type: 'timestamptz', precision: 3 },
    version: { type: 'integer' },
  },
});

export const timesheetColumns = Object.keys(TimesheetEntity.options.columns);

export function toRow(sheet: Timesheet): TimesheetRow {
  return {
    id: sheet.id,
    number: sheet.number,
    freelancer_number: sheet.freelancerNumber,
    project_number: sheet.projectNumber,
    day: sheet.day,
    hours: sheet.hours,
    status: sheet.status,
    rate_amount: sheet.hourlyRate.amount,
    billable: sheet.billable,
    note: sheet.note,
    rejection_reason: sheet.rejectionReason,
    search_text: upperByLetter(sheet.rejectionReason ?? sheet.note ?? ''),
    approved_by: sheet.approvedBy,
    approved_at: sheet.approvedAt,
    payment_number: sheet.paymentNumber,
    created_at: sheet.createdAt,
    updated_at: sheet.updatedAt,
    version: sheet.version,
  };
}

export function fromRow(row: TimesheetRow): Timesheet {
  return {
    id: row.id,
    number: row.number,
    freelancerNumber: row.freelancer_number,
    projectNumber: row.project_number,
    day: row.day,
    hours: row.hours,
    status: row.status,
    hourlyRate: { amount: row.rate_amount, currency: 'EUR' },
    billable: row.billable,
    note: row.note,
    rejectionReason: row.rejection_reason,
    approvedBy: row.approved_by,
    approvedAt: row.approved_at,
    paymentNumber: row.payment_number,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  };
}
