import fc from 'fast-check';
import { freelancerId } from './identity.ts';
import type { FreelancerRow, FreelancerValue } from './model.ts';

const words = fc.stringMatching(/^[A-Za-zÄÖÜäöüßéØЖ一][A-Za-zäöüß .'-]{0,12}[a-zßо]$/);
const optional = fc.option(
  fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== ''),
  { nil: null },
);
const day = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const second = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2200-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 19));

/** Names as legacy tables hold them: mononyms, several commas, commas without a space or with nothing behind. */
const legacyName = fc.oneof(
  fc.tuple(words, words).map(([last, first]) => `${last}, ${first}`),
  words,
  fc.tuple(words, words, words).map((parts) => parts.join(', ')),
  fc.tuple(words, words).map((parts) => parts.join(',')),
  words.map((name) => `${name}, `),
  words.map((name) => `, ${name}`),
  fc.string({ minLength: 1, maxLength: 30 }).filter((text) => text.trim() !== ''),
);
const skill = fc.stringMatching(/^[a-z+#.ä-]{1,8}$/);

/** Rows that the monolith itself writes: they come back from the new model unchanged. */
export const canonicalRow: fc.Arbitrary<FreelancerRow> = fc.record({
  frl_id: fc.integer({ min: 1, max: 2_147_483_647 }),
  frl_name: legacyName,
  frl_match: fc.stringMatching(/^[A-Z, -]{0,20}$/),
  frl_email: optional,
  frl_phone: optional,
  frl_stat: fc.constantFrom('A', 'I', 'B'),
  blk_reason: optional,
  rate_ct: fc.integer({ min: 0, max: 2_147_483_647 }),
  cur: fc.constantFrom('EUR', 'CHF'),
  skills_csv: fc.array(skill, { maxLength: 5 }).map((skills) => skills.join(',')),
  city: optional,
  country: fc.constantFrom('DE', 'AT', null),
  avail_from: fc.option(day, { nil: null }),
  notes: optional,
  del_flag: fc.constantFrom('Y', 'N'),
  created: second.map((text) => text.replace('T', ' ')),
  changed: second.map((text) => text.replace('T', ' ')),
});

/** Freelancers as the new service makes them; names whose last part holds a comma are left to a test of their own. */
export const freelancer: fc.Arbitrary<FreelancerValue> = fc
  .record({
    number: fc.integer({ min: 1, max: 2_147_483_647 }),
    name: fc.record({ first: fc.oneof(fc.constant(''), words), last: words }),
    matchcode: fc.stringMatching(/^[A-Z, -]{0,20}$/),
    status: fc.constantFrom('active' as const, 'inactive' as const, 'blocked' as const),
    blockReason: optional,
    hourlyRate: fc.record({
      amount: fc
        .integer({ min: 0, max: 2_147_483_647 })
        .map((cents) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`),
      currency: fc.constant('EUR'),
    }),
    skills: fc.array(skill, { maxLength: 5 }),
    email: optional,
    phone: optional,
    city: optional,
    country: fc.constantFrom('DE', null),
    notes: optional,
    availableFrom: fc.option(day, { nil: null }),
    archived: fc.boolean(),
    createdAt: second.map((text) => `${text}.000Z`),
    updatedAt: second.map((text) => `${text}.000Z`),
  })
  .map((value) => ({ id: freelancerId(value.number), ...value }));
