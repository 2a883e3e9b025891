import { type Decision, decide, type FenceOf, type PinOf } from '../core/decide.ts';
import { laxReadings } from '../core/lax-path.ts';
import { normalisePath } from '../core/path.ts';
import type { RouteState, Snapshot } from '../core/snapshot.ts';
import { type ProblemBody, problemOf } from './problem.ts';
import { clip } from './refusals.ts';

/**
 * Refuses a path that a server which reads more freely (`;x`, `%2F`, `\`, `..` behind an escape) could serve as one that
 * is decided otherwise. Where legacy alone is meant, and where it only names something below a route, it passes.
 * SECURITY: it would be routed one way and served another, a write past its owner.
 */
export function ambiguityOf(
  plain: Decision,
  snapshot: Snapshot,
  method: string,
  path: string,
  bucket: (state: RouteState) => number,
  pin: PinOf,
  fence: FenceOf,
): ProblemBody | null {
  for (const lax of laxReadings(path)) {
    // The table knows normalised paths: what is no segment character stands there as an escape.
    const meant = decide(snapshot, method, normalisePath(lax.path) ?? lax.path, bucket, pin, fence);
    if (meant.state === plain.state || (meant.state === null && !lax.climbs)) continue;
    if (meant.upstream === plain.upstream && (meant.upstream === 'legacy' || !lax.climbs)) continue;
    return problemOf(
      'ROUTE_TARGET_AMBIGUOUS',
      `${clip(path)} could also be read as ${clip(lax.path)}, which is decided otherwise. Send the path that is meant.`,
    );
  }
  return null;
}
