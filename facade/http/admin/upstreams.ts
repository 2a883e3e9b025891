import { z } from 'zod';
import type { UpstreamView } from '../upstream-guards.ts';
import { named } from './named-schemas.ts';
import { type Operation, operation } from './operation.ts';
import { party } from './route-view.ts';

const count = z.int().min(0);

export const upstreamSchema = named(
  'Upstream',
  z.strictObject({
    party,
    candidate: z.string().nullable().describe('Name in `candidates`; null for legacy.'),
    state: z.enum(['ok', 'ill', 'out', 'trial']),
    cause: z.enum(['requests', 'probes']).nullable(),
    requests: count.describe('In the window of `health`.'),
    failures: count.describe('In the window of `health`.'),
    failedProbes: count.describe('In a row.'),
    ejections: count.describe('Since the start.'),
    inFlight: count,
    queued: count,
    refused: count.describe('Requests that got no place, since the start.'),
  }),
);

/** `GET /v1/upstreams`: health and load of every upstream of the plan in force, as this instance sees them. */
export function upstreamOperations(views: () => UpstreamView[] | Promise<UpstreamView[]>): Operation[] {
  return [
    operation({
      id: 'listUpstreams',
      method: 'get',
      path: '/v1/upstreams',
      summary: 'Health and load of every upstream, as this instance sees them',
      role: 'viewer',
      answer: {
        status: 200,
        description: 'Legacy first.',
        schema: z.strictObject({ upstreams: z.array(upstreamSchema) }),
      },
      problems: [],
      handle: async () => ({ body: { upstreams: await views() } }),
    }),
  ];
}
