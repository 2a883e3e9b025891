import pino from 'pino';
import type { Plan, Route } from '#plan/model/plan.ts';
import { type Control, openControl } from '../control/control.ts';
import type { RouteEvidence } from '../control/route-evidence.ts';
import type { Ledger } from '../core/ledger.ts';
import { planOf, routeOf } from './plan-of.ts';

function nothingKnown({ name, hash }: Route): RouteEvidence {
  const judged = { verdict: 'pass', guardrails: [], bakeLeftMs: 0, parity: null, parityGap: null } as const;
  return { ...judged, route: name, hash, at: 'legacy', build: null, mixed: null, sinceMs: 0 };
}

/** The control plane of one replica with the routes articles and authors, unless `part` of its plan says otherwise. */
export function controlOf(ledger: Ledger, part: Partial<Plan> = {}): Promise<Control> {
  const routes = [routeOf('articles', ['GET /a']), routeOf('authors', ['GET /b'])];
  const plan = planOf({ routes, ...part });
  return openControl({
    plan,
    loadPlan: () => ({ plan, problems: [] }),
    ledger,
    store: null,
    copyCheck: async () => ({ copied: true }),
    proofFor: async ({ route }) => ({ evidence: nothingKnown(route), gaps: [] }),
    differing: async () => [],
    log: pino({ level: 'silent' }),
    now: () => new Date(),
  });
}
