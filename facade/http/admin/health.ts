import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import type { Replicas } from '../../control/replicas.ts';
import type { Metrics } from '../metrics.ts';
import { problemOf } from '../problem.ts';
import { type Operation, operation } from './operation.ts';

/** `/livez`, `/readyz`, `/metrics`: for those who watch processes, without a token. */
export function healthOperations(
  control: Control,
  replicas: Replicas,
  metrics: Pick<Metrics, 'text' | 'contentType'>,
  serving: () => boolean,
): Operation[] {
  return [
    operation({
      id: 'livez',
      method: 'get',
      path: '/livez',
      summary: 'Whether the process lives',
      role: null,
      answer: { status: 200, description: 'It does.', schema: z.strictObject({ status: z.literal('ok') }) },
      problems: [],
      handle: () => ({ body: { status: 'ok' } }),
    }),
    operation({
      id: 'readyz',
      method: 'get',
      path: '/readyz',
      summary: 'Whether the instance may get traffic',
      role: null,
      answer: {
        status: 200,
        description: 'It may, though with an untrusted or unreachable ledger nothing can be changed.',
        schema: z.strictObject({
          status: z.literal('ok'),
          ledger: z.enum(['ok', 'untrusted', 'unreachable']),
        }),
      },
      problems: ['LEDGER_CORRUPT', 'LEDGER_UNREACHABLE', 'FENCE_INSTANCE_EVICTED', 'FENCE_NO_WORKER'],
      handle() {
        if (replicas.evicted)
          return { problem: problemOf('FENCE_INSTANCE_EVICTED', `${replicas.id} was evicted.`) };
        if (!serving())
          return { problem: problemOf('FENCE_NO_WORKER', 'no process of this instance accepts requests.') };
        const { ready, distrust, distrustCode } = control;
        if (!ready) return { problem: problemOf(distrustCode, distrust ?? 'No positions are known.') };
        const away = distrustCode === 'LEDGER_UNREACHABLE' ? 'unreachable' : 'untrusted';
        return { body: { status: 'ok', ledger: distrust ? away : 'ok' } };
      },
    }),
    operation({
      id: 'metrics',
      method: 'get',
      path: '/metrics',
      summary: 'Figures for Prometheus',
      role: null,
      answer: {
        status: 200,
        description: "Prometheus' text format.",
        schema: z.string(),
        mediaType: 'text/plain',
      },
      problems: [],
      async handle() {
        const text = await metrics.text();
        return { take: (response) => void response.type(metrics.contentType).send(text) };
      },
    }),
  ];
}
