import type { Plan } from '#plan/model/plan.ts';
import { EXIT } from './exit-code.ts';
import { Failure } from './failure.ts';
import { requirePlan, type Session } from './session.ts';

/** The plan of this call; one without the data set is a refusal that names those that it has. */
export function requireSet(session: Session, set: string): Plan {
  const plan = requirePlan(session);
  if (plan.dataSets.has(set)) return plan;
  const known = [...plan.dataSets.keys()].join(', ') || 'it has none';
  throw new Failure(
    EXIT.refused,
    'PLAN_UNKNOWN_SET',
    `expected a data set of ${session.planDir} (${known}), got \`${set}\`. Write one as data/${set}.yaml, or name another one.`,
  );
}
