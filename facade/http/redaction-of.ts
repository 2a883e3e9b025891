import type { Plan } from '#plan/model/plan.ts';
import { compileRedaction, type RedactionRules } from '../core/redact/redactor.ts';

const rulesOf = new WeakMap<Plan, RedactionRules>();

/** The plan's `redact` keys, read once for each plan. */
export function redactionOf(plan: Plan): RedactionRules {
  let rules = rulesOf.get(plan);
  if (!rules) {
    rules = compileRedaction(plan.redact);
    rulesOf.set(plan, rules);
  }
  return rules;
}
