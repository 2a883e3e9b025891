import { z } from 'zod';
import type { CopyCheck } from '../core/copy-check.ts';

const TIMEOUT_MS = 3_000;
const status = z.object({ state: z.string() });

/**
 * Asks the relay that the plan names for the last backfill of a data set. A relay that cannot say counts as not
 * copied. Without a relay or its token nothing is asked: how the data gets there is not this product's business then.
 */
export function relayCopyCheck(relayUrl: () => string | null, token: string | null): CopyCheck {
  return async (set) => {
    const url = relayUrl();
    if (url === null || token === null) return { copied: true };
    const where = `${url}/v1/sets/${encodeURIComponent(set)}/backfill`;
    const unknown = (why: string) => ({
      copied: false as const,
      detail: `whether data set ${set} has been copied is not known: the relay at ${url} ${why}. Start it, or use force with a reason.`,
    });
    try {
      const answer = await fetch(where, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const body = status.safeParse(await answer.json().catch(() => null));
      if (!answer.ok || !body.success) return unknown(`answered ${answer.status}`);
      const { state } = body.data;
      if (state === 'done') return { copied: true };
      return {
        copied: false,
        detail: `data set ${set} has not been copied to the candidate (backfill: ${state}), so its answers would lack rows. Run \`fig backfill ${set}\` to its end first, or use force with a reason.`,
      };
    } catch (error) {
      const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
      return unknown(`is out of reach (${cause})`);
    }
  };
}
