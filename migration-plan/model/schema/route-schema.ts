import { z } from 'zod';
import type { RouteData } from '../plan.ts';
import { read, refusalText, refuse } from '../reading.ts';
import * as term from './terms.ts';
import { choice, list, mapping, positiveNumber, value, wholeNumber } from './value.ts';

/** `routes/*.yaml`: one route each. The one source of its keys, types and defaults. */
export const routeSchema = mapping(
  {
    route: term
      .name('articles')
      .meta({ description: 'Name of the route; cohorts and ledger hang on it, so keep it.' }),
    owner: term.word('team', 'content-team').optional().meta({ description: 'Who answers for the route.' }),
    dependsOn: list(term.name('authors'), '[authors]')
      .prefault([])
      .meta({ description: 'Routes that have to be at least as far: a step beyond one of them is refused.' }),
    targetDate: term
      .date()
      .optional()
      .meta({ description: 'When the route is meant to be on the candidate.' }),
    match: list(term.match(), '[GET /api/articles]', 1).meta({
      description:
        'What belongs to the route: `METHOD /path`, or `/path` for any method; `:name` is one segment, a last `*rest` is one or more. HEAD and OPTIONS follow their path. A trailing `safe` or `unsafe` overrides what the method says.',
    }),
    candidate: term
      .name('catalog')
      .meta({ description: 'The entry of `candidates` in plan.yaml that the route moves to.' }),
    rewrite: mapping(
      {
        from: term.path('/api').meta({ description: 'Beginning of the path as clients write it.' }),
        to: term.path('/v2').meta({ description: 'What the candidate gets in its place.' }),
      },
      '{ from: /api, to: /v2 }',
    )
      .optional()
      .meta({ description: 'Changes the path on the way to the candidate. Without it: unchanged.' }),
    data: routeData().prefault('none').meta({
      description:
        '`none`: the route keeps no data; `shared`: both sides use one store; `{ owned: SET }`: the data set in data/SET.yaml, whose writer decides where unsafe requests go.',
    }),
    stages: list(term.stageStep(), '[shadow, canary 10%, candidate]', 1)
      .prefault(['shadow', 'canary 0.1%', 'canary 1%', 'canary 10%', 'canary 50%', 'candidate'])
      .meta({
        description:
          'The steps after legacy, in order: `shadow` (only first), `canary P%` with rising shares in 0.01 % steps, `candidate`, `retired`.',
      }),
    shadow: mapping(
      {
        sample: term.percent().prefault('100%').meta({
          description:
            'Share of eligible requests that is copied. `0%`: none; nor is any on a route without stage `shadow`, this mapping and `guardrails.mismatch`.',
        }),
        writes: choice('off', 'dry-run').prefault('off').meta({
          description:
            '`off`: unsafe requests are never copied; `dry-run`: the candidate rehearses them and rolls back.',
        }),
        timeout: term
          .durationAboveZero()
          .prefault('5s')
          .meta({ description: "Longest wait for a copy's answer." }),
        maxBody: term.size().prefault('1MiB').meta({
          description:
            'Requests and answers with a larger body are not compared. `0`: only those without a body.',
        }),
        concurrency: wholeNumber(1).prefault(16).meta({ description: 'Copies in flight.' }),
        queue: wholeNumber(0)
          .prefault(256)
          .meta({ description: 'Copies that wait; more are dropped and counted. `0`: none waits.' }),
        noise: term.percent().prefault('10%').meta({
          description:
            'Share of copied reads that ask the primary twice, to learn its own noise. `0%`: none.',
        }),
      },
      '{ sample: 100% }',
    )
      .prefault({})
      .meta({ description: 'How requests are copied to the side that does not answer.' }),
    credentials: mapping(
      {
        shadow: term
          .headerChange(`{ set: { authorization: "Bearer \${SHADOW_TOKEN}" } }`)
          .optional()
          .meta({ description: 'Changes to the headers of shadow copies. Without it: unchanged.' }),
        legacy: term
          .headerChange('{ remove: [x-internal] }')
          .optional()
          .meta({ description: 'Changes to the headers of requests to legacy. Without it: unchanged.' }),
        candidate: term
          .headerChange(`{ set: { authorization: "Bearer \${CATALOG_TOKEN}" } }`)
          .optional()
          .meta({
            description: 'Changes to the headers of requests to the candidate. Without it: unchanged.',
          }),
      },
      `{ shadow: { set: { authorization: "Bearer \${SHADOW_TOKEN}" } } }`,
    )
      .prefault({})
      .meta({ description: 'Header changes on the way to each side.' }),
    compare: compareRules(
      list(term.headerName(), '[content-type]')
        .prefault(['content-type', 'location', 'cache-control'])
        .meta({ description: 'Answer headers that are compared. `[]`: none.' }),
    )
      .prefault({})
      .meta({ description: 'What counts as a difference between the two answers.' }),
    guardrails: mapping(
      {
        mismatch: mapping(
          {
            max: term
              .percent()
              .meta({ description: 'Largest share of comparisons that may differ. `0%`: none.' }),
          },
          '{ max: 0.1% }',
        )
          .optional()
          .meta({ description: 'Bounds the share of differing answers. Without it: off.' }),
        errors: mapping(
          {
            maxIncrease: term.percent().meta({
              description:
                "Candidate's error share minus legacy's, in percentage points. `0%`: no more than legacy.",
            }),
          },
          '{ maxIncrease: 0.5% }',
        )
          .optional()
          .meta({ description: 'Bounds the rise in errors. Without it: off.' }),
        p99: mapping(
          {
            maxRatio: positiveNumber('1.2').meta({
              description: "Candidate's p99 latency divided by legacy's.",
            }),
          },
          '{ maxRatio: 1.2 }',
        )
          .optional()
          .meta({ description: 'Bounds the slowest answers. Without it: off.' }),
        minimum: wholeNumber(1).prefault(200).meta({ description: 'Fewer samples than this hold.' }),
        window: term
          .durationAboveZero()
          .prefault('5m')
          .meta({ description: 'Time over which a breach is looked for.' }),
        bake: term
          .duration()
          .prefault('1h')
          .meta({ description: 'Shortest stay in a stage before the next. `0`: none.' }),
        onBreach: choice('rollback', 'step-back', 'pause').prefault('rollback').meta({
          description: 'What a breach does: back to legacy, one step back, or freeze and tell.',
        }),
      },
      '{ mismatch: { max: 0.1% } }',
    )
      .prefault({})
      .meta({ description: 'Thresholds that hold a route or take it back. One that is not named is off.' }),
    fallback: choice('legacy', 'none').prefault('legacy').meta({
      description:
        'Who answers GET and HEAD when the candidate fails before its first byte. `none`: the client gets the error.',
    }),
    etags: choice('marked', 'plain').prefault('marked').meta({
      description:
        '`marked`: while both sides may answer, an ETag carries a mark of its upstream and never reaches the other one; `plain`: ETags pass as they are, for a candidate that gives the same ETag for the same state as legacy, or whose clients make `If-Match` themselves.',
    }),
  },
  'route: articles',
);

function routeData() {
  const word = value<RouteData>({ title: '`none`, `shared`', pattern: 'none|shared' }, (written) =>
    written === 'none' || written === 'shared'
      ? read({ kind: written })
      : refuse('`none` or `shared`', 'none'),
  );
  const owned = mapping(
    { owned: term.name('articles').meta({ description: 'Name of the data set: the SET of data/SET.yaml.' }) },
    '{ owned: articles }',
  ).transform(({ owned: set }): RouteData => ({ kind: 'owned', set }));
  return z
    .union([word, owned], {
      error: refusalText('`none`, `shared` or `{ owned: SET }`', '{ owned: articles }'),
    })
    .meta({ title: '`none`, `shared` or `{ owned: SET }`' });
}

function unordered() {
  const whole = term.jsonPath('$.tags').transform((path) => ({ path, key: null as string | null }));
  const keyed = mapping(
    {
      path: term.jsonPath('$.articles').meta({ description: 'Path of the list.' }),
      key: term
        .word('key', 'slug')
        .optional()
        .meta({ description: 'Key that pairs the entries. Without it: by value.' }),
    },
    '{ path: "$.articles", key: slug }',
  ).transform(({ path, key }) => ({ path, key: key ?? null }));
  return z
    .union([whole, keyed], {
      error: refusalText('a JSON path or `{ path, key }`', '{ path: "$.articles", key: slug }'),
    })
    .meta({ title: 'JSON path or `{ path, key }`' });
}

/** The rules of comparison; which headers count without being named is for the kind of file to say. */
export function compareRules<T extends z.ZodType>(headers: T) {
  return mapping(
    {
      ignore: list(term.jsonPath('$.updatedAt'), '["$.updatedAt"]')
        .prefault([])
        .meta({ description: 'Paths that may differ.' }),
      unordered: list(unordered(), '["$.tags"]')
        .prefault([])
        .meta({ description: 'Lists whose order does not count; with `key`, entries are paired by it.' }),
      tolerance: term
        .perJsonPath(positiveNumber('0.01', true), '{ "$.price": 0.01 }')
        .prefault({})
        .meta({ description: 'Largest difference of a number that still counts as equal. `0`: none.' }),
      equivalent: list(
        mapping(
          {
            path: term.jsonPath('$.id').meta({ description: 'Values that are compared after conversion.' }),
            as: choice('string', 'number', 'boolean', 'date').meta({
              description: 'What both sides are converted to.',
            }),
          },
          '{ path: "$.id", as: string }',
        ),
        '[{ path: "$.id", as: string }]',
      )
        .prefault([])
        .meta({ description: 'Values that may differ in type.' }),
      headers,
    },
    '{ ignore: ["$.updatedAt"] }',
  );
}
