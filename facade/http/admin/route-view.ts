import { z } from 'zod';
import { aheadOf } from '../../core/dependencies.ts';
import { describeStep, nextStep, type Step } from '../../core/position.ts';
import type { RouteState, Snapshot } from '../../core/snapshot.ts';
import { named } from './named-schemas.ts';

export const stage = z.enum(['legacy', 'shadow', 'canary', 'candidate', 'retired']);
export const party = z.enum(['legacy', 'candidate']);
export const share = z.number().min(0).max(100).describe('Canary share in percent; 0 in other stages.');

/** A route as the admin API shows it. */
export const routeSchema = named(
  'Route',
  z
    .strictObject({
      route: z.string(),
      stage: stage.nullable(),
      percent: share.nullable(),
      writer: party.nullable().describe('Who owns the data of the route.'),
      paused: z.boolean().nullable().describe('Automation is frozen; traffic is not.'),
      killed: z.boolean().nullable().describe('Legacy answers, whatever the stage, until a resume.'),
      version: z
        .int()
        .min(0)
        .nullable()
        .describe('Counts what happened to the route; a transition names it as `expectedVersion`.'),
      hash: z.string().describe('SHA-256 of the canonical form of the route in the plan.'),
      next: z
        .strictObject({ stage, percent: share.optional() })
        .nullable()
        .describe('The step that can be taken without force; null after the last.'),
      stages: z.array(z.string()),
      candidate: z.string(),
      data: z.union([z.enum(['none', 'shared']), z.strictObject({ owned: z.string() })]),
      match: z.array(z.string()),
      fallback: z.literal('legacy').nullable(),
      dependsOn: z.array(z.string()),
      fenced: z
        .string()
        .nullable()
        .optional()
        .describe(
          'Why all reads go to the owner of the data for now, whatever the stage; null when nothing holds them. Only where routes are read.',
        ),
      owner: z.string().nullable(),
      targetDate: z.string().nullable(),
    })
    .describe('`stage` and what hangs on it are null while no position is known.'),
);
export type RouteView = z.infer<typeof routeSchema>;

const standingSchema = z.strictObject({
  route: z.string(),
  stage: stage.nullable(),
  percent: share.nullable(),
  killed: z.boolean().nullable(),
});
export const pendingSchema = z
  .array(z.string())
  .describe('Replicas that had not applied it within 10 s, and silent ones: they answer as before.');

/** A route after its clients were sent back, and whom that did not reach. */
export const returnedSchema = named(
  'ReturnedRoute',
  routeSchema.extend({
    pending: pendingSchema,
    ahead: z.array(standingSchema).describe('Routes that depend on this one and stay further than it.'),
  }),
);

export function routeView({ route, position }: RouteState): RouteView {
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
    dependsOn: [...route.dependsOn],
    owner: route.owner,
    targetDate: route.targetDate,
  };
}

/** Where a route stands, in short. */
export function standing(state: RouteState): z.infer<typeof standingSchema> {
  const { route, stage, percent, killed } = routeView(state);
  return { route, stage, percent, killed };
}

export const standingAhead = (state: RouteState, { states }: Snapshot) =>
  aheadOf(state, states).map(standing);

const asStep = (step: Step) =>
  step.stage === 'canary' ? { stage: step.stage, percent: step.hundredths / 100 } : { stage: step.stage };
