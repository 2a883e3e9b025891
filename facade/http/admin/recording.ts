import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { RecordingEnd } from '#plan/model/recorded-exchange.ts';
import type { Control } from '../../control/control.ts';
import { problemOf } from '../problem.ts';
import type { RecordingOrder, Taken } from '../recording/recordings.ts';
import { type Operation, operation } from './operation.ts';
import { queryInteger } from './requests.ts';

export type RecordingParts = {
  readonly control: Control;
  readonly log: Logger;
  readonly record: (order: RecordingOrder | null) => Promise<Taken>;
};

type Wanted = { readonly limit: number; readonly seconds: number; readonly maxBodyBytes: number };

const LOOK_MS = 200;
/** An empty line so often, when there is nothing to tell: clients and proxies give up on what says nothing for minutes. */
const BEAT_MS = 10_000;
const MIB = 1024 * 1024;

const query = z.strictObject({
  limit: queryInteger(1, 100_000, 1_000),
  seconds: queryInteger(1, 86_400, 600),
  maxBodyBytes: queryInteger(0, 16 * MIB, MIB),
});

/** `GET /v1/routes/:route/recording`: requests of clients and their answers, as they come, without secrets. */
export function recordingOperations({ control, log, record }: RecordingParts): Operation[] {
  let busy: string | null = null;
  return [
    operation({
      id: 'record',
      method: 'get',
      path: '/v1/routes/{route}/recording',
      summary: 'Requests of a route and their answers, as they come, redacted; of this instance alone',
      role: 'operator',
      query,
      answer: {
        status: 200,
        description:
          'A line of JSON for each request (`exchange/1`, migration-plan/model/recorded-exchange.ts), and one at the end (`end/1`): after `limit` of them, or after `seconds`. Empty lines say that it has begun, and goes on.',
        schema: z.string(),
        mediaType: 'application/x-ndjson',
      },
      endless: true,
      problems: ['ROUTE_UNKNOWN', 'ROUTE_RECORDING_BUSY'],
      handle({ params, query: wanted, caller }) {
        const route = params.route as string;
        if (!control.snapshot.states.has(route))
          return { problem: problemOf('ROUTE_UNKNOWN', `expected a route of the plan, got ${route}.`) };
        if (busy !== null)
          return {
            problem: problemOf(
              'ROUTE_RECORDING_BUSY',
              `${busy} is being recorded. Wait for its end, or stop it.`,
            ),
          };
        busy = route;
        log.info({ route, actor: caller.actor, ...wanted }, 'recording');
        const take = (response: Response) => {
          stream(response, record, route, wanted)
            .catch((error: Error) => {
              log.error({ err: error }, 'recording failed');
              response.destroy();
            })
            .finally(() => {
              busy = null;
            });
        };
        return { take };
      },
    }),
  ];
}

async function stream(
  response: Response,
  record: RecordingParts['record'],
  route: string,
  { limit, seconds, maxBodyBytes }: Wanted,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'x-accel-buffering': 'no' });
  response.flushHeaders();
  let gone = false;
  response.once('close', () => {
    gone = true;
  });
  const order = { route, maxBodyBytes };
  const until = performance.now() + seconds * 1000;
  let [recorded, dropped] = [0, 0];
  try {
    await record(order);
    // The first one says that it has begun.
    response.write('\n');
    let toldAt = performance.now();
    while (!gone && recorded < limit && performance.now() < until) {
      await wait(Math.min(LOOK_MS, Math.max(0, until - performance.now())));
      const taken = await record(order);
      dropped += taken.dropped;
      if (taken.exchanges.length > 0) toldAt = performance.now();
      else if (performance.now() - toldAt > BEAT_MS) {
        response.write('\n');
        toldAt = performance.now();
      }
      for (const exchange of taken.exchanges.slice(0, limit - recorded)) {
        recorded++;
        if (gone) break;
        if (!response.write(`${JSON.stringify(exchange)}\n`)) await drained(response);
      }
    }
  } finally {
    await record(null);
  }
  const end: RecordingEnd = { fig: 'end/1', recorded, dropped };
  response.end(`${JSON.stringify(end)}\n`);
}

/** A client that reads slowly holds up the recording, not the traffic. */
async function drained(response: Response): Promise<void> {
  const left = new AbortController();
  await Promise.race([
    once(response, 'drain', { signal: left.signal }).catch(() => {}),
    once(response, 'close', { signal: left.signal }).catch(() => {}),
  ]);
  left.abort();
}
