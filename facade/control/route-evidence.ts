import type { Evidence } from '../core/guardrail/judge.ts';
import type { EntryEvidence } from '../core/ledger.ts';
import type { Mixed } from '../core/observation/observations-view.ts';
import type { RecordedParity, Stale } from '../core/parity-evidence.ts';

/** What is known of a route now: what its guardrails say and rest on, and the last run of its parity suite. */
export type RouteEvidence = Evidence & {
  readonly route: string;
  /** `canary 10%`. */
  readonly at: string;
  readonly hash: string;
  readonly build: string | null;
  /** Another build that has answered as well: what was seen is of no build alone. */
  readonly mixed: Mixed | null;
  /** Milliseconds since 1970 at which the route came to its stage. */
  readonly sinceMs: number;
  /** How long `guardrails.bake` still keeps the route there; 0 when it is over. */
  readonly bakeLeftMs: number;
  /** Null when none is recorded; `stale` says why it tells nothing of the route as it is now. */
  readonly parity: (RecordedParity & { readonly stale: Stale | null }) | null;
  /** Why that is not enough for the step to `candidate`; null when it is. */
  readonly parityGap: string | null;
};

/** What is known of a route, and what of it is not enough for a step, in words. */
export type Proof = { readonly evidence: RouteEvidence; readonly gaps: readonly string[] };

/** What the ledger keeps of what was known; nothing where nothing was judged. */
export function entryEvidence({ route, hash, build, guardrails }: RouteEvidence): {
  evidence?: EntryEvidence;
} {
  if (guardrails.length === 0) return {};
  const judged = guardrails.map(({ name, verdict, value, threshold, sample }) => ({
    name,
    verdict,
    value,
    threshold,
    sample,
  }));
  return { evidence: { route, routeHash: hash, build, guardrails: judged } };
}
