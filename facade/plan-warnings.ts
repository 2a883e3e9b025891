import type { Plan } from '#plan/model/plan.ts';

/** What a plan asks for and this facade does not do yet, one sentence each, so that nobody believes otherwise. */
export function planWarnings(plan: Plan): string[] {
  const shadowed = plan.routes.filter((route) => route.stages.some(({ stage }) => stage === 'shadow'));
  return [
    ...shadowed.map(
      ({ name }) =>
        `route ${name}: its stage shadow is a position only; requests are not copied to the candidate yet, reads stay on legacy.`,
    ),
    ...(plan.limits.ratePerSecond === null ? [] : ['limits.rate is not applied yet.']),
    ...(plan.notify.webhook === null ? [] : ['notify.webhook is not called yet.']),
  ];
}
