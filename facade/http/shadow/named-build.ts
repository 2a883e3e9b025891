import { MAX_BUILD_LENGTH } from '../../core/build.ts';
import type { Party } from '../../core/party.ts';
import type { Call } from '../call.ts';
import { upstreamAt } from '../side.ts';

/** The build that an answer names, where the plan says in which header; else null. */
export function namedBuild(call: Call, party: Party, rawHeaders: readonly string[]): string | null {
  const header = upstreamAt(call, party)?.buildHeader;
  if (header === undefined) return null;
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === header);
  const build = at === -1 ? '' : (rawHeaders[at + 1] as string).trim();
  return build === '' ? null : build.slice(0, MAX_BUILD_LENGTH);
}
