import { z } from 'zod';
import { nonBlank } from '../../../service-kit/http/text-schema.ts';
import { isNamed } from '../../domain/freelancer.ts';
import { amountPattern, formatAmount, parseAmount } from '../../domain/money.ts';
import { currencySchema, nameSchema, profileFields } from './freelancer-wire.ts';

const amountSchema = z
  .string()
  .regex(amountPattern, 'expected a decimal that is not negative, with up to two places, such as 95.00')
  .transform((amount) => formatAmount(parseAmount(amount) ?? 0n));

const rateSchema = z.strictObject({ amount: amountSchema, currency: currencySchema });

/** Body of POST: a name is needed, the rest has defaults. */
export const registrationSchema = z.strictObject({
  name: nameSchema.refine(isNamed, 'first or last name must not be blank'),
  status: profileFields.status.default('active'),
  blockReason: profileFields.blockReason.default(null),
  hourlyRate: rateSchema.default({ amount: '0.00', currency: 'EUR' }),
  skills: profileFields.skills.default([]),
  email: profileFields.email.default(null),
  phone: profileFields.phone.default(null),
  city: profileFields.city.default(null),
  country: profileFields.country.default(null),
  notes: profileFields.notes.default(null),
  availableFrom: profileFields.availableFrom.default(null),
});

/** Body of PATCH, a merge patch (RFC 7396): what is left out stays, null clears what can be empty. */
export const editSchema = z
  .strictObject({ ...profileFields, name: nameSchema.partial(), hourlyRate: rateSchema.partial() })
  .partial();

export const blockSchema = z.strictObject({ reason: nonBlank(255) });
