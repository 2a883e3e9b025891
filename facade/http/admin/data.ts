import { z } from 'zod';
import type { DataSet } from '#plan/model/plan.ts';
import type { Control } from '../../control/control.ts';
import type { Cutover } from '../../control/cutover/cutover.ts';
import { CUTOVER_STEPS } from '../../core/data-position.ts';
import { problemOf } from '../problem.ts';
import { named } from './named-schemas.ts';
import { authorOf, type Operation, operation } from './operation.ts';
import { LEDGER_PROBLEMS } from './refusal.ts';
import { reason } from './requests.ts';
import { party } from './route-view.ts';

const body = z.strictObject({
  reason,
  to: party.default('candidate').describe('Who is to own the set: `legacy` is the way back.'),
  dryRun: z.boolean().default(false).describe('Only say what the change would meet.'),
  finalise: z
    .boolean()
    .default(false)
    .describe('Instead: no way back any more, where the candidate owns it.'),
});

const checkSchema = z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() });
const runSchema = z.strictObject({
  to: party,
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  outcome: z
    .enum(['running', 'done', 'back'])
    .describe('`back`: it failed before the decision, and the owner is who it was.'),
  detail: z.string().nullable(),
  pauseMs: z.int().min(0).nullable().describe('How long writes of the set were held.'),
  checks: z.array(checkSchema),
  steps: z.array(
    z.strictObject({
      step: z.string(),
      at: z.iso.datetime(),
      tookMs: z.int().min(0),
      detail: z.string(),
    }),
  ),
});
const dataSchema = named(
  'DataSet',
  z
    .strictObject({
      set: z.string(),
      owner: party.nullable(),
      epoch: z.int().min(0).nullable().describe('Grows with each change of owners.'),
      step: z.enum(CUTOVER_STEPS).nullable(),
      to: party.nullable().describe('Who is to own it; null while nothing goes on.'),
      held: z.boolean().nullable().describe('Writes of the set wait.'),
      version: z.int().min(0).nullable(),
      routes: z.array(z.string()),
      run: runSchema.nullable().describe('The change that this instance leads or led last.'),
      checks: z.array(checkSchema).optional().describe('What a dry run measured.'),
    })
    .describe('`owner` and what hangs on it are null while no position is known.'),
);

/** `/v1/data`: who owns the data sets, and how that changes. */
export function dataOperations(control: Control, cutover: Cutover): Operation[] {
  const setOf = (name: string) => control.snapshot.plan.dataSets.get(name) ?? null;
  const unknown = (name: string) => {
    const known = [...control.snapshot.plan.dataSets.keys()].join(', ') || 'no data set at all';
    return { problem: problemOf('PLAN_SET_UNKNOWN', `expected one of ${known}, got ${name}.`) };
  };
  const view = (set: DataSet) => {
    const state = control.dataOf(set.name);
    return {
      set: set.name,
      owner: state?.owner ?? null,
      epoch: state?.epoch ?? null,
      step: state?.step ?? null,
      to: state?.to ?? null,
      held: state?.held ?? null,
      version: state?.version ?? null,
      routes: [...set.routes],
      run: cutover.runOf(set.name),
    };
  };
  return [
    operation({
      id: 'listData',
      method: 'get',
      path: '/v1/data',
      summary: 'Every data set of the plan in force, and who owns it',
      role: 'viewer',
      answer: {
        status: 200,
        description: 'In the order of the plan.',
        schema: z.strictObject({ sets: z.array(dataSchema) }),
      },
      problems: [],
      handle: () => ({ body: { sets: [...control.snapshot.plan.dataSets.values()].map(view) } }),
    }),
    operation({
      id: 'followCutover',
      method: 'get',
      path: '/v1/data/{set}/cutover',
      summary: 'Who owns a data set, and how its change of owners goes on',
      role: 'viewer',
      answer: { status: 200, description: 'As it stands now.', schema: dataSchema },
      problems: ['PLAN_SET_UNKNOWN'],
      handle({ params }) {
        const set = setOf(params.set as string);
        return set ? { body: view(set) } : unknown(params.set as string);
      },
    }),
    operation({
      id: 'cutOver',
      method: 'post',
      path: '/v1/data/{set}/cutover',
      summary: 'Give a data set another owner: the candidate, or legacy again',
      role: 'admin',
      body,
      answer: {
        status: 202,
        description: 'It has begun; `GET` follows it. A dry run has ended.',
        schema: dataSchema,
      },
      problems: ['PLAN_SET_UNKNOWN', 'FENCE_CUTOVER_REFUSED', 'FENCE_CUTOVER_RUNNING', ...LEDGER_PROBLEMS],
      async handle(call) {
        const set = setOf(call.params.set as string);
        if (!set) return unknown(call.params.set as string);
        const { to, dryRun, finalise } = call.body;
        if (dryRun) return { body: { ...view(set), checks: await cutover.check(set, to) } };
        if (control.distrust) return { problem: problemOf(control.distrustCode, control.distrust) };
        if (finalise) {
          const outcome = await cutover.finalise(set, authorOf(call));
          return outcome.ok
            ? { body: view(set) }
            : { problem: problemOf('FENCE_CUTOVER_REFUSED', outcome.detail) };
        }
        const begun = await cutover.begin(set, to, authorOf(call));
        if (begun.ok) return { body: view(set) };
        return { problem: problemOf(begun.code, begun.detail, { checks: begun.checks }) };
      },
    }),
  ];
}
