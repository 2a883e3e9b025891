import { z } from 'zod';
import { type ProblemBody, problemOf } from '../problem.ts';

// Reasons are read in terminals, pages and messages: no escape sequence may travel in them.
const CONTROL = /[^\P{Cc}\n\t]/u;

/** Why somebody does what he does. */
export const reason = z
  .string({ error: 'expected a reason: why is this done?' })
  .max(1000, 'expected at most 1000 characters')
  .refine((text) => text.trim() !== '', 'expected a reason: why is this done?')
  .refine((text) => !CONTROL.test(text), 'expected no control characters')
  .transform((text) => text.trim())
  .describe('Why; kept in the ledger.');

export const force = z.boolean().default(false).describe('Steps over checks. Asks for the role admin.');

export const reasonBody = z.strictObject({ reason });

/** A whole number in a query; other ways to write one (`1e2`, `0x1`, ` 1`) are refused. */
export const queryInteger = <T extends number | null>(minimum: number, maximum: number, or: T) =>
  z
    .unknown()
    .optional()
    .meta({ type: 'integer', minimum, maximum, ...(or === null ? {} : { default: or }) })
    .transform((written, context): number | T => {
      if (written === undefined) return or;
      const number = typeof written === 'string' && /^\d{1,16}$/.test(written) ? Number(written) : Number.NaN;
      if (number >= minimum && number <= maximum) return number;
      const message = `expected a whole number from ${minimum} to ${maximum}`;
      context.issues.push({ code: 'custom', message, input: written });
      return z.NEVER;
    });

const MAX_ERRORS = 20;
const MAX_CHARACTERS = 300;

type Read<T> = { readonly value: T } | { readonly problem: ProblemBody };

export const readBody = <T>(schema: z.ZodType<T>, body: unknown): Read<T> =>
  check(schema, body ?? {}, 'body');

export const readQuery = <T>(schema: z.ZodType<T>, query: unknown): Read<T> =>
  check(schema, { ...(query as object) }, 'query');

function check<T>(schema: z.ZodType<T>, input: unknown, where: string): Read<T> {
  const result = schema.safeParse(input);
  if (result.success) return { value: result.data };
  // What somebody sends is not sent back to him at length.
  const errors = result.error.issues.slice(0, MAX_ERRORS).map(({ path, message }) => ({
    path: path.join('.').slice(0, MAX_CHARACTERS),
    message: message.slice(0, MAX_CHARACTERS),
  }));
  const first = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  return {
    problem: problemOf('ROUTE_REQUEST_INVALID', `The ${where} is not valid: ${first}.`, { errors }),
  };
}
