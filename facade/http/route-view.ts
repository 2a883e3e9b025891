import { describeStep, nextStep } from '../core/position.ts';
import type { RouteState } from '../core/snapshot.ts';

const asStep = ({ stage, hundredths }: { stage: string; hundredths: number }) =>
  stage === 'canary' ? { stage, percent: hundredths / 100 } : { stage };

/**
 * A route as the admin API shows it. `stage` and what hangs on it are null while the ledger cannot be trusted and no
 * position is stored; `percent` is the canary share, 0 in other stages; `next` is the next step, null after the last.
 */
export function routeView({ route, position }: RouteState) {
  const next = position && nextStep(position, route.stages);
  return {
    route: route.name,
    stage: position?.stage ?? null,
    percent: position ? position.hundredths / 100 : null,
    writer: position?.writer ?? null,
    paused: position?.paused ?? null,
    killed: position?.killed ?? null,
    version: position?.version ?? null,
    hash: route.hash,
    next: next && asStep(next),
    stages: route.stages.map(describeStep),
    candidate: route.candidate,
    data: route.data.kind === 'owned' ? { owned: route.data.set } : route.data.kind,
    match: route.match.map(({ method, pattern, safety }) =>
      [method, pattern, safety].filter((word) => word !== null).join(' '),
    ),
    fallback: route.fallbackToLegacy ? 'legacy' : null,
    dependsOn: route.dependsOn,
    owner: route.owner,
    targetDate: route.targetDate,
  };
}
