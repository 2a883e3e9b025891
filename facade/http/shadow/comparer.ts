import type { Route } from '#plan/model/plan.ts';
import type { Comparison } from '../../core/compare/index.ts';
import type { DiscardReason } from '../../core/shadow/fate.ts';

/** An answer as it came: header names and values in a flat list, the body in its content coding. */
export type RawAnswer = {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
};

/** Why two answers could not be compared; it says nothing about them. */
type NotCompared = Extract<
  DiscardReason,
  'encoding' | 'too-large' | 'compare-busy' | 'compare-timeout' | 'compare-failed'
>;

/** Port: compares two answers under the rules of a route, off the event loop where they are large. Never rejects. */
export type Comparer = {
  compare(
    route: Route,
    answers: { readonly legacy: RawAnswer; readonly candidate: RawAnswer },
  ): Promise<Comparison | NotCompared>;
  close(): void;
};
