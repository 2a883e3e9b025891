import type { Logger } from 'pino';
import { relaySetLink } from './adapters/set-link.relay.ts';
import { SetWatches } from './http/fences/set-watches.ts';

/** Watches the data sets by the relay of the plan; `log` null: somebody else tells. */
export function openSetWatches(
  relayUrl: () => string | null,
  relayToken: string | null,
  log: Logger | null,
): SetWatches {
  return new SetWatches({ link: relaySetLink(relayUrl, relayToken), log, now: () => performance.now() });
}
