import type { IncomingMessage } from 'node:http';
import { type Decision, decide, type FenceOf, type PinOf } from '../core/decide.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { RequestCohort } from './cohort-keeper.ts';
import { type ProblemBody, problemOf } from './problem.ts';
import { clip } from './refusals.ts';
import type { RequestTarget } from './request-target.ts';

const OVERRIDES: ReadonlySet<string> = new Set([
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
]);

/**
 * What a method override changes. Where both methods lead to legacy it is legacy's own business, and only counts as
 * a write when either method is one. Elsewhere it is refused unless both mean the same.
 * SECURITY: a framework that honours an override would run another method than the one the decision was made for.
 */
export function withOverride(
  decision: Decision,
  request: IncomingMessage,
  snapshot: Snapshot,
  target: RequestTarget,
  cohort: RequestCohort,
  pin: PinOf,
  fence: FenceOf,
): Decision | ProblemBody {
  let { safe } = decision;
  for (const [name, method] of Object.entries(request.headers)) {
    // To CGI and its heirs an underscore is the same.
    if (!OVERRIDES.has(name.replaceAll('_', '-')) || typeof method !== 'string') continue;
    const meant = decide(snapshot, method.toUpperCase(), target.path, cohort.bucket, pin, fence);
    if (meant.upstream !== decision.upstream || (decision.upstream !== 'legacy' && differs(meant, decision)))
      return problemOf(
        'ROUTE_METHOD_OVERRIDE',
        `${name}: ${clip(method)} would be decided differently from ${request.method}. Send the method itself.`,
      );
    safe &&= meant.safe;
  }
  return { ...decision, safe };
}

function differs(one: Decision, other: Decision): boolean {
  return one.state !== other.state || one.safe !== other.safe;
}
