import { MAX_BUILD_LENGTH } from '../../core/build.ts';
import type { Party } from '../../core/party.ts';
import type { Call } from '../call.ts';
import { upstreamAt } from '../side.ts';
import type { ShadowSink } from './shadow-sink.ts';

/** Takes note of the build that an answer names, where the plan says in which header. */
export function noteBuild(
  sink: Pick<ShadowSink, 'named'>,
  call: Call,
  party: Party,
  rawHeaders: readonly string[],
): void {
  const header = upstreamAt(call, party)?.buildHeader;
  if (header === undefined) return;
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === header);
  const build = at === -1 ? '' : (rawHeaders[at + 1] as string).trim();
  if (build !== '') sink.named(build.slice(0, MAX_BUILD_LENGTH));
}
