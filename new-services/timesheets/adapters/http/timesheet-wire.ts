import { z } from 'zod';
import { isoDate, isoInstant, textOf } from '../../../service-kit/http/text-schema.ts';
import { statuses, type Timesheet } from '../../domain/timesheet.ts';

/** A number by which other contexts know what is theirs. */
export const numberSchema = z.int().min(1).max(2_147_483_647);

export const rateSchema = z.strictObject({
  amount: z.string().regex(/^(0|[1-9]\d{0,14})\.\d{2}$/, 'expected a decimal with two places such as 95.00'),
  currency: z.literal('EUR'),
});

/** As many characters as legacy's column of 255 holds, each of which may be two to JavaScript. */
export const noteSchema = textOf(510).min(1).nullable();

/** A timesheet without its version: what the sync inbox carries, in one canonical writing. */
export const timesheetValueSchema = z.strictObject({
  id: z.uuid(),
  number: z.int().positive(),
  freelancerNumber: numberSchema,
  projectNumber: numberSchema,
  day: isoDate,
  hours: z
    .string()
    .regex(/^(?!-0\.00$)-?(0|[1-9]\d{0,3})\.\d{2}$/, 'expected hours with two places such as 7.50')
    .describe('quarters of an hour, 24 at most; rows of the other store keep what they came with'),
  status: z.enum(statuses),
  hourlyRate: rateSchema.describe('agreed for this work; never changes'),
  billable: z.boolean(),
  note: noteSchema,
  rejectionReason: noteSchema.describe('null unless rejected'),
  approvedBy: numberSchema.nullable().describe('number of a user; null also when that user is gone'),
  approvedAt: isoInstant.nullable(),
  paymentNumber: numberSchema.nullable().describe('null also when that payment is gone'),
  createdAt: isoInstant,
  updatedAt: isoInstant,
});

export const timesheetSchema = timesheetValueSchema.extend({ version: z.int().positive() });

export type TimesheetValue = z.infer<typeof timesheetValueSchema>;

export function toWireValue(sheet: Timesheet): TimesheetValue {
  const { version: _version, ...value } = toWire(sheet);
  return value;
}

export function toWire(sheet: Timesheet): z.infer<typeof timesheetSchema> {
  return {
    id: sheet.id,
    number: sheet.number,
    freelancerNumber: sheet.freelancerNumber,
    projectNumber: sheet.projectNumber,
    day: sheet.day,
    hours: sheet.hours,
    status: sheet.status,
    hourlyRate: { amount: sheet.hourlyRate.amount, currency: sheet.hourlyRate.currency },
    billable: sheet.billable,
    note: sheet.note,
    rejectionReason: sheet.rejectionReason,
    approvedBy: sheet.approvedBy,
    approvedAt: sheet.approvedAt?.toISOString() ?? null,
    paymentNumber: sheet.paymentNumber,
    createdAt: sheet.createdAt.toISOString(),
    updatedAt: sheet.updatedAt.toISOString(),
    version: sheet.version,
  };
}

/** The timesheet that a synced value describes; its version is the database's to say. */
export function fromWireValue(value: TimesheetValue, version: number): Timesheet {
  return {
    ...value,
    approvedAt: value.approvedAt === null ? null : new Date(value.approvedAt),
    createdAt: new Date(value.createdAt),
    updatedAt: new Date(value.updatedAt),
    version,
  };
}
