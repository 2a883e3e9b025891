import { z } from 'zod';
import type { Evidence } from '../../core/guardrail/judge.ts';
import { named } from './named-schemas.ts';

export const verdictSchema = z.enum(['pass', 'hold', 'breach']);

export const guardrailSchema = named(
  'GuardrailVerdict',
  z.strictObject({
    name: z.enum(['mismatch', 'errors', 'p99']),
    verdict: verdictSchema,
    value: z.number().nullable().describe('In the unit of the threshold; null without samples.'),
    threshold: z.number().describe('A share (0.001 is 0.1 %); of p99 a ratio.'),
    sample: z.number().min(0).describe('Samples the value rests on; of two sides the smaller number.'),
    interval: z.tuple([z.number().nullable(), z.number().nullable()]),
    since: z.iso.datetime().describe('Beginning of the stretch that was judged.'),
    explanation: z.string().describe('The verdict in one sentence.'),
    missing: z
      .strictObject({ samples: z.int().min(0), ms: z.number().min(0).nullable() })
      .nullable()
      .describe(
        'What a pass still takes, and how long at the present rate; null where samples would not help.',
      ),
  }),
);

export function guardrailsView({ guardrails }: Evidence) {
  return guardrails.map(({ fromMs, ...one }) => ({ ...one, since: new Date(fromMs).toISOString() }));
}

/** Absent while one build alone answers. */
export const mixedSchema = named(
  'OtherBuild',
  z.strictObject({
    build: z.string().describe('As its answers name it (`buildHeader` of the candidate).'),
    at: z.iso.datetime().describe('When it has answered last.'),
  }),
)
  .optional()
  .describe(
    'Another build of the candidate than `build` that has answered as well, the latest: what was seen is of no build alone, and no step rests on it. Absent: none.',
  );

const count = z.int().min(0);

/** What a run of a parity suite found. */
export const parityVerdict = {
  verdict: z.enum(['pass', 'fail']),
  suite: z.string().min(1).max(300).describe('Its file in the plan folder.'),
  suiteHash: z.string().min(1).max(200).describe('SHA-256 of what it held when the run began.'),
  passed: count,
  failed: count.describe('Cases that the two sides answered differently.'),
  errors: count.describe('Cases of which nothing could be told.'),
  skipped: count,
  unsentWrites: count.describe('Of those, cases that write and were not to be sent.'),
};
