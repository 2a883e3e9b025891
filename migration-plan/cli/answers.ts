import { z } from 'zod';

/** What each verb writes to stdout with `--json`. Members may come in later versions; those that are here stay. */

const count = z.int().min(0);
const moment = z.string().describe('ISO 8601, UTC.');
const open = z.looseObject;

const asRoute = open({
  route: z.string(),
  stage: z.enum(['legacy', 'shadow', 'canary', 'candidate', 'retired']).nullable(),
  percent: z.number().nullable().describe('Canary share in percent.'),
  writer: z.enum(['legacy', 'candidate']).nullable(),
  paused: z.boolean().nullable(),
  killed: z.boolean().nullable(),
  version: count.nullable(),
}).describe('`Route` of facade/openapi.yaml; null what is not known while the ledger cannot be trusted.');
const changed = open({ route: z.string(), before: asRoute, after: asRoute });
const problem = open({
  file: z.string(),
  line: count,
  key: z.string(),
  message: z.string(),
  severity: z.enum(['error', 'warning']),
});
const captured = open({
  set: z.string(),
  capture: z.enum(['installed', 'absent', 'broken']),
  missing: z.array(z.string()).describe('Triggers that are gone.'),
  doubt: z
    .string()
    .nullable()
    .describe('Why an empty queue does not mean that every row is there; null: it does.'),
  drift: z.array(z.string()).describe('Columns that are not what they were when capture was installed.'),
  running: z.boolean(),
  waiting: count.nullable(),
  lagMs: z.number().nullable().describe('Age of the oldest write that waits; null: not known.'),
  entries: count.describe('Carried over since the relay started.'),
  applied: count,
  error: z.string().nullable(),
  fenced: z.string().nullable().describe('Why all reads of the set go to its owner; null: they need not.'),
});
const stale = z.enum(['route', 'suite', 'build', 'age']).nullable();
const mixed = open({ build: z.string(), at: moment }).describe(
  'Another build of the candidate that has answered as well: what was seen is of no build alone.',
);
const part = z.object({ moved: count, of: count });
const standing = open({
  admin: z.string(),
  routes: z.array(
    asRoute.extend({
      share: z.string().nullable().describe('Of clients that the candidate answers: `10%`.'),
      fenced: z
        .string()
        .nullable()
        .describe(
          'Why all reads go to the owner of the data for now, whatever the stage; null: nothing holds them.',
        ),
      next: z.string().nullable().describe('`canary 50%`; null after the last.'),
      writes: z
        .enum(['legacy', 'candidate', 'as reads'])
        .nullable()
        .describe('Where writes go: to the `writer` of owned data; with other data where reads go.'),
      parityStale: stale.describe('Why its last parity run counts no more; null while it does.'),
      mixed: mixed.nullable(),
      evidence: z.string().nullable().describe('In short; `fig evidence --json` has the figures.'),
      owner: z.string().nullable(),
      targetDate: z.string().nullable(),
      needs: z.string().describe('What the next step needs, in words.'),
    }),
  ),
  moved: open({
    routes: part,
    endpoints: part.extend({ counted: z.string() }),
    requests: part,
  }),
  notServed: z.array(z.string()),
  ledgerFault: z.string().nullable(),
});
const entry = open({
  seq: count,
  at: moment,
  type: z.string(),
  route: z.string().nullable(),
  version: count,
  actor: z.string(),
  reason: z.string(),
  hash: z.string(),
}).describe('`LedgerEntry` of facade/openapi.yaml.');
const evidence = open({
  route: z.string(),
  at: z.string(),
  mixed: mixed.optional(),
  verdict: z.enum(['pass', 'hold', 'breach']),
  guardrails: z.array(open({ name: z.string(), verdict: z.enum(['pass', 'hold', 'breach']) })),
  parity: open({ verdict: z.enum(['pass', 'fail']), at: moment, stale }).nullable(),
}).describe('`Evidence` of facade/openapi.yaml.');
const observations = open({
  route: z.string(),
  mixed: mixed.optional(),
  eligible: count,
  sent: count,
  compared: open({ match: count, mismatch: count, ignored: count }),
  fields: z.array(open({ endpoint: z.string(), path: z.string(), kind: z.string(), count })),
}).describe('`Observations` of facade/openapi.yaml.');
const outcome = z.enum(['passed', 'failed', 'skipped', 'error']);
const sideAnswer = z.object({ status: count, body: z.string() }).nullable();
const suites = open({
  suites: z.array(
    open({
      route: z.string(),
      file: z.string(),
      routeHash: z.string(),
      legacy: z.string(),
      candidate: z.string(),
      startedAt: moment,
      ms: z.number(),
      counts: z.object({ passed: count, failed: count, skipped: count, error: count }),
      unsentWrites: count,
      coverage: open({ file: z.string(), met: count, of: count, missing: z.array(z.string()) }).nullable(),
      cases: z.array(
        open({
          name: z.string(),
          outcome,
          reason: z.string().nullable(),
          ms: z.number(),
          steps: z.array(
            open({
              request: z.string(),
              legacy: sideAnswer,
              candidate: sideAnswer,
              differences: z.array(open({ path: z.string(), kind: z.string() })),
              more: count,
            }),
          ),
        }),
      ),
    }),
  ),
});
const token = open({
  actor: z.string(),
  role: z.enum(['viewer', 'operator', 'admin']),
  id: z.string(),
  expiresAt: moment.nullable(),
});
const backfill = open({
  set: z.string(),
  state: z.enum(['idle', 'running', 'done', 'failed', 'paused']),
  rowsTotal: count.nullable(),
  rowsRead: count,
  applied: count,
  quarantined: count,
});

const told = (what: string) => `The first 100 ${what}.`;
const reconcile = open({
  set: z.string(),
  state: z.enum(['idle', 'running', 'done', 'failed', 'stopped']),
  repair: z.boolean(),
  rowsTotal: count.describe('Rows of both stores; an estimate until legacy has been read.'),
  rowsRead: count,
  rowsPerSecond: z.number().nullable(),
  etaSeconds: z.number().nullable(),
  startedAt: moment.nullable(),
  finishedAt: moment.nullable(),
  error: z.string().nullable(),
  interrupted: z.boolean().describe('The relay ended in mid-run.'),
  result: open({
    startedAt: moment,
    finishedAt: moment,
    durationMs: z.number(),
    repair: z.boolean(),
    capture: z.enum(['installed', 'absent', 'broken']),
    compared: count.describe('Rows of legacy.'),
    missing: count.describe('Rows that legacy alone has.'),
    extra: count.describe('Rows that the new store alone has.'),
    changed: count,
    repaired: count,
    left: count.describe('Of missing, extra and changed, those that are not repaired.'),
    quarantined: count,
    restless: count.describe('Rows that were written so often that nothing can be said of them.'),
    differences: z
      .array(
        open({
          key: z.string(),
          kind: z.enum(['missing', 'extra', 'changed']),
          fields: z.array(
            open({
              field: z
                .string()
                .describe('`column NAME`: what comes back for a column is not what the row has.'),
              legacy: z.string().nullable().describe('Canonical, shortened.'),
              candidate: z.string().nullable(),
            }),
          ),
          repaired: z.boolean(),
          reason: z.string().nullable().describe('Why it could not be repaired.'),
        }),
      )
      .describe(told('differences')),
    quarantine: z.array(open({ key: z.string(), reason: z.string() })).describe(told('rows in quarantine')),
    restlessKeys: z.array(z.string()).describe(told('restless rows')),
  })
    .nullable()
    .describe('Of the last comparison that came to its end.'),
});

const cutover = open({
  set: z.string(),
  owner: z.enum(['legacy', 'candidate']).nullable(),
  epoch: count.nullable().describe('Grows with each change of owners.'),
  step: z.string().nullable(),
  to: z.enum(['legacy', 'candidate']).nullable().describe('Who is to own it; null while nothing goes on.'),
  version: count.nullable(),
  run: open({
    outcome: z.enum(['running', 'done', 'back']),
    detail: z.string().nullable(),
    pauseMs: count.nullable().describe('How long writes of the set were held.'),
    steps: z.array(open({ step: z.string(), tookMs: count, detail: z.string() })),
  }).nullable(),
  checks: z
    .array(open({ name: z.string(), ok: z.boolean(), detail: z.string() }))
    .optional()
    .describe('With --dry-run: what was measured.'),
});

export const answers: Readonly<Record<string, z.ZodType>> = {
  'capture install': captured,
  'capture remove': captured,
  'capture status': captured,
  cutover,
  new: open({
    service: z.string(),
    table: z.string(),
    key: z.string(),
    port: count,
    variable: z.string().describe('What names its address to gateway and relay.'),
    files: z.array(z.string()).describe('What was written, below the root of the project.'),
    adopted: z.string().nullable().describe("A route that stood there and is the service's now."),
  }),
  init: open({
    plan: z.string(),
    source: z.enum(['OpenAPI', 'HAR', 'access log', 'list of routes']),
    endpoints: count,
    unread: count.describe('Lines or entries that could not be read.'),
    left: z.array(z.string()).describe('Endpoints that a plan cannot match.'),
    legacy: z.string(),
    candidate: z.string(),
    routes: z.array(
      open({ name: z.string(), match: z.array(z.string()), reads: count, writes: count, requests: count }),
    ),
    replaced: z.string().nullable().describe('Where the plan that stood there is now.'),
  }),
  lint: open({
    ok: z.boolean(),
    errors: count,
    warnings: count,
    hash: z.string().nullable(),
    problems: z.array(problem),
    unclaimedOperations: z.array(z.string()).nullable().describe('Of the contract; null without one.'),
  }),
  status: standing,
  report: standing.extend({ lastEntries: z.array(entry) }),
  observations: z.union([observations, open({ routes: z.array(observations) })]),
  next: open({
    routes: z.array(
      open({
        route: z.string(),
        at: z.string(),
        next: z.string().nullable(),
        evidence,
        command: z.string().nullable().describe('What to type now; null: wait.'),
      }),
    ),
  }),
  evidence: open({ routes: z.array(evidence) }),
  advance: changed.extend({ quarantine: open({ set: z.string(), rows: count }).optional() }),
  rollback: z.union([changed, cutover]).describe('The second where the data did not go back.'),
  retire: changed.extend({
    data: cutover.nullable().describe('Of the route that owns some: who owns it now.'),
  }),
  pause: changed,
  resume: z.union([changed, open({ routes: z.array(asRoute) })]),
  kill: open({ routes: z.array(asRoute), pending: z.array(z.string()) }),
  pin: open({ route: z.string(), to: z.string(), expiresAt: moment, name: z.string(), token: z.string() }),
  parity: z.union([
    suites,
    open({
      file: z.string(),
      added: z.array(z.string()),
      repeated: count,
      left: z.record(z.string(), count).describe('Left out, by reason.'),
    }).describe('With `--add`.'),
  ]),
  record: open({ route: z.string(), file: z.string(), recorded: count, dropped: count }),
  replay: suites,
  reload: open({ hash: z.string(), previous: z.string(), changed: z.boolean() }),
  backfill: z.union([
    backfill,
    open({
      set: z.string(),
      rows: z.array(
        open({
          key: z.string(),
          reason: z.string(),
          since: moment,
          refusedBy: z.enum(['service', 'legacy']),
        }),
      ),
    }).describe('With `--quarantine`.'),
  ]),
  reconcile,
  instances: z.union([
    open({
      instances: z.array(open({ id: z.string(), hash: z.string(), lastSeen: moment, silent: z.boolean() })),
    }),
    open({ id: z.string(), evicted: z.literal(true) }),
  ]),
  ledger: open({ entries: z.array(entry), fault: z.string().nullable() }),
  'ledger verify': open({ ok: z.literal(true), entries: count, head: z.string() }),
  'ledger repair': open({}),
  token: open({ file: z.string(), tokens: z.array(token) }),
  'token add': token.extend({ file: z.string(), token: z.string().describe('Shown this once.') }),
  'token revoke': open({ file: z.string(), revoked: z.array(token) }),
  doctor: open({
    ok: z.boolean(),
    checks: z.array(
      open({
        check: z.string(),
        verdict: z.enum(['ok', 'warn', 'fail']),
        found: z.string(),
        todo: z.string().nullable(),
      }),
    ),
  }),
};

/** An error, on stderr. */
export const errorAnswer = z.object({
  error: open({ code: z.string(), message: z.string(), exitCode: count, details: z.unknown().optional() }),
});

/** All of them as one JSON Schema: `$defs` by verb. */
export function answersJsonSchema(): object {
  const schemaOf = (schema: z.ZodType) => {
    const { $schema: _, ...own } = z.toJSONSchema(schema, { io: 'output' });
    return own;
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'What fig writes with --json, by verb',
    $defs: Object.fromEntries(
      [...Object.entries(answers), ['error', errorAnswer] as const].map(([verb, schema]) => [
        verb,
        schemaOf(schema),
      ]),
    ),
  };
}
