import { z } from 'zod';
import type { Control } from '../../control/control.ts';
import type { Guardrails } from '../../control/guardrails.ts';
import type { RouteEvidence } from '../../control/route-evidence.ts';
import { mixedView } from '../../core/observation/observations-view.ts';
import { STALE } from '../../core/parity-evidence.ts';
import { problemOf } from '../problem.ts';
import {
  guardrailSchema,
  guardrailsView,
  mixedSchema,
  parityVerdict,
  verdictSchema,
} from './evidence-view.ts';
import { named } from './named-schemas.ts';
import { authorOf, type Operation, operation } from './operation.ts';
import { LEDGER_PROBLEMS, refusalOf } from './refusal.ts';
import { reason } from './requests.ts';

const build = z.string().max(200).nullable().describe('Build of the candidate; null when it tells none.');
const routeHash = z.string().min(1).max(200).describe('Of the route, when it ran.');

const evidenceSchema = named(
  'Evidence',
  z.strictObject({
    route: z.string(),
    at: z.string().describe('The stage that was judged: `canary 10%`.'),
    since: z.iso.datetime().nullable().describe('When the route came there; null before its first move.'),
    hash: z.string(),
    build: z.string().nullable(),
    mixed: mixedSchema,
    verdict: verdictSchema.describe('Of the guardrails.'),
    guardrails: z.array(guardrailSchema).describe('Those that the plan names.'),
    bakeLeftMs: z.number().min(0),
    parity: z
      .strictObject({
        ...parityVerdict,
        at: z.iso.datetime(),
        actor: z.string(),
        hash: routeHash,
        build,
        stale: z
          .enum(STALE)
          .nullable()
          .describe(
            'What has moved on since, so that it counts no more: the form of the route, the suite, the build, or its age is over 24 h; null while it counts.',
          ),
      })
      .nullable()
      .describe('The last run of its parity suite that was recorded.'),
    parityGap: z
      .string()
      .nullable()
      .describe(
        'Why that is not enough for `candidate`, and what to do; null when it is, or without a suite.',
      ),
  }),
);

const runBody = z
  .strictObject({
    parity: z.strictObject(parityVerdict),
    hash: routeHash,
    build: build.describe('Of the candidate when the run began, as `GET evidence` said it.'),
    reason,
  })
  .refine(({ parity: { unsentWrites, skipped } }) => unsentWrites <= skipped, {
    path: ['parity', 'unsentWrites'],
    message: 'expected at most as many as were skipped',
  })
  .refine(
    ({ parity: { verdict, passed, failed, errors } }) =>
      verdict === (failed + errors === 0 && passed > 0 ? 'pass' : 'fail'),
    {
      path: ['parity', 'verdict'],
      message: 'expected `pass` when something passed and nothing failed or could not be told, else `fail`',
    },
  );

export type EvidenceParts = {
  readonly control: Control;
  readonly guardrails: Guardrails;
  /** Asks the candidates which build they are. */
  readonly lookAtBuilds: () => Promise<void>;
};

/** `/v1/routes/:route/evidence`: what is known of a route, and what a run of its parity suite adds to it. */
export function evidenceOperations({ control, guardrails, lookAtBuilds }: EvidenceParts): Operation[] {
  const answer = {
    status: 200,
    description: 'A verdict with the figures it rests on.',
    schema: evidenceSchema,
  };
  const unknown = (name: string) =>
    ({ problem: problemOf('ROUTE_UNKNOWN', `expected a route of the plan, got ${name}.`) }) as const;
  return [
    operation({
      id: 'getEvidence',
      method: 'get',
      path: '/v1/routes/{route}/evidence',
      summary: 'What the guardrails of a route say about its stay at its stage, and its last parity run',
      role: 'viewer',
      query: z.strictObject({
        build: z
          .enum(['known', 'fresh'])
          .default('known')
          .describe('`fresh` asks the candidate for its build first; else it is at most some seconds old.'),
      }),
      answer,
      problems: ['ROUTE_UNKNOWN'],
      async handle({ params, query }) {
        const name = params.route as string;
        if (query.build === 'fresh') await lookAtBuilds();
        const evidence = await guardrails.evidenceOf(name);
        return evidence ? { body: evidenceView(evidence) } : unknown(name);
      },
    }),
    operation({
      id: 'recordParity',
      method: 'post',
      path: '/v1/routes/{route}/evidence',
      summary: 'Record a run of the parity suite of a route; the route stays where it is',
      role: 'operator',
      body: runBody,
      answer,
      problems: ['ROUTE_UNKNOWN', 'ROUTE_EVIDENCE_OUTDATED', ...LEDGER_PROBLEMS],
      async handle(call) {
        const name = call.params.route as string;
        const { parity, hash, build } = call.body;
        await lookAtBuilds();
        const now = await guardrails.evidenceOf(name);
        if (!now) return unknown(name);
        const suite = control.snapshot.states.get(name)?.route.parity ?? null;
        const outdated =
          suite === null || suite.file !== parity.suite || suite.hash !== parity.suiteHash
            ? `the run was not one of the suite that the facade knows of it (${suite?.file ?? 'none'}). Reload the plan, then run it again.`
            : now.hash !== hash
              ? `the run was about another form of the route (${hash.slice(0, 12)}, here ${now.hash.slice(0, 12)}). Reload the plan, then run it again.`
              : now.build !== build
                ? `the candidate is build ${now.build ?? '(unnamed)'} now, and was ${build ?? '(unnamed)'} when the run began. Run it again.`
                : null;
        if (outdated !== null)
          return { problem: problemOf('ROUTE_EVIDENCE_OUTDATED', `${name}: ${outdated}`) };
        const outcome = await control.recordEvidence(
          { route: name, routeHash: hash, build, parity },
          authorOf(call),
        );
        if (!outcome.ok) return { problem: refusalOf(outcome) };
        const evidence = await guardrails.evidenceOf(name);
        return evidence ? { body: evidenceView(evidence) } : unknown(name);
      },
    }),
  ];
}

function evidenceView(evidence: RouteEvidence) {
  const { route, at, sinceMs, hash, build, mixed, verdict, bakeLeftMs, parity, parityGap } = evidence;
  const since = sinceMs === 0 ? null : new Date(sinceMs).toISOString();
  const run = parity && {
    ...parity.verdict,
    at: new Date(parity.atMs).toISOString(),
    actor: parity.actor,
    hash: parity.routeHash,
    build: parity.build,
    stale: parity.stale,
  };
  const guardrails = guardrailsView(evidence);
  const seen = { route, at, since, hash, build, ...mixedView(mixed) };
  return { ...seen, verdict, guardrails, bakeLeftMs, parity: run, parityGap };
}
