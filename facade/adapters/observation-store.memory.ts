import type { ObservationStore } from '../core/observation/observation-store.ts';
import type { RouteObserved } from '../core/observation/observations-view.ts';

/** For a facade that keeps nothing: what was observed ends with the process. */
export function openMemoryObservationStore(): ObservationStore {
  let kept: readonly RouteObserved[] = [];
  return {
    load: async () => kept,
    async save(parts) {
      kept = parts;
    },
    others: async () => [],
    close: async () => {},
  };
}
