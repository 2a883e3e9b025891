import { z } from 'zod';
import { type ProblemBody, problemOf } from './problem.ts';

const reason = z
  .string({ error: 'expected a reason: why is this done?' })
  .max(1000, 'expected at most 1000 characters')
  .refine((text) => text.trim() !== '', 'expected a reason: why is this done?')
  .transform((text) => text.trim());

const percent = z
  .number()
  .min(0, 'expected a share from 0 to 100')
  .max(100, 'expected a share from 0 to 100')
  .refine((share) => Math.abs(share * 100 - Math.round(share * 100)) < 1e-6, 'expected steps of 0.01');

/** What the admin API takes; unknown keys are refused. */
export const schemas = {
  reason: z.strictObject({ reason }),
  kill: z.strictObject({ reason, route: z.string().min(1).optional() }),
  transition: z
    .strictObject({
      stage: z.enum(['legacy', 'shadow', 'canary', 'candidate', 'retired']),
      percent: percent.optional(),
      reason,
      expectedVersion: z.int().min(0),
      force: z.boolean().default(false),
    })
    .refine(({ stage, percent }) => stage !== 'canary' || percent !== undefined, {
      path: ['percent'],
      message: 'expected the share of canary in percent, e.g. 10',
    })
    // `candidate` at 100 and the others at 0 say the same thing twice.
    .refine(
      ({ stage, percent }) => stage === 'canary' || !percent || (stage === 'candidate' && percent === 100),
      {
        path: ['percent'],
        message: 'only canary has a share',
      },
    ),
  ledger: z.strictObject({
    route: z.string().min(1).optional(),
    after: z.coerce.number().int().min(0).default(0),
    limit: z.coerce.number().int().min(1).max(1000).default(200),
  }),
} as const;

type Read<T> = { value: T } | ProblemBody;

export const readBody = <T>(schema: z.ZodType<T>, body: unknown): Read<T> =>
  check(schema, body ?? {}, 'body');

export const readQuery = <T>(schema: z.ZodType<T>, query: unknown): Read<T> => check(schema, query, 'query');

function check<T>(schema: z.ZodType<T>, input: unknown, where: string): Read<T> {
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data };
  const errors = result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const first = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  return problemOf('ROUTE_REQUEST_INVALID', `The ${where} is not valid: ${first}.`, { errors });
}
