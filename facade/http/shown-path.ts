import type { Match } from '#plan/model/plan.ts';
import { Redactor } from '../core/redact/redactor.ts';
import { secretByName } from '../core/redact/secret-names.ts';
import type { Call } from './call.ts';
import { redactionOf } from './redaction-of.ts';

const named = new WeakMap<Match, boolean>();

/** The path of a request as logs may show it: without what is a secret by its name in the plan, or by its form. */
export function shownPath({
  target,
  decision,
  snapshot,
}: Pick<Call, 'target' | 'decision' | 'snapshot'>): string {
  const { path } = target;
  // Each request has a line in the log, and looking costs more than the rest of it.
  if (!MAY_HOLD_A_SECRET.test(path) && !namesSecrets(decision.match)) return path;
  return new Redactor(redactionOf(snapshot.plan)).url(path, decision.match?.pattern);
}

/** An address, or a long segment with digits or capitals that is no UUID. */
const MAY_HOLD_A_SECRET =
  /@|%40|\/(?![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}(?:\/|$))(?=[^/]*[0-9A-Z])[^/]{12}/;

/** A parameter is called one, or what stands before a segment is: `/reset/:token`, `/password/x`. */
function namesSecrets(match: Match | null): boolean {
  if (!match) return false;
  let known = named.get(match);
  if (known === undefined) {
    known = match.pattern.split('/').some((segment) => secretByName(segment.replace(/^[:*]/, '')) !== null);
    named.set(match, known);
  }
  return known;
}
