import { z } from 'zod';
import { isoDate, nonBlank } from '../../../service-kit/http/text-schema.ts';
import { canBeFiled } from '../../domain/hours.ts';
import { noteSchema, numberSchema, rateSchema } from './timesheet-wire.ts';

const hoursSchema = z
  .string()
  .regex(/^\d{1,2}\.\d{2}$/, 'expected hours with two places such as 7.50')
  .refine(
    (hours) => /^\d{1,2}\.\d{2}$/.test(hours) && canBeFiled(hours),
    'expected quarters of an hour from 0.25 to 24.00',
  )
  .transform((hours) => hours.replace(/^0(?=\d)/, ''));

/** Body of POST. Who files it knows what was agreed: the rate is a fact of the sheet. */
export const filingSchema = z.strictObject({
  freelancerNumber: numberSchema,
  projectNumber: numberSchema,
  day: isoDate,
  hours: hoursSchema,
  hourlyRate: rateSchema,
  billable: z.boolean().default(true),
  note: noteSchema.default(null),
});

/** Body of PATCH, a merge patch (RFC 7396): what is left out stays, null clears the note. */
export const editSchema = z
  .strictObject({ day: isoDate, hours: hoursSchema, billable: z.boolean(), note: noteSchema })
  .partial();

export const approvalSchema = z.strictObject({
  approvedBy: numberSchema.describe('number of the user who approves'),
});

export const rejectionSchema = z.strictObject({ reason: nonBlank(510) });

export const paymentSchema = z.strictObject({
  paymentNumber: numberSchema.describe('number of the payment that pays it'),
});
