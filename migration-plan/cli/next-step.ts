import { formatShare } from '#plan/model/percent.ts';
import type { Route, StageStep } from '#plan/model/plan.ts';
import type { RouteState } from './api/admin.ts';

const RANK: Readonly<Record<string, number>> = { legacy: 0, shadow: 1, canary: 2, candidate: 3, retired: 4 };

/** `canary 2.5%`, `legacy`: where a route stands, as plans and people write it. */
export function describeStage(at: { stage: string; percent: number }): string {
  return at.stage === 'canary' ? `canary ${formatShare(Math.round(at.percent * 100))}` : at.stage;
}

/** The first step of the route's envelope beyond where it stands; null after the last. */
export function nextStep(state: RouteState, route: Route): StageStep | null {
  const here = progress(state.stage, Math.round(state.percent * 100));
  return route.stages.find((step) => progress(step.stage, step.hundredths) > here) ?? null;
}

/** How far a stage is: two compare as their numbers do. */
export function progress(stage: string, hundredths: number): number {
  return (RANK[stage] ?? 0) * 100_000 + (stage === 'canary' ? hundredths : 0);
}
