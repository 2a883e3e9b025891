import type { Plan } from '#plan/model/plan.ts';
import type { Difference } from '../../core/compare/index.ts';
import type { KeptSample } from '../../core/observation/field.ts';
import { compileRedaction, type RedactionRules, Redactor } from '../../core/redact/redactor.ts';
import type { Call } from '../call.ts';
import type { Exchange } from '../forwarder.ts';
import { curlOf } from './curl.ts';

const rulesOf = new WeakMap<Plan, RedactionRules>();

/** What is kept of a difference: both values and the request that shows them, without a secret in any of them. */
export function keptSample(
  call: Call,
  headers: Exchange['headers'],
  body: Buffer | null,
  { path, sample }: Difference,
): KeptSample {
  const redactor = new Redactor(redactionOf(call.snapshot.plan));
  // The request comes first: an answer may repeat its secrets where nothing tells that they are.
  const curl = curlOf(call, headers, body, redactor);
  const shown = (value: string | null) => (value === null ? null : redactor.withoutEchoes(own(value)));
  const own = (value: string) => {
    if (path.startsWith('header:')) return redactor.header(path.split(':')[1] as string, value);
    return path.startsWith('$') ? redactor.json(value, sample.at) : redactor.text(value);
  };
  return {
    at: redactor.text(sample.at),
    legacy: shown(sample.legacy),
    candidate: shown(sample.candidate),
    curl,
  };
}

function redactionOf(plan: Plan): RedactionRules {
  let rules = rulesOf.get(plan);
  if (!rules) {
    rules = compileRedaction(plan.redact);
    rulesOf.set(plan, rules);
  }
  return rules;
}
