import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import { problemOf } from '../problem.ts';
import { type Operation, operation } from './operation.ts';
import { reason } from './requests.ts';

const body = z.strictObject({
  reason,
  dryRun: z.boolean().default(false).describe('Only say what each step would meet.'),
});

/** `/v1/data/{set}`: the data set changes its writer. The path is kept; the machine behind it is not there yet. */
export function dataOperations(control: Control): Operation[] {
  const refuse = (set: string) => {
    const { dataSets } = control.snapshot.plan;
    if (dataSets.has(set))
      return problemOf(
        'FENCE_CUTOVER_UNSUPPORTED',
        `this version moves no writer: legacy stays the writer of ${set}.`,
      );
    const known = [...dataSets.keys()].join(', ') || 'no data set at all';
    return problemOf('PLAN_SET_UNKNOWN', `expected one of ${known}, got ${set}.`);
  };
  return [
    operation({
      id: 'cutOver',
      method: 'post',
      path: '/v1/data/{set}/cutover',
      summary: 'Make the candidate the writer of a data set (not in this version)',
      role: 'admin',
      body,
      answer: null,
      problems: ['PLAN_SET_UNKNOWN', 'FENCE_CUTOVER_UNSUPPORTED'],
      handle: ({ params }) => ({ problem: refuse(params.set as string) }),
    }),
  ];
}
