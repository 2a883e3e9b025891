import { z } from 'zod';
import type { CohortSource } from '../plan.ts';
import { read, refusalText, refuse } from '../reading.ts';
import * as term from './terms.ts';
import { choice, flag, list, mapping, record, value, wholeNumber } from './value.ts';

/** `plan.yaml`: what holds for every route. The one source of its keys, types and defaults. */
export const planSchema = mapping(
  {
    version: value<1>({ title: '`1`', type: 'integer', enum: [1] }, (written) =>
      written === 1
        ? read(1)
        : refuse('1, the version of the plan format that this program reads', 'version: 1'),
    ).meta({ description: 'Version of the plan format.' }),
    publicUrl: term.origin().prefault('http://127.0.0.1:8080').meta({
      description:
        'Where clients reach the facade; redirects and cookie domains of upstreams are rewritten to it.',
    }),
    legacy: upstream('http://127.0.0.1:4101', {})
      .optional()
      .meta({ description: 'The monolith. Without it a request that no route matches is answered 404.' }),
    candidates: record(
      term.NAMES,
      upstream('http://127.0.0.1:4102', {
        buildHeader: term.headerName().optional().meta({
          description:
            'Header in which each answer names the build that gave it, e.g. `x-build`: evidence then rests on one build alone, also while several take turns. Takes `build`. Clients get it as it is. Without it: not known.',
        }),
      }),
      'catalog: { url: http://127.0.0.1:4102 }',
    )
      .prefault({})
      .meta({ description: 'The upstreams that routes move to, by name.' }),
    cohort: list(cohortSource(), '[{ cookie: sid }, address]', 1)
      .prefault([{ header: 'x-user-id' }, { cookie: 'sid' }, 'address'])
      .meta({
        description:
          'What tells clients apart, so that each stays on its side: the first of these that a request carries. A header is believed only from trustedProxies.',
      }),
    expose: flag().prefault(false).meta({
      description: 'Adds `x-fig-upstream`, `x-fig-reason` and `x-fig-request-id` to answers.',
    }),
    trustedProxies: list(term.cidr(), '[127.0.0.1/32]').prefault([]).meta({
      description: 'Address blocks whose forwarded and identity headers are believed. Empty: nobody.',
    }),
    tls: mapping(
      {
        cert: term.fileName('/etc/fig/tls.crt').meta({
          description: 'Certificate chain (PEM), absolute or relative to the plan folder.',
        }),
        key: term.fileName('/etc/fig/tls.key').meta({
          description: 'Private key (PEM), absolute or relative to the plan folder.',
        }),
      },
      '{ cert: tls.crt, key: tls.key }',
    )
      .optional()
      .meta({ description: 'Serves the public port over TLS. Without it: plain HTTP.' }),
    matching: mapping(
      {
        case: choice('insensitive', 'sensitive').prefault('insensitive').meta({
          description: 'Whether `/API/Articles` matches `/api/articles`.',
        }),
        trailingSlash: choice('ignore', 'strict').prefault('ignore').meta({
          description: 'Whether `/api/articles/` matches `/api/articles`.',
        }),
      },
      '{ case: insensitive, trailingSlash: ignore }',
    )
      .prefault({})
      .meta({
        description: 'How strictly paths are matched. The defaults are those of an Express monolith.',
      }),
    timeouts: mapping(
      {
        connect: term.durationAboveZero().prefault('2s').meta({
          description: 'Longest wait for a connection to an upstream.',
        }),
        headers: term.durationAboveZero().prefault('30s').meta({
          description: "Longest wait for the head of an upstream's answer.",
        }),
        idle: term.durationAboveZero().prefault('60s').meta({
          description: 'Longest silence on a connection in the middle of an exchange.',
        }),
      },
      '{ connect: 2s, headers: 30s, idle: 60s }',
    )
      .prefault({})
      .meta({ description: 'Longest waits for upstreams.' }),
    clients: mapping(
      {
        head: term.durationAboveZero().prefault('30s').meta({
          description: 'Longest time a client may take for the head of a request; then it is answered 408.',
        }),
        minRate: term.byteRateOrNone().prefault('240B/s').meta({
          description:
            'What a client must at least send of a body, and take of an answer that waits for it, on average over each `timeouts.idle`. `none`: anything but silence will do.',
        }),
        keepAlive: term.durationAboveZero().prefault('65s').meta({
          description:
            'How long a connection stays open for the next request. A load balancer in front must let go of its own earlier.',
        }),
      },
      '{ head: 30s, minRate: 240B/s, keepAlive: 65s }',
    )
      .prefault({})
      .meta({ description: 'How long a client may hold a connection.' }),
    limits: mapping(
      {
        maxHeader: term
          .headSize()
          .prefault('16KiB')
          .meta({ description: 'Largest request head, in total; 1KiB or more.' }),
        maxBody: term.sizeOrNone().prefault('none').meta({
          description: 'Largest request body. `none`: unlimited; `0`: no request may carry one.',
        }),
        rate: term.rateOrNone().prefault('none').meta({
          description:
            'Requests a second for each client (its address) and route; more are answered 429. `none`: unlimited.',
        }),
      },
      '{ maxHeader: 16KiB, maxBody: none, rate: none }',
    )
      .prefault({})
      .meta({ description: 'What a request may ask for.' }),
    bulkhead: mapping(
      {
        concurrency: wholeNumber(1)
          .prefault(512)
          .meta({ description: 'Requests in flight to one upstream.' }),
        queue: wholeNumber(0).prefault(256).meta({
          description: 'Requests that wait for a place; more are answered 503. `0`: none waits.',
        }),
      },
      '{ concurrency: 512, queue: 256 }',
    )
      .prefault({})
      .meta({
        description: 'Keeps one slow upstream from taking everything down; counted for each upstream.',
      }),
    health: mapping(
      {
        path: term
          .path('/livez')
          .prefault('/livez')
          .meta({ description: 'Path that an active probe asks. Any answer below 500 is good.' }),
        interval: term.duration().prefault('5s').meta({
          description:
            'Time between two probes; three that fail in a row take a candidate out. `0`: no active probes.',
        }),
        ejectAt: term.percent().prefault('30%').meta({
          description:
            'Share of failed requests (no answer, or 500, 502, 503, 504) at which a candidate is taken out. `0%`: at the first failure.',
        }),
        minimum: wholeNumber(1)
          .prefault(10)
          .meta({ description: 'Fewer requests in the window eject nobody.' }),
        window: term
          .durationAboveZero()
          .prefault('60s')
          .meta({ description: 'Time over which failures count.' }),
      },
      '{ path: /livez, interval: 5s }',
    )
      .prefault({})
      .meta({
        description:
          'When an upstream counts as ill. A candidate is then asked no more until a trial succeeds; legacy always is.',
      }),
    redact: mapping(
      {
        headers: list(term.headerName(), '[authorization, cookie]')
          .prefault(['authorization', 'cookie'])
          .meta({ description: 'Headers blanked out in samples. `[]`: none.' }),
        json: list(term.jsonPath('$..password'), '["$..password"]')
          .prefault([])
          .meta({ description: 'JSON paths blanked out in samples.' }),
      },
      '{ headers: [authorization, cookie], json: ["$..password"] }',
    )
      .prefault({})
      .meta({ description: 'What samples of requests never show.' }),
    notify: mapping(
      {
        webhook: term.urlOrNone().prefault('none').meta({
          description:
            'Gets a signed POST for each entry of the ledger and each breach (facade/README.md, "Notices"). `none`: nobody is told.',
        }),
      },
      '{ webhook: none }',
    )
      .prefault({})
      .meta({ description: 'Who is told when something changes.' }),
    relay: mapping(
      { url: term.url().meta({ description: 'Where `fig backfill` and the facade reach the relay.' }) },
      '{ url: http://127.0.0.1:4120 }',
    )
      .optional()
      .meta({ description: 'The process that carries data between the stores. Without it: no data moves.' }),
    up: record(
      term.NAMES,
      upProcess(),
      'legacy: { run: legacy-monolith/main.ts, url: http://127.0.0.1:4101 }',
    )
      .prefault({})
      .meta({ description: 'Processes that `fig up` starts on this machine, in this order.' }),
  },
  'version: 1',
);

function upstream<Own extends Record<string, z.ZodType>>(example: string, own: Own) {
  return mapping(
    {
      url: term.origin().meta({ description: 'Origin of the upstream: scheme, host and port.' }),
      build: term.path('/version').optional().meta({
        description: 'Path where the identity of the running build is read. Without it: not known.',
      }),
      ...own,
      keepAlive: term.duration().prefault('4s').meta({
        description:
          'How long an idle connection to it may still be used; less where its `Keep-Alive` says so. Shorter than the upstream itself keeps one. `0`: a connection for each request.',
      }),
      tls: mapping(
        {
          ca: term.fileName('upstreams-ca.pem').optional().meta({
            description:
              'Certificates of the authorities to trust (PEM), absolute or relative to the plan folder. Without it: those of the system.',
          }),
          serverName: term.word('host name', 'catalog.internal').optional().meta({
            description:
              'Name that is asked for (SNI) and that the certificate must be made out to. Without it: the host of `url`.',
          }),
        },
        '{ ca: upstreams-ca.pem }',
      )
        .optional()
        .meta({
          description: 'How an `https` upstream is trusted. Without it: as the system trusts its host.',
        }),
    },
    `{ url: ${example} }`,
  );
}

function cohortSource() {
  const keyed = mapping(
    {
      header: term
        .headerName()
        .optional()
        .meta({ description: 'Name of a header that identifies the client.' }),
      cookie: term
        .cookieName()
        .optional()
        .meta({ description: 'Name of a cookie that identifies the client.' }),
    },
    '{ cookie: sid }',
  ).transform(({ header, cookie }, context): CohortSource => {
    if (header !== undefined && cookie === undefined) return { kind: 'header', name: header };
    if (cookie !== undefined && header === undefined) return { kind: 'cookie', name: cookie };
    context.issues.push({
      code: 'custom',
      message: refusalText('one of `header` and `cookie` in an entry', 'cookie: sid'),
      input: { header, cookie },
    });
    return z.NEVER;
  });
  const address = value<CohortSource>({ title: '`address`', pattern: 'address' }, (written) =>
    written === 'address' ? read({ kind: 'address' }) : refuse('`address`', 'address'),
  );
  return z
    .union([address, keyed], {
      error: refusalText('`header: NAME`, `cookie: NAME` or `address`', 'cookie: sid'),
    })
    .meta({ title: '`header: NAME`, `cookie: NAME` or `address`' });
}

function upProcess() {
  return mapping(
    {
      run: term.file('legacy-monolith/main.ts').meta({
        description: 'Script to start, relative to the folder that holds the plan folder.',
      }),
      url: term.origin().meta({
        description: `Where the process listens. When the variable of its \`\${VAR:-default}\` is set, it runs elsewhere and is not started.`,
      }),
      ready: term.path('/readyz').prefault('/readyz').meta({
        description: 'Path that answers 200 when the process can work.',
      }),
      database: choice('none', 'legacy', 'postgres').prefault('none').meta({
        description:
          'Which database it gets as `DATABASE_URL`: the legacy one, or a Postgres one of its own.',
      }),
      seed: list(term.word('script or argument', 'legacy-monolith/seed.ts'), '[legacy-monolith/seed.ts]')
        .prefault([])
        .meta({
          description:
            'Script and its arguments, run with `--database URL` on an empty database. A run that was cut short is repeated, so it must leave a filled one as it is. `[]`: none.',
        }),
      env: record(
        term.VARIABLES,
        value<string>({ title: 'text', type: ['string', 'number', 'boolean'] }, (written) =>
          ['string', 'number', 'boolean'].includes(typeof written)
            ? read(String(written))
            : refuse('text', '"http://127.0.0.1:4101"'),
        ),
        '{ LEGACY_URL: http://127.0.0.1:4101 }',
      )
        .prefault({})
        .meta({ description: 'Further environment variables of the process.' }),
    },
    '{ run: legacy-monolith/main.ts, url: http://127.0.0.1:4101 }',
  );
}
