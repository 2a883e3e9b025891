import { z } from 'zod';
import { isoDate, textOf, wholeNumber } from '../../../service-kit/http/text-schema.ts';
import { sortOrders } from '../../application/freelancer-search.ts';
import { amountPattern } from '../../domain/money.ts';
import { freelancerSchema } from './freelancer-wire.ts';

const bound = z.string().regex(amountPattern, 'expected a decimal with up to two places such as 90.00');

const skillList = textOf(8000).transform((list) =>
  list
    .split(',')
    .map((skill) => skill.trim())
    .filter((skill) => skill !== ''),
);

/** Query of a search. `skip` counts from the cursor, or from the start without one. */
export const searchQuerySchema = z.strictObject({
  q: textOf(8000)
    .optional()
    .describe('substring of matchcode, e-mail or skills; of the name in other scripts'),
  skills: skillList.default([]).describe('comma-separated; all of them, in any case'),
  rateMin: bound.optional(),
  rateMax: bound.optional(),
  availableBy: isoDate.optional().describe('available now, or from that day at the latest'),
  status: z.enum(['active', 'inactive', 'blocked']).optional(),
  archived: z.enum(['exclude', 'only', 'include']).default('exclude'),
  sort: z.enum(sortOrders).default('matchcode').describe('ties: highest number first'),
  limit: wholeNumber(1, 200).default(20),
  cursor: textOf(8000).optional().describe('nextCursor of a page with the same sort and filters'),
  skip: wholeNumber(0, 1_000_000_000).default(0),
  count: z
    .enum(['none', 'exact'])
    .default('none')
    .describe('exact: answers total, all matches of the filters'),
});

export type SearchWire = z.output<typeof searchQuerySchema>;

export const pageSchema = z.strictObject({
  items: z.array(freelancerSchema),
  nextCursor: z.string().nullable(),
  total: z.int().nonnegative().optional(),
});
