import { z } from 'zod';
import type { Author } from '../../control/change.ts';
import type { Control } from '../../control/control.ts';
import type { Cutover } from '../../control/cutover/cutover.ts';
import type { Replicas } from '../../control/replicas.ts';
import type { RouteState } from '../../core/snapshot.ts';
import type { SetWatches } from '../fences/set-watches.ts';
import { problemOf } from '../problem.ts';
import { authorOf, type Operation, operation } from './operation.ts';
import { LEDGER_PROBLEMS, refusalOf } from './refusal.ts';
import { force, reason, reasonBody } from './requests.ts';
import {
  type RouteView,
  returnedSchema,
  routeSchema,
  routeView,
  stage,
  standingAhead,
} from './route-view.ts';

const percent = z
  .number()
  .min(0, 'expected a share from 0 to 100')
  .max(100, 'expected a share from 0 to 100')
  .refine((share) => Math.abs(share * 100 - Math.round(share * 100)) < 1e-6, 'expected steps of 0.01')
  .describe(
    'Share of canary in percent, in steps of 0.01. `candidate` may say 100, `legacy` and `shadow` 0.',
  );

const transitionBody = z
  .strictObject({
    stage,
    percent: percent.optional(),
    reason,
    expectedVersion: z.int().min(0).describe('The version that the decision rests on.'),
    force,
  })
  .refine(({ stage, percent }) => stage !== 'canary' || percent !== undefined, {
    path: ['percent'],
    message: 'expected the share of canary in percent, e.g. 10',
  })
  // `candidate` at 100 and the others at 0 say the same thing twice.
  .refine(
    ({ stage, percent }) => stage === 'canary' || !percent || (stage === 'candidate' && percent === 100),
    { path: ['percent'], message: 'only canary has a share' },
  );

const ROUTE = { status: 200, description: 'The route as it stands now.', schema: routeSchema };

/** A route with why its reads are held at the owner of its data. */
function heldView(state: RouteState, watches: SetWatches): RouteView {
  const { data } = state.route;
  const view = data.kind === 'owned' ? watches.views().find(({ set }) => set === data.set) : undefined;
  return { ...routeView(state), fenced: view?.fenced ?? null };
}

/** `/v1/routes`: where routes stand, and how they move. */
export function routeOperations(
  control: Control,
  replicas: Replicas,
  watches: SetWatches,
  cutover: Pick<Cutover, 'giveBack'>,
): Operation[] {
  /** Where the candidate is the writer, the way back begins with its data. */
  const giveBack = async (name: string, author: Author) => {
    const { data } = control.snapshot.plan.routes.find((route) => route.name === name) ?? {};
    const set = data?.kind === 'owned' ? control.snapshot.plan.dataSets.get(data.set) : undefined;
    return set ? cutover.giveBack(set, author) : { ok: true as const };
  };
  return [
    operation({
      id: 'listRoutes',
      method: 'get',
      path: '/v1/routes',
      summary: 'Every route of the plan in force',
      role: 'viewer',
      answer: {
        status: 200,
        description: 'In the order of their names.',
        schema: z.strictObject({ routes: z.array(routeSchema) }),
      },
      problems: [],
      handle: () => ({
        body: { routes: [...control.snapshot.states.values()].map((state) => heldView(state, watches)) },
      }),
    }),
    operation({
      id: 'getRoute',
      method: 'get',
      path: '/v1/routes/{route}',
      summary: 'One route',
      role: 'viewer',
      answer: ROUTE,
      problems: ['ROUTE_UNKNOWN'],
      handle({ params }) {
        const name = params.route as string;
        const state = control.snapshot.states.get(name);
        if (state) return { body: heldView(state, watches) };
        return { problem: problemOf('ROUTE_UNKNOWN', `expected a route of the plan, got ${name}.`) };
      },
    }),
    operation({
      id: 'moveRoute',
      method: 'post',
      path: '/v1/routes/{route}/transitions',
      summary: 'Move a route: the next step of its stages, or with force any',
      role: 'operator',
      body: transitionBody,
      answer: ROUTE,
      problems: [
        'ROUTE_UNKNOWN',
        'ROUTE_VERSION_STALE',
        'PLAN_REPLICAS_DIFFER',
        'ROUTE_STEP_ILLEGAL',
        'ROUTE_RETIRED',
        'ROUTE_KILLED',
        'ROUTE_WRITER_LEGACY',
        'ROUTE_DATA_NOT_COPIED',
        'ROUTE_DEPENDENCY_BEHIND',
        'ROUTE_EVIDENCE_MISSING',
        ...LEDGER_PROBLEMS,
      ],
      async handle(call) {
        const { stage, percent, expectedVersion, force } = call.body;
        const to = { stage, hundredths: stage === 'canary' ? Math.round((percent ?? 0) * 100) : 0 };
        const change = { expectedVersion, force, ...authorOf(call) };
        const outcome = await control.transition(call.params.route as string, to, change);
        return outcome.ok ? { body: routeView(outcome.value) } : { problem: refusalOf(outcome) };
      },
    }),
    operation({
      id: 'rollBackRoute',
      method: 'post',
      path: '/v1/routes/{route}/rollback',
      summary:
        'Send a route back to legacy, its data first where the candidate owns them; answered when every live replica has applied it',
      role: 'operator',
      body: reasonBody,
      answer: { ...ROUTE, schema: returnedSchema },
      problems: [
        'ROUTE_UNKNOWN',
        'ROUTE_VERSION_STALE',
        'ROUTE_RETIRED',
        'ROUTE_WRITER_CANDIDATE',
        'FENCE_CUTOVER_REFUSED',
        'FENCE_CUTOVER_RUNNING',
        ...LEDGER_PROBLEMS,
      ],
      async handle(call) {
        const [name, author] = [call.params.route as string, authorOf(call)];
        let outcome = await control.rollback(name, author);
        if (!outcome.ok && outcome.code === 'ROUTE_WRITER_CANDIDATE') {
          const given = await giveBack(name, author);
          if (!given.ok) return { problem: problemOf(given.code, given.detail, { checks: given.checks }) };
          outcome = await control.rollback(name, author);
        }
        if (!outcome.ok) return { problem: refusalOf(outcome) };
        const pending = await replicas.applied(control.appliedSeq);
        const ahead = standingAhead(outcome.value, control.snapshot);
        return { body: { ...routeView(outcome.value), pending, ahead } };
      },
    }),
    ...(['pause', 'resume'] as const).map((verb) =>
      operation({
        id: `${verb}Route`,
        method: 'post',
        path: `/v1/routes/{route}/${verb}`,
        summary: verb === 'pause' ? 'Freeze the automation of a route' : 'End a pause and a kill',
        role: 'operator',
        body: reasonBody,
        answer: ROUTE,
        problems: ['ROUTE_UNKNOWN', 'ROUTE_VERSION_STALE', ...LEDGER_PROBLEMS],
        async handle(call) {
          const outcome = await control[verb](call.params.route as string, authorOf(call));
          return outcome.ok ? { body: routeView(outcome.value) } : { problem: refusalOf(outcome) };
        },
      }),
    ),
  ];
}
