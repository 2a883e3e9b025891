import type { z } from 'zod';
import { type ProblemDetail, problem } from './problem.ts';

/** The value as the schema gives it, or a 400 problem that names every fault with its place. */
export function parse<T extends z.ZodType>(
  schema: T,
  value: unknown,
  where: 'body' | 'query' | 'header',
): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(where, faults(result.error));
}

function invalid(where: 'body' | 'query' | 'header', errors: readonly ProblemDetail[]): Error {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  return problem('REQUEST_INVALID', `${where}: ${first?.path || 'value'}: ${first?.message}${more}`, errors);
}

export function faults(error: z.ZodError): ProblemDetail[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'unknown; remove it' }));
  });
}
