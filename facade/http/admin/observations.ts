import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import type { Guardrails } from '../../control/guardrails.ts';
import { severities } from '../../core/compare/difference.ts';
import { observationsView } from '../../core/observation/observations-view.ts';
import { DISCARD_REASONS, SKIP_REASONS } from '../../core/shadow/fate.ts';
import { problemOf } from '../problem.ts';
import { mixedSchema } from './evidence-view.ts';
import { named } from './named-schemas.ts';
import { type Operation, operation } from './operation.ts';

const count = z.int().min(0);
const moment = z.iso.datetime();
const ms = z.number().nullable();
const latency = z.strictObject({ p50Ms: ms, p95Ms: ms, p99Ms: ms });
const outcomes = {
  match: count,
  mismatch: count,
  ignored: count,
  doubtful: count
    .optional()
    .describe(
      'Of the ignored: beside noise, at places where legacy was not seen to differ from itself. Absent: none.',
    ),
};

const fieldSchema = named(
  'ObservedField',
  z.strictObject({
    endpoint: z.string().describe('`GET /api/articles/:slug`.'),
    path: z.string().describe('Without indices: `$.articles[*].price`, `status`, `header:location`.'),
    kind: z.enum(['missing', 'extra', 'type', 'value', 'order', 'status', 'header']),
    severity: z.enum(severities as [string, ...string[]]),
    reasons: z
      .array(z.string())
      .describe('Why the values differ, where that can be told: `rounding`, `null` …'),
    count: count.describe('Answers in which it differed.'),
    noise: z
      .number()
      .nullable()
      .describe('Share of repeats in which the side that answers differs from itself.'),
    verdict: z
      .enum(['counts', 'noise'])
      .describe('`noise`: legacy differs from itself there as often, at each place on the path.'),
    suggestion: z
      .strictObject({
        rule: z.string(),
        yaml: z.string().describe('The line to put under `compare`.'),
        reason: z.string(),
        hides: z.array(z.string()).describe('Endpoints where it would hide a difference that counts.'),
      })
      .nullable(),
    firstSeen: moment,
    lastSeen: moment,
    samples: z
      .array(
        z.strictObject({
          seen: moment,
          at: z.string().describe('With indices.'),
          curl: z.string(),
          legacy: z.string().nullable().describe('JSON text; null where there is none.'),
          candidate: z.string().nullable(),
        }),
      )
      .max(5),
  }),
);

const observationsSchema = named(
  'Observations',
  z.strictObject({
    route: z.string(),
    hash: z.string(),
    build: z
      .string()
      .nullable()
      .describe("The candidate's build that was observed; null when it tells none."),
    mixed: mixedSchema,
    since: moment,
    eligible: count.describe('Always sampledOut + dropped + the sum of skipped + sent.'),
    sampledOut: count,
    dropped: count.describe('The queue of the route was full.'),
    skipped: z.partialRecord(z.enum(SKIP_REASONS), count).describe('Not sent, by reason.'),
    sent: count.describe('Always the sum of compared + failed + the sum of discarded + inFlight.'),
    inFlight: count,
    failed: count.describe('No complete answer to the copy.'),
    discarded: z.partialRecord(z.enum(DISCARD_REASONS), count).describe('Sent and not compared, by reason.'),
    compared: z.strictObject(outcomes),
    endpoints: z.array(z.strictObject({ template: z.string(), ...outcomes })),
    fields: z.array(fieldSchema).describe('Worst first; noise last.'),
    rowsLeftOut: count.describe('Rows of `fields` that made room for others: those seen least go first.'),
    latency: z
      .strictObject({ legacy: latency, candidate: latency })
      .describe('Until the head of an answer, of clients and copies, since the route came to its stage.'),
  }),
);

/** `GET /v1/routes/:route/observations`: what shadow copies have shown. */
export function observationOperations(control: Control, guardrails: Pick<Guardrails, 'seenOf'>): Operation[] {
  return [
    operation({
      id: 'getObservations',
      method: 'get',
      path: '/v1/routes/{route}/observations',
      summary:
        'What copies of requests have shown of a route, in its present form and with its present build',
      role: 'viewer',
      answer: { status: 200, description: 'Counts, fields and latencies.', schema: observationsSchema },
      problems: ['ROUTE_UNKNOWN'],
      async handle({ params }) {
        const name = params.route as string;
        const state = control.snapshot.states.get(name);
        if (!state)
          return { problem: problemOf('ROUTE_UNKNOWN', `expected a route of the plan, got ${name}.`) };
        return { body: observationsView(state.route, await guardrails.seenOf(state)) };
      },
    }),
  ];
}
