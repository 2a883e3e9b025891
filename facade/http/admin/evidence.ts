import { z } from 'zod';
import type { Guardrails } from '../../control/guardrails.ts';
import { problemOf } from '../problem.ts';
import { guardrailSchema, guardrailsView, verdictSchema } from './evidence-view.ts';
import { named } from './named-schemas.ts';
import { type Operation, operation } from './operation.ts';

const evidenceSchema = named(
  'Evidence',
  z.strictObject({
    route: z.string(),
    at: z.string().describe('The stage that was judged: `canary 10%`.'),
    since: z.iso.datetime().nullable().describe('When the route came there; null before its first move.'),
    hash: z.string(),
    build: z.string().nullable(),
    verdict: verdictSchema,
    guardrails: z.array(guardrailSchema).describe('Those that the plan names.'),
    bakeLeftMs: z.number().min(0),
  }),
);

/** `GET /v1/routes/:route/evidence`: what the guardrails say. */
export function evidenceOperations(guardrails: Guardrails): Operation[] {
  return [
    operation({
      id: 'getEvidence',
      method: 'get',
      path: '/v1/routes/{route}/evidence',
      summary: 'What the guardrails of a route say about its stay at its stage',
      role: 'viewer',
      answer: {
        status: 200,
        description: 'A verdict with the figures it rests on.',
        schema: evidenceSchema,
      },
      problems: ['ROUTE_UNKNOWN'],
      async handle({ params }) {
        const name = params.route as string;
        const evidence = await guardrails.evidenceOf(name);
        if (!evidence)
          return { problem: problemOf('ROUTE_UNKNOWN', `expected a route of the plan, got ${name}.`) };
        const { route, at, sinceMs, hash, build, verdict, bakeLeftMs } = evidence;
        const since = sinceMs === 0 ? null : new Date(sinceMs).toISOString();
        return {
          body: { route, at, since, hash, build, verdict, guardrails: guardrailsView(evidence), bakeLeftMs },
        };
      },
    }),
  ];
}
