import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import type { Replicas } from '../../control/replicas.ts';
import { authorOf, type Operation, operation } from './operation.ts';
import { LEDGER_PROBLEMS, refusalOf } from './refusal.ts';
import { reason, reasonBody } from './requests.ts';
import { pendingSchema, routeSchema, routeView } from './route-view.ts';

const body = z.strictObject({
  reason,
  route: z.string().min(1).optional().describe('Without it: every route that is not retired.'),
});

/** `POST /v1/kill`: everything to legacy at once, until a resume; `POST /v1/resume`: all of it back. */
export function killOperations(control: Control, replicas: Replicas): Operation[] {
  return [
    operation({
      id: 'kill',
      method: 'post',
      path: '/v1/kill',
      summary: 'Send a route, or all, to legacy until a resume; the stage is kept',
      role: 'operator',
      body,
      answer: {
        status: 200,
        description: 'The killed routes; answered when every live replica has applied it.',
        schema: z.strictObject({ routes: z.array(routeSchema), pending: pendingSchema }),
      },
      problems: ['ROUTE_UNKNOWN', 'ROUTE_RETIRED', 'ROUTE_VERSION_STALE', ...LEDGER_PROBLEMS],
      async handle(call) {
        const outcome = await control.kill(call.body.route ?? null, authorOf(call));
        if (!outcome.ok) return { problem: refusalOf(outcome) };
        const pending = await replicas.applied(control.appliedSeq);
        return { body: { routes: outcome.value.map(routeView), pending } };
      },
    }),
    operation({
      id: 'resumeKilled',
      method: 'post',
      path: '/v1/resume',
      summary: 'End the kill of every killed route; a pause stays',
      role: 'operator',
      body: reasonBody,
      answer: {
        status: 200,
        description: 'The routes that were killed.',
        schema: z.strictObject({ routes: z.array(routeSchema) }),
      },
      problems: ['ROUTE_VERSION_STALE', ...LEDGER_PROBLEMS],
      async handle(call) {
        const outcome = await control.resumeKilled(authorOf(call));
        if (!outcome.ok) return { problem: refusalOf(outcome) };
        return { body: { routes: outcome.value.map(routeView) } };
      },
    }),
  ];
}
