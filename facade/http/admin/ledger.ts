import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import { CUTOVER_STEPS } from '../../core/data-position.ts';
import { ENTRY_TYPES, type Ledger } from '../../core/ledger.ts';
import { parityVerdict } from './evidence-view.ts';
import { named } from './named-schemas.ts';
import { type Operation, operation } from './operation.ts';
import { queryInteger } from './requests.ts';
import { party, share, stage } from './route-view.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const ledgerEntrySchema = named(
  'LedgerEntry',
  z.strictObject({
    seq: z.int().min(1),
    at: z.iso.datetime(),
    type: z.enum(ENTRY_TYPES),
    route: z.string().nullable().describe('Null for what concerns no route.'),
    stage: stage.nullable(),
    percent: share.nullable(),
    writer: party.nullable(),
    paused: z.boolean().nullable(),
    killed: z.boolean().nullable(),
    version: z.int().min(0),
    plan: z.string().describe('Hash of the plan in force.'),
    actor: z.string(),
    reason: z.string(),
    forced: z.literal(true).optional().describe('Somebody stepped over the checks.'),
    evidence: z
      .strictObject({
        route: z.string(),
        routeHash: z.string(),
        build: z.string().nullable(),
        guardrails: z
          .array(
            z.strictObject({
              name: z.string(),
              verdict: z.string(),
              value: z.number().nullable(),
              threshold: z.number(),
              sample: z.number(),
            }),
          )
          .optional()
          .describe('What they said when the route was moved.'),
        parity: z.strictObject(parityVerdict).optional().describe('What a run of its parity suite found.'),
      })
      .optional(),
    data: z
      .strictObject({
        set: z.string(),
        owner: party,
        epoch: z.int().min(0),
        held: z.boolean().describe('Writes of the set wait.'),
        step: z.enum(CUTOVER_STEPS),
        to: party.nullable(),
        driver: z.string().nullable().describe('The instance that leads the change.'),
      })
      .optional()
      .describe('Where a data set stands after a `cutover`, whose route is `data:SET`.'),
    prev: digest.describe('Hash of the entry before; zeros for the first.'),
    hash: digest,
  }),
);

const query = z.strictObject({
  route: z.string().min(1).optional(),
  after: queryInteger(0, Number.MAX_SAFE_INTEGER, 0),
  limit: queryInteger(1, 1000, 200),
});

/** `GET /v1/ledger`: the record, page by page. */
export function ledgerOperations(control: Control, ledger: Ledger): Operation[] {
  return [
    operation({
      id: 'readLedger',
      method: 'get',
      path: '/v1/ledger',
      summary: 'What happened, oldest first',
      role: 'viewer',
      query,
      answer: {
        status: 200,
        description: 'A page; `next` is the `after` of the next one, null on the last.',
        schema: z.strictObject({
          entries: z.array(ledgerEntrySchema),
          next: z.int().nullable(),
          fault: z.string().nullable().describe('Why the ledger is not trusted or reached, and what to do.'),
          faultCode: z
            .enum(['LEDGER_CORRUPT', 'LEDGER_UNREACHABLE'])
            .nullable()
            .describe('`LEDGER_UNREACHABLE`: its database is away, which passes by itself.'),
        }),
      },
      problems: [],
      async handle({ query: { route, after, limit } }) {
        const only = route === undefined ? {} : { route };
        const entries = await ledger.read({ after, limit: limit + 1, ...only });
        const page = entries.slice(0, limit);
        const next = entries.length > limit ? (page.at(-1)?.seq ?? null) : null;
        const fault = control.distrust;
        const faultCode = fault === null ? null : control.distrustCode;
        return { body: { entries: page, next, fault, faultCode } };
      },
    }),
  ];
}
