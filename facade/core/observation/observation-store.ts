import type { RouteObserved } from './observations-view.ts';

/**
 * Port: keeps what this instance observed over a restart, and gives what the others did. Adapters: memory, file, postgres;
 * suite: `observation-store.suite.ts`. Rejects when it cannot be read or written.
 */
export type ObservationStore = {
  /** What this instance had kept last; empty at first. */
  load(): Promise<readonly RouteObserved[]>;
  /** Takes the place of what it had kept. */
  save(parts: readonly RouteObserved[]): Promise<void>;
  /** What the other instances keep; those that have not been heard of for a day are left out. */
  others(): Promise<readonly RouteObserved[]>;
  close(): Promise<void>;
};
