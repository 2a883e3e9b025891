import type { Match } from '#plan/model/plan.ts';
import { secretByName } from '../core/redact/secret-names.ts';
import type { Call } from './call.ts';

const secretSegments = new WeakMap<Match, readonly number[]>();

/** The path of a request as logs may show it: without the segments whose name in the plan says that they are secrets. */
export function shownPath({ target, decision }: Pick<Call, 'target' | 'decision'>): string {
  const { path } = target;
  if (!decision.match) return path;
  const secret = secretsOf(decision.match);
  if (secret.length === 0) return path;
  const segments = path.split('/');
  for (const at of secret) if (segments[at] !== undefined) segments[at] = '<redacted>';
  return segments.join('/');
}

function secretsOf(match: Match): readonly number[] {
  let known = secretSegments.get(match);
  if (!known) {
    known = match.pattern
      .split('/')
      .flatMap((segment, at) => (segment.startsWith(':') && secretByName(segment.slice(1)) ? [at] : []));
    secretSegments.set(match, known);
  }
  return known;
}
