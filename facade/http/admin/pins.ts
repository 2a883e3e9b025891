import type { Logger } from 'pino';
import { z } from 'zod';
import { DURATION_PATTERN, parseDuration } from '#plan/model/duration.ts';
import type { CopyCheck } from '../../core/copy-check.ts';
import { PIN_NAME, sealPin } from '../../core/pin.ts';
import type { Snapshot } from '../../core/snapshot.ts';
import { type ProblemBody, problemOf } from '../problem.ts';
import { type Operation, operation } from './operation.ts';
import { force } from './requests.ts';
import { party } from './route-view.ts';

export type PinOptions = {
  readonly snapshot: () => Snapshot;
  /** Signs pins; replicas share it, or none knows the pins of another. */
  readonly secret: Buffer;
  readonly copyCheck: CopyCheck;
  readonly now: () => Date;
  readonly log: Logger;
};

const DEFAULT_TTL_SECONDS = 3600;
const MAX_TTL_SECONDS = 24 * 24 * 3600;
const TTL = 'expected a duration of at least a second and at most 24 days, e.g. 1h';

const body = z
  .strictObject({
    route: z.string().min(1),
    to: party,
    ttlSeconds: z.int().min(1).max(MAX_TTL_SECONDS).optional().describe('Default: 3600.'),
    ttl: z
      .string()
      .meta({ pattern: `^${DURATION_PATTERN}$` })
      .describe('The same as people write it: `1h`.')
      .transform((text, context) => {
        const reading = parseDuration(text);
        if (reading.ok && reading.value >= 1000) return Math.floor(reading.value / 1000);
        context.issues.push({ code: 'custom', message: TTL, input: text });
        return z.NEVER;
      })
      .optional(),
    force,
  })
  .refine(({ ttl, ttlSeconds }) => ttl === undefined || ttlSeconds === undefined, {
    path: ['ttl'],
    message: 'expected one of ttl and ttlSeconds, got both',
  });

/** `POST /v1/pins`: makes the token of a pin. It changes no position, and nothing of it is kept. */
export function pinOperations(options: PinOptions): Operation[] {
  return [
    operation({
      id: 'makePin',
      method: 'post',
      path: '/v1/pins',
      summary: "Make a token that sends one client's requests of a route to one side",
      role: 'operator',
      body,
      answer: {
        status: 201,
        description: 'The token, and the header or cookie that carries it.',
        schema: z.strictObject({
          route: z.string(),
          to: party,
          expiresAt: z.iso.datetime(),
          name: z.string(),
          token: z.string(),
        }),
      },
      problems: ['ROUTE_UNKNOWN', 'ROUTE_RETIRED', 'ROUTE_DATA_NOT_COPIED'],
      async handle({ body: { route, to, force, ttl, ttlSeconds }, caller }) {
        const problem = await keptFrom(options, route, to, force);
        if (problem) return { problem };
        const seconds = ttlSeconds ?? ttl ?? DEFAULT_TTL_SECONDS;
        const expires = Math.floor(options.now().getTime() / 1000) + seconds;
        const token = sealPin({ route, to, expiresAt: expires }, options.secret);
        const expiresAt = new Date(expires * 1000).toISOString();
        options.log.info({ route, to, expiresAt, actor: caller.actor }, 'pin made');
        return { body: { route, to, expiresAt, name: PIN_NAME, token } };
      },
    }),
  ];
}

async function keptFrom(
  { snapshot, copyCheck }: PinOptions,
  route: string,
  to: string,
  force: boolean,
): Promise<ProblemBody | null> {
  const { states } = snapshot();
  const state = states.get(route);
  if (!state)
    return problemOf(
      'ROUTE_UNKNOWN',
      `expected one of ${[...states.keys()].join(', ') || 'no route at all'}, got ${route}.`,
    );
  if (state.position?.stage === 'retired')
    return problemOf('ROUTE_RETIRED', `${route} is retired: a pin would change nothing.`);
  // As for canary: the candidate would answer from rows that are not there.
  const { data } = state.route;
  if (to === 'legacy' || force || data.kind !== 'owned' || state.position?.writer === 'candidate')
    return null;
  const answer = await copyCheck(data.set);
  return answer.copied ? null : problemOf('ROUTE_DATA_NOT_COPIED', answer.detail);
}
