import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import type { Replicas } from '../../control/replicas.ts';
import { problemOf } from '../problem.ts';
import { named } from './named-schemas.ts';
import { authorOf, type Operation, operation } from './operation.ts';
import { refusalOf } from './refusal.ts';
import { force, reason } from './requests.ts';

/** A problem of a plan file, as `fig lint` tells it. */
const planProblemSchema = named(
  'PlanProblem',
  z.strictObject({
    file: z.string(),
    line: z.int(),
    key: z.string(),
    message: z.string(),
    severity: z.enum(['error', 'warning']),
  }),
);

const REFUSED = {
  PLAN_INVALID: 'The plan on disk has errors; the one in force stays.',
  PLAN_RELOAD_UNSAFE: 'The plan on disk would move clients or writers unasked; the one in force stays.',
};

/** `POST /v1/reload`: the plan on disk comes into force. */
export function reloadOperations(control: Control, replicas: Replicas): Operation[] {
  return [
    operation({
      id: 'reloadPlan',
      method: 'post',
      path: '/v1/reload',
      summary: 'Read the plan again; an invalid one is refused and the old one stays',
      role: 'admin',
      body: z.strictObject({ reason, force }),
      answer: {
        status: 200,
        description: 'The plan that is in force now.',
        schema: z.strictObject({
          hash: z.string(),
          previous: z.string(),
          changed: z.boolean(),
          warnings: z.array(planProblemSchema),
        }),
      },
      problems: ['PLAN_INVALID', 'PLAN_RELOAD_UNSAFE'],
      async handle(call) {
        const outcome = await control.reload(authorOf(call), call.body.force);
        if (!outcome.ok) return { problem: refusalOf(outcome) };
        // Whoever reloads the replicas one after the other must not meet what they said before.
        await replicas.beat();
        const reload = outcome.value;
        if (reload.ok) {
          const { plan, previous, warnings } = reload;
          return { body: { hash: plan.hash, previous, changed: plan.hash !== previous, warnings } };
        }
        const { code, problems } = reload;
        return { problem: problemOf(code, REFUSED[code], { errors: problems }) };
      },
    }),
  ];
}
