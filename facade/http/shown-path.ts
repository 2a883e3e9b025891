import { type RedactionRules, Redactor } from '../core/redact/redactor.ts';
import type { Call } from './call.ts';
import { redactionOf } from './redaction-of.ts';

/** The path of a request as logs may show it: without what is a secret by its name in the plan, or by its form. */
export function shownPath({
  target,
  decision,
  snapshot,
}: Pick<Call, 'target' | 'decision' | 'snapshot'>): string {
  const { path } = target;
  if (!MAY_HOLD_A_SECRET.test(path) && !decision.match?.pattern.includes(':')) return path;
  const rules: RedactionRules = redactionOf(snapshot.plan);
  return new Redactor(rules).url(path, decision.match?.pattern);
}

/** Something long, or an address; the rest is not worth the time that looking takes. */
const MAY_HOLD_A_SECRET = /[^/]{12}|@|%40/;
