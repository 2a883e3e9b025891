import type { Route } from '#plan/model/plan.ts';
import type { Party } from '../../core/party.ts';
import type { Call } from '../call.ts';
import type { SetWatch } from '../fences/set-watch.ts';

/** Data that one side owns and the other gets a moment later: two right answers may differ in what is on its way. */
export type CarriedData = {
  readonly owner: Party;
  readonly watch: Pick<SetWatch, 'isCaughtUp' | 'carriesWithin' | 'hasMovedSince' | 'mayHaveCarriedSince'>;
};

/** Null where a route owns no data, or nobody knows how far they are carried over. */
export function carriedDataOf({ decision, fence }: Call, route: Route): CarriedData | null {
  const owner = decision.state?.position?.writer;
  const watch = fence.watchOf(route);
  return owner && watch ? { owner, watch } : null;
}
