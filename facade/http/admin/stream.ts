import { z } from 'zod';
import { problemOf } from '../problem.ts';
import type { EventStream } from './event-stream.ts';
import { type Operation, operation } from './operation.ts';
import { queryInteger } from './requests.ts';

const query = z.strictObject({ after: queryInteger(0, Number.MAX_SAFE_INTEGER, null) });

/** `GET /v1/stream`: what happens, as it happens. */
export function streamOperations(stream: EventStream): Operation[] {
  return [
    operation({
      id: 'stream',
      method: 'get',
      path: '/v1/stream',
      summary: 'What happens, as it happens (server-sent events)',
      role: 'viewer',
      query,
      headers: {
        'Last-Event-ID':
          'Id of the last event that was read, as `after`. Ledger entries behind it come first; where more than 1,000 were missed, none of them.',
      },
      answer: {
        status: 200,
        description:
          'Events: `snapshot` (plan, seq, fault, routes, instances, upstreams; first, and whenever the plan changed), `entry` (of the ledger), `route` (as it stands after an entry), `upstreams`, `instances`, `ledger` (its fault), `heartbeat` (every 10 s). `snapshot` and `entry` have the sequence number of the ledger as id.',
        schema: z.string(),
        mediaType: 'text/event-stream',
      },
      endless: true,
      problems: ['ROUTE_STREAMS_EXHAUSTED'],
      handle({ request, query: { after } }) {
        if (stream.full) {
          const detail = `expected at most ${stream.max} open streams, and there are as many.`;
          return { problem: problemOf('ROUTE_STREAMS_EXHAUSTED', detail) };
        }
        // An id that is none of ours says nothing; a client that is not told so goes on.
        const last = /^\d{1,15}$/.exec(String(request.headers['last-event-id']))?.[0];
        return { take: (response) => stream.open(response, last === undefined ? after : Number(last)) };
      },
    }),
  ];
}
