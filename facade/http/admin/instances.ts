import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import type { Replicas } from '../../control/replicas.ts';
import type { Instance } from '../../core/instances.ts';
import { type ProblemBody, problemOf } from '../problem.ts';
import type { UpstreamView } from '../upstream-guards.ts';
import { named } from './named-schemas.ts';
import { authorOf, type Operation, operation } from './operation.ts';
import { LEDGER_PROBLEMS, refusalOf } from './refusal.ts';
import { force, reason } from './requests.ts';
import { upstreamSchema } from './upstreams.ts';

const instanceSchema = named(
  'Instance',
  z.strictObject({
    id: z.string(),
    version: z.string().describe('Of the program.'),
    hash: z.string().describe('Of its plan.'),
    appliedSeq: z.int().min(0).describe('The last ledger entry that decides its requests.'),
    lastSeen: z.iso.datetime(),
    silent: z.boolean().describe('Not seen for 10 s: it may be dead, or serve on as before.'),
    upstreams: z.array(upstreamSchema).optional().describe('Of the instance that answers alone.'),
  }),
);

/** `/v1/instances`: who shares the ledger, and how to take one off that will not come back. */
export function instanceOperations(
  control: Control,
  replicas: Replicas,
  upstreams: () => UpstreamView[] | Promise<UpstreamView[]>,
): Operation[] {
  return [
    operation({
      id: 'listInstances',
      method: 'get',
      path: '/v1/instances',
      summary: 'The facades that share the ledger',
      role: 'viewer',
      answer: {
        status: 200,
        description: 'By id; `fault` says why the list may be old.',
        schema: z.strictObject({ instances: z.array(instanceSchema), fault: z.string().nullable() }),
      },
      problems: [],
      async handle() {
        await replicas.beat();
        // How the upstreams are, each instance knows of its own sight alone.
        const ownViews = await upstreams();
        const own = (id: string) => (id === replicas.id ? { upstreams: ownViews } : {});
        const instances = replicas.known.map((instance) => ({
          ...instanceView(instance),
          ...own(instance.id),
        }));
        return { body: { instances, fault: replicas.away } };
      },
    }),
    operation({
      id: 'evictInstance',
      method: 'post',
      path: '/v1/instances/{id}/evict',
      summary: 'Take a silent instance off the list: nobody waits for it any more',
      role: 'admin',
      body: z.strictObject({ reason, force }),
      answer: {
        status: 200,
        description: 'It is off the list. If it lives, it fails its readiness until it is restarted.',
        schema: z.strictObject({ id: z.string(), evicted: z.literal(true) }),
      },
      problems: ['FENCE_INSTANCE_UNKNOWN', 'FENCE_INSTANCE_LIVE', ...LEDGER_PROBLEMS],
      async handle(call) {
        const id = call.params.id as string;
        await replicas.beat();
        const problem = keptFrom(replicas, id, call.body.force);
        if (problem) return { problem };
        const author = authorOf(call);
        // Recorded first: nobody is taken off without a trace.
        const forced = call.body.force ? { forced: true as const } : {};
        const recorded = await control.record('evict', {
          ...author,
          ...forced,
          reason: `${id}: ${author.reason}`,
        });
        if (!recorded.ok) return { problem: refusalOf(recorded) };
        await replicas.evict(id);
        return { body: { id, evicted: true } };
      },
    }),
  ];
}

function keptFrom(replicas: Replicas, id: string, force: boolean): ProblemBody | null {
  if (replicas.away)
    return problemOf('LEDGER_UNREACHABLE', `the instances cannot be seen: ${replicas.away}.`);
  const found = replicas.known.find((instance) => instance.id === id);
  if (!found) {
    const ids = replicas.known.map((instance) => instance.id).join(', ');
    return problemOf('FENCE_INSTANCE_UNKNOWN', `expected one of ${ids}, got ${id}.`);
  }
  if (found.silent || force) return null;
  return problemOf(
    'FENCE_INSTANCE_LIVE',
    `${id} was seen at ${found.lastSeen}: it serves requests. Stop it, or use force.`,
  );
}

/** An instance as the admin API shows it. */
export function instanceView({ id, version, hash, appliedSeq, lastSeen, silent }: Instance) {
  return { id, version, hash, appliedSeq, lastSeen, silent };
}
