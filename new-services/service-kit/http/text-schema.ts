import { z } from 'zod';

/**
 * Text of up to `max` characters that Postgres can store as it came: no NUL, which it refuses, and no lone
 * surrogate, which UTF-8 would silently replace.
 */
export function textOf(max: number): z.ZodString {
  return z
    .string()
    .max(max)
    .refine((text) => !text.includes('\0'), 'must not contain NUL')
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode');
}

/** Like textOf, with something in it other than white space. */
export function nonBlank(max: number): z.ZodString {
  return textOf(max).refine((text) => text.trim() !== '', 'must not be blank');
}

/** A real calendar date from 0001-01-01 to 9999-12-31. */
export const isoDate = z.iso.date().refine((date) => date >= '0001-01-01', 'must be in year 0001 or later');

/** UTC with milliseconds, `2026-01-31T12:00:00.000Z`, year 0001 or later. */
export const isoInstant = z.iso
  .datetime({ precision: 3 })
  .refine((time) => time >= '0001-01-01', 'must be in year 0001 or later');

/**
 * A decimal with two places, in the one writing that Postgres gives back: `-12.50`.
 * @public for services that `fig new` makes
 */
export const decimalText = z
  .string()
  .regex(/^(?!-0\.00$)-?(0|[1-9]\d{0,14})\.\d{2}$/, 'expected a decimal with two places such as 95.00');

/** A whole number in a query string. */
export function wholeNumber(minimum: number, maximum: number) {
  return z
    .string()
    .refine(
      (text) => /^\d{1,10}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum,
      `expected a whole number from ${minimum} to ${maximum}`,
    )
    .meta({ type: 'integer', minimum, maximum })
    .transform(Number);
}
