import { z } from 'zod';
import { isoDate, textOf, wholeNumber } from '../../../service-kit/http/text-schema.ts';
import { sortOrders } from '../../application/timesheet-search.ts';
import { statuses } from '../../domain/timesheet.ts';
import { timesheetSchema } from './timesheet-wire.ts';

const number = wholeNumber(1, 2_147_483_647);
const known: ReadonlySet<string> = new Set(statuses);

const statusList = z
  .string()
  .refine(
    (list) => list.split(',').every((status) => known.has(status)),
    `expected one or more of ${statuses.join(', ')}, with commas between`,
  )
  .transform((list) => list.split(',') as (typeof statuses)[number][]);

/** Query of a search. `skip` counts from the cursor, or from the start without one. */
export const searchQuerySchema = z.strictObject({
  q: textOf(8000).optional().describe('substring of note or rejection reason, in any case'),
  freelancerNumber: number.optional(),
  projectNumber: number.optional(),
  from: isoDate.optional().describe('that day or later'),
  to: isoDate.optional().describe('that day or earlier'),
  status: statusList.default([]).describe('comma-separated; any of them'),
  sort: z.enum(sortOrders).default('day').describe('ties: highest number first'),
  limit: wholeNumber(1, 200).default(20),
  cursor: textOf(8000).optional().describe('nextCursor of a page with the same sort and filters'),
  skip: wholeNumber(0, 1_000_000_000).default(0),
  count: z
    .enum(['none', 'exact'])
    .default('none')
    .describe('exact: answers total, all matches of the filters'),
});

export const pageSchema = z.strictObject({
  items: z.array(timesheetSchema),
  nextCursor: z.string().nullable(),
  total: z.int().nonnegative().optional(),
});
