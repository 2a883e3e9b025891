import type { OtherBuild } from '../api/observations.ts';
import { plain } from './table.ts';

/** That what was seen of a route is of two builds. */
export function mixedInWords({ build, at }: OtherBuild): string {
  return `build ${plain(build)} has answered as well, last at ${plain(at)}: what was seen is of no build alone, and no step rests on it. It is seen anew once that has been silent for ten seconds.`;
}
