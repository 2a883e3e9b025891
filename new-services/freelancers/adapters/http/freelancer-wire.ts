import { z } from 'zod';
import { isoDate, isoInstant, nonBlank, textOf } from '../../../service-kit/http/text-schema.ts';
import type { Freelancer } from '../../domain/freelancer.ts';

const statusSchema = z.enum(['active', 'inactive', 'blocked']);

export const currencySchema = z.string().regex(/^[A-Z]{3}$/, 'expected an ISO 4217 code such as EUR');

/** No comma: legacy keeps the skills of a freelancer in one comma-separated column. */
const skillSchema = nonBlank(500).regex(/^[^,]*$/, 'must not contain a comma');

export const nameSchema = z.strictObject({ first: textOf(120), last: textOf(120) });

/**
 * What a profile is made of. Contact data is taken as given, without a check of form: rows of ten years come through
 * here, and refusing one would lose it.
 */
export const profileFields = {
  status: statusSchema,
  blockReason: textOf(255).nullable(),
  // As many as legacy's column of 500 characters holds.
  skills: z.array(skillSchema).max(250),
  email: textOf(160).min(1).nullable(),
  phone: textOf(255).min(1).nullable(),
  city: textOf(255).min(1).nullable(),
  country: textOf(2).min(1).nullable().describe('ISO 3166-1 alpha-2'),
  notes: textOf(65_535).nullable(),
  availableFrom: isoDate.nullable().describe('null: available now'),
};

/**
 * A freelancer without its version: what the sync inbox carries, in one canonical writing. It is wider than what a
 * profile may state anew, so that no row of the other store is lost: any currency, notes of up to 1 MiB.
 */
export const freelancerValueSchema = z.strictObject({
  id: z.uuid(),
  number: z.int().positive(),
  name: nameSchema,
  matchcode: textOf(255),
  status: profileFields.status,
  blockReason: profileFields.blockReason,
  hourlyRate: z.strictObject({
    amount: z
      .string()
      .regex(/^(0|[1-9]\d{0,14})\.\d{2}$/, 'expected a decimal with two places such as 95.00'),
    currency: nonBlank(3).describe('ISO 4217; rows of the other store keep what they came with'),
  }),
  skills: profileFields.skills,
  email: profileFields.email,
  phone: profileFields.phone,
  city: profileFields.city,
  country: profileFields.country,
  notes: textOf(1_048_576).nullable(),
  availableFrom: profileFields.availableFrom,
  archived: z.boolean(),
  createdAt: isoInstant,
  updatedAt: isoInstant,
});

export const freelancerSchema = freelancerValueSchema.extend({ version: z.int().positive() });

export type FreelancerValue = z.infer<typeof freelancerValueSchema>;

export function toWireValue(freelancer: Freelancer): FreelancerValue {
  const { version: _version, ...value } = toWire(freelancer);
  return value;
}

export function toWire(freelancer: Freelancer): z.infer<typeof freelancerSchema> {
  return {
    id: freelancer.id,
    number: freelancer.number,
    name: { first: freelancer.name.first, last: freelancer.name.last },
    matchcode: freelancer.matchcode,
    status: freelancer.status,
    blockReason: freelancer.blockReason,
    hourlyRate: { amount: freelancer.hourlyRate.amount, currency: freelancer.hourlyRate.currency },
    skills: [...freelancer.skills],
    email: freelancer.email,
    phone: freelancer.phone,
    city: freelancer.city,
    country: freelancer.country,
    notes: freelancer.notes,
    availableFrom: freelancer.availableFrom,
    archived: freelancer.archived,
    createdAt: freelancer.createdAt.toISOString(),
    updatedAt: freelancer.updatedAt.toISOString(),
    version: freelancer.version,
  };
}

/** The freelancer that a synced value describes; its version is the database's to say. */
export function fromWireValue(value: FreelancerValue, version: number): Freelancer {
  return {
    ...value,
    createdAt: new Date(value.createdAt),
    updatedAt: new Date(value.updatedAt),
    version,
  };
}
