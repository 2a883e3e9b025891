import type { DataSet, Match, Plan, Route, StageStep } from '#plan/model/plan.ts';

/** `GET /api/articles/:slug safe` as a match. */
function matchOf(text: string): Match {
  const words = text.split(' ');
  const method = words[0]?.startsWith('/') ? null : (words.shift() as string);
  return { method, pattern: words[0] as string, safety: (words[1] as Match['safety']) ?? null };
}

export const canary = (percent: number): StageStep => ({ stage: 'canary', hundredths: percent * 100 });

/** A route with the defaults of a plan file. */
export function routeOf(name: string, match: string[], part: Partial<Route> = {}): Route {
  return {
    name,
    file: `routes/${name}.yaml`,
    hash: name,
    owner: null,
    dependsOn: [],
    targetDate: null,
    match: match.map(matchOf),
    candidate: 'catalog',
    rewrite: null,
    data: { kind: 'none' },
    stages: [canary(10), canary(50), { stage: 'candidate', hundredths: 0 }],
    fallbackToLegacy: false,
    etags: 'marked',
    shadow: {
      // Suites count what arrives at the other side: only those that are about copies ask for them.
      sampleRatio: 0,
      writes: 'off',
      timeoutMs: 5000,
      maxBodyBytes: 1 << 20,
      concurrency: 16,
      queue: 256,
      noiseRatio: 0.1,
    },
    credentials: { shadow: null, legacy: null, candidate: null },
    compare: { ignore: [], unordered: [], tolerance: {}, equivalent: [], headers: [] },
    guardrails: {
      mismatch: null,
      errors: null,
      p99: null,
      minimum: 200,
      windowMs: 300_000,
      bakeMs: 3_600_000,
      onBreach: 'pause',
    },
    parity: null,
    ...part,
  };
}

/** A plan with the defaults of plan.yaml. */
export function planOf(part: Partial<Plan> = {}): Plan {
  return {
    dir: '/nowhere',
    hash: 'plan-1',
    publicUrl: 'http://public.example',
    legacy: { url: 'http://127.0.0.1:9', build: null },
    candidates: new Map([['catalog', { url: 'http://127.0.0.1:9', build: null }]]),
    cohort: [{ kind: 'cookie', name: 'sid' }, { kind: 'address' }],
    expose: true,
    trustedProxies: [],
    tls: null,
    matching: { caseSensitive: false, strictSlash: false },
    timeouts: { connectMs: 2000, headersMs: 5000, idleMs: 5000 },
    clients: { headMs: 30_000, minBytesPerSecond: 240, keepAliveMs: 65_000 },
    limits: { maxHeaderBytes: 16_384, maxBodyBytes: null, ratePerSecond: null },
    bulkhead: { concurrency: 512, queue: 256 },
    health: { path: '/livez', intervalMs: 5000, ejectAtRatio: 0.3, minimum: 10, windowMs: 60_000 },
    redact: { headers: [], json: [] },
    notify: { webhook: null },
    relay: null,
    up: [],
    routes: [],
    dataSets: new Map(),
    ...part,
  };
}

/** A data set with one table of its name. */
export function dataSetOf(name: string, part: Partial<DataSet> = {}): DataSet {
  return {
    name,
    file: `data/${name}.yaml`,
    service: { url: 'http://127.0.0.1:9', stream: name },
    tables: [{ name, key: 'id' }],
    translator: `${name}.ts`,
    routes: [],
    jobs: [],
    requests: [],
    maxLagMs: 5000,
    ...part,
  };
}
