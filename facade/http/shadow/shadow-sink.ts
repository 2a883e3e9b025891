import type { Route } from '#plan/model/plan.ts';
import type { Difference } from '../../core/compare/index.ts';
import type { Again } from '../../core/noise/noise-table.ts';
import type { ComparedAnswer } from '../../core/observation/observations.ts';
import type { Party } from '../../core/party.ts';
import type { DiscardReason, Fate } from '../../core/shadow/fate.ts';

/**
 * Takes note of the copies of one route. One `fate` for each request that could be copied; for each that was `sent` exactly
 * one of `failed`, `discarded` and `compared` later, on the same object, whatever changed meanwhile.
 */
export type ShadowSink = {
  fate(fate: Fate): void;
  failed(): void;
  /** Of a copy that was dropped since too many before it had come to nothing: it is missing among what is compared. */
  missed(): void;
  discarded(reason: DiscardReason): void;
  compared(compared: ComparedAnswer): void;
  /** The endpoint of a request, by the plan's pattern; below a `*rest` as traffic shows it: `GET /api/tags/:id/posts`. */
  endpointOf(method: string, pattern: string, path: string): string;
  /** Whether an endpoint has differed there before. */
  knows(endpoint: string, difference: Difference): boolean;
  /** Whether an endpoint is known to differ there by noise alone. */
  explains(endpoint: string, differences: readonly Difference[]): boolean;
  /** When the side that answered is to be asked the same again, before the answers are judged; null: not at all. */
  wantsRepeat(endpoint: string, findings: readonly Difference[]): Again | null;
  /** One answer of one side, to a client or to a copy; `ms` until its head, null when there was none. */
  answered(party: Party, failed: boolean, ms: number | null): void;
  /** The build that an answer of the candidate names. */
  named(build: string): void;
};

/** Gives the place where a route is observed now. */
export type SinkOf = (route: Route) => ShadowSink;
