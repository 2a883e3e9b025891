import type { Answer, Comparison, Origins } from './answer.ts';
import { diffBodies } from './diff-bodies.ts';
import { diffHeaders } from './diff-headers.ts';
import { severities } from './difference.ts';
import { Findings } from './findings.ts';
import { type CompareLimits, defaultLimits } from './limits.ts';
import type { CompiledRules } from './rules.ts';

export type CompareOptions = {
  readonly limits?: CompareLimits;
  /** Without it a `Location` is compared as it stands. */
  readonly origins?: Origins;
};

/**
 * Compares two answers under the rules of a route. Pure; time and memory are bounded by the size of the bodies and by
 * the limits, whatever they hold. Equal bytes are equal without being read. JSON is compared as data: numbers by their
 * exact value (1, 1.0 and 1e0 are equal, 12.5 and "12.50" are not), members in any order.
 */
export function compareAnswers(
  legacy: Answer,
  candidate: Answer,
  rules: CompiledRules,
  options: CompareOptions = {},
): Comparison {
  const findings = new Findings(options.limits ?? defaultLimits, rules.rules);
  if (legacy.status !== candidate.status)
    findings.add({
      kind: 'status',
      reason: null,
      path: () => 'status',
      sample: () => ({ at: 'status', legacy: String(legacy.status), candidate: String(candidate.status) }),
    });
  diffHeaders(legacy.headers, candidate.headers, rules.headers, options.origins ?? null, findings);
  const body = diffBodies(legacy, candidate, rules, findings);
  const { differences, ignored, more, excused } = findings.result();
  differences.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  const outcome =
    differences.length + more > 0
      ? 'mismatch'
      : body === 'too-complex'
        ? 'too-complex'
        : ignored.length > 0
          ? 'ignored'
          : 'match';
  return { outcome, differences, ignored, more, excused };
}
