import type { StageStep } from '../plan.ts';
import { type PlanFile, valueAt } from '../plan-file.ts';
import { formatStageStep, parseStageStep } from '../stage-step.ts';
import { routeName } from './check-routes.ts';

const RANK = { shadow: 0, canary: 1, candidate: 2, retired: 3 } as const;

/** Stages only rise: shadow first if at all, shares of canary growing, then candidate, then retired. */
export function checkStages(route: PlanFile): void {
  const written = valueAt(route.value, ['stages']);
  if (!Array.isArray(written)) return;
  let before: StageStep | null = null;
  for (const [index, entry] of written.entries()) {
    const step = parseStageStep(entry);
    if (!step.ok) continue;
    if (before !== null) {
      const message = orderMessage(before, step.value);
      if (message !== null) route.report(['stages', index], message);
    } else if (step.value.stage === 'retired') {
      route.report(
        ['stages', index],
        'expected `candidate` before `retired`, got nothing. Write e.g. `candidate, retired`.',
      );
    }
    if (before === null || !isBelow(step.value, before)) before = step.value;
  }
}

/** A route goes no further than those that it depends on: a stage beyond their last ones is never reached. */
export function checkReach(routes: readonly PlanFile[]): void {
  const byName = new Map(routes.map((route) => [routeName(route), route]));
  for (const route of routes) {
    const dependencies: unknown = valueAt(route.value, ['dependsOn']);
    if (!Array.isArray(dependencies)) continue;
    const steps = stepsOf(route);
    for (const name of dependencies) {
      const other = byName.get(name);
      const last = other && stepsOf(other).at(-1)?.step;
      const beyond = last && steps.find(({ step }) => isBelow(last, step));
      if (!beyond) continue;
      route.report(
        ['stages', beyond.index],
        `expected a stage that \`${name}\` comes to as well, since this route depends on it, got {got}: the last one of \`${name}\` is \`${formatStageStep(last)}\`. Add stages there, or take it out of \`dependsOn\`.`,
        'warning',
      );
    }
  }
}

function stepsOf(route: PlanFile): { index: number; step: StageStep }[] {
  const written = valueAt(route.value, ['stages']);
  if (!Array.isArray(written)) return [];
  return written.flatMap((entry, index) => {
    const step = parseStageStep(entry);
    return step.ok ? [{ index, step: step.value }] : [];
  });
}

function orderMessage(before: StageStep, step: StageStep): string | null {
  const [now, last] = [formatStageStep(step), formatStageStep(before)];
  if (now === last) return `expected each stage once, got \`${now}\` again. Leave one out.`;
  if (step.stage === 'shadow')
    return 'expected `shadow` only as the first stage, got it later. Move it to the front.';
  if (step.stage === 'canary' && before.stage === 'canary' && isBelow(step, before)) {
    return `expected a share above the one before it (\`${last}\`), got \`${now}\`. Write the shares in rising order.`;
  }
  if (isBelow(step, before)) {
    return `expected shadow, canary, candidate, retired in this order, got \`${now}\` after \`${last}\`. Move it before \`${last}\`.`;
  }
  if (step.stage === 'retired' && before.stage !== 'candidate') {
    return `expected \`candidate\` before \`retired\`, got \`${last}\`. Write e.g. \`candidate, retired\`.`;
  }
  return null;
}

function isBelow(step: StageStep, before: StageStep): boolean {
  const difference = RANK[step.stage] - RANK[before.stage];
  return difference < 0 || (difference === 0 && step.hundredths < before.hundredths);
}
