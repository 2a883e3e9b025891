import type { Change } from '../../control/change.ts';
import { type ProblemBody, problemOf } from '../problem.ts';
import type { ProblemCode } from '../problem-codes.ts';
import { guardrailsView } from './evidence-view.ts';
import { routeView, standing } from './route-view.ts';

/** The problem of a change that was refused: what stands in its way, and where the route is. */
export function refusalOf(refusal: Extract<Change<unknown>, { ok: false }>): ProblemBody {
  const { code, detail, state, instances, waitsFor, evidence } = refusal;
  if (!state) return problemOf(code, detail);
  const { route, stage, percent, version, next } = routeView(state);
  return problemOf(code, detail, {
    ...{ route, stage, percent, version, next },
    ...(instances ? { instances } : {}),
    ...(evidence ? { guardrails: guardrailsView(evidence) } : {}),
    ...(waitsFor ? { waitsFor: waitsFor.map(standing) } : {}),
  });
}

/** What keeps the ledger from taking a change. */
export const LEDGER_PROBLEMS = [
  'LEDGER_CORRUPT',
  'LEDGER_UNREACHABLE',
  'LEDGER_UNWRITABLE',
] as const satisfies readonly ProblemCode[];
