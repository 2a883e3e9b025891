import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { canonicalHash } from './canonical.ts';
import { setVariables } from './environment.ts';
import type { DataSet, HeaderChange, Plan, Route, UpProcess, Upstream } from './plan.ts';
import { type PlanFile, valueAt } from './plan-file.ts';
import type { dataSchema } from './schema/data-schema.ts';
import type { planSchema } from './schema/plan-schema.ts';
import type { routeSchema } from './schema/route-schema.ts';

type PlanValue = z.output<typeof planSchema>;
type UpstreamValue = NonNullable<PlanValue['legacy']> & { readonly buildHeader?: string | undefined };
type RouteValue = z.output<typeof routeSchema>;
type DataValue = z.output<typeof dataSchema>;

/** A file with what its schema read out of it. */
export type Checked<T> = { readonly file: PlanFile; readonly value: T };

/** Puts the checked files together into the plan, with the hashes of the routes and of the whole. */
export function toPlan(
  dir: string,
  plan: Checked<PlanValue>,
  routes: readonly Checked<RouteValue>[],
  dataSets: readonly Checked<DataValue>[],
  env: NodeJS.ProcessEnv,
): Plan {
  const { value } = plan;
  const traffic = {
    publicUrl: value.publicUrl,
    legacy: value.legacy ? toUpstream(dir, value.legacy) : null,
    candidates: new Map(
      Object.entries(value.candidates).map(([name, entry]) => [name, toUpstream(dir, entry)]),
    ),
    cohort: value.cohort,
    expose: value.expose,
    trustedProxies: value.trustedProxies,
    tls: value.tls ? { certFile: resolve(dir, value.tls.cert), keyFile: resolve(dir, value.tls.key) } : null,
    matching: {
      caseSensitive: value.matching.case === 'sensitive',
      strictSlash: value.matching.trailingSlash === 'strict',
    },
    timeouts: {
      connectMs: value.timeouts.connect,
      headersMs: value.timeouts.headers,
      idleMs: value.timeouts.idle,
    },
    clients: {
      headMs: value.clients.head,
      minBytesPerSecond: value.clients.minRate,
      keepAliveMs: value.clients.keepAlive,
    },
    limits: {
      maxHeaderBytes: value.limits.maxHeader,
      maxBodyBytes: value.limits.maxBody,
      ratePerSecond: value.limits.rate,
    },
    bulkhead: value.bulkhead,
    health: {
      path: value.health.path,
      intervalMs: value.health.interval,
      ejectAtRatio: value.health.ejectAt,
      minimum: value.health.minimum,
      windowMs: value.health.window,
    },
    redact: value.redact,
    relay: value.relay ?? null,
    routes: routes.map((route) => toRoute(dir, route)).sort(byName),
    dataSets: new Map(dataSets.map(toDataSet).map((set) => [set.name, set])),
  };
  const { routes: planned, dataSets: sets, ...shared } = traffic;
  const hash = canonicalHash({
    ...shared,
    // As written: the same plan in another folder is the same plan.
    tls: value.tls ?? null,
    legacy: value.legacy ?? null,
    candidates: value.candidates,
    routes: planned.map((route) => route.hash),
    ...(planned.some(({ parity }) => parity)
      ? { suites: planned.map(({ parity }) => parity?.hash ?? null) }
      : {}),
    dataSets: [...sets.values()].sort(byName).map(({ file: _, ...set }) => set),
  });
  return { dir, hash, ...traffic, notify: value.notify, up: toUpProcesses(plan, env) };
}

function suiteOf(dir: string, route: string): Route['parity'] {
  const file = `parity/${route}.parity.yaml`;
  const path = join(dir, file);
  if (!existsSync(path)) return null;
  return { file, hash: createHash('sha256').update(bytesOf(path)).digest('hex') };
}

/** One that cannot be read is no run's suite; `fig lint` and `fig parity` say so, and traffic has no part in it. */
function bytesOf(path: string): Uint8Array | string {
  try {
    return readFileSync(path);
  } catch (error) {
    return `unreadable: ${(error as NodeJS.ErrnoException).code}`;
  }
}

function toUpstream(dir: string, { url, build, buildHeader, keepAlive, tls }: UpstreamValue): Upstream {
  const upstream = {
    url,
    build: build ?? null,
    ...(buildHeader === undefined ? {} : { buildHeader }),
    keepAliveMs: keepAlive,
  };
  if (!tls) return upstream;
  const ca = tls.ca === undefined ? null : readFileSync(resolve(dir, tls.ca), 'utf8');
  return { ...upstream, tls: { ca, serverName: tls.serverName ?? null } };
}

function toRoute(dir: string, { file, value }: Checked<RouteValue>): Route {
  const decisive = {
    name: value.route,
    dependsOn: value.dependsOn,
    match: value.match,
    candidate: value.candidate,
    rewrite: value.rewrite ?? null,
    data: value.data,
    stages: value.stages,
    fallbackToLegacy: value.fallback === 'legacy',
    etags: value.etags,
    shadow: {
      sampleRatio: asksForCopies(file, value) ? value.shadow.sample : 0,
      writes: value.shadow.writes,
      timeoutMs: value.shadow.timeout,
      maxBodyBytes: value.shadow.maxBody,
      concurrency: value.shadow.concurrency,
      queue: value.shadow.queue,
      noiseRatio: value.shadow.noise,
    },
    compare: value.compare,
    guardrails: {
      mismatch: value.guardrails.mismatch ? { maxRatio: value.guardrails.mismatch.max } : null,
      errors: value.guardrails.errors ? { maxIncreaseRatio: value.guardrails.errors.maxIncrease } : null,
      p99: value.guardrails.p99 ?? null,
      minimum: value.guardrails.minimum,
      windowMs: value.guardrails.window,
      bakeMs: value.guardrails.bake,
      onBreach: value.guardrails.onBreach,
    },
  };
  const { shadow, legacy, candidate } = value.credentials;
  const credentials: Record<'shadow' | 'legacy' | 'candidate', HeaderChange | null> = {
    shadow: shadow ?? null,
    legacy: legacy ?? null,
    candidate: candidate ?? null,
  };
  return {
    ...decisive,
    file: file.file,
    // SECURITY: the hash is public (admin API, ledger). Credentials enter it as written, `${VAR}` unreplaced,
    // so that it can neither leak a secret nor be used to test guesses of one.
    hash: canonicalHash({ ...decisive, credentials: valueAt(file.written, ['credentials']) ?? {} }),
    owner: value.owner ?? null,
    targetDate: value.targetDate ?? null,
    credentials,
    parity: suiteOf(dir, value.route),
  };
}

/** Copies double the traffic of both sides: nobody gets them who has not written a word of them. */
function asksForCopies(file: PlanFile, { stages, guardrails }: RouteValue): boolean {
  const named = valueAt(file.written, ['shadow']) !== undefined;
  return named || guardrails.mismatch !== undefined || stages.some(({ stage }) => stage === 'shadow');
}

function toDataSet({ file, value }: Checked<DataValue>): DataSet {
  return {
    name: value.set,
    file: file.file,
    service: value.service,
    tables: value.tables,
    translator: value.translator,
    routes: value.routes,
    requests: value.requests,
    jobs: value.jobs,
    maxLagMs: value.maxLag,
  };
}

function toUpProcesses({ file, value }: Checked<PlanValue>, env: NodeJS.ProcessEnv): UpProcess[] {
  return Object.entries(value.up).map(([name, process]) => ({
    name,
    run: process.run,
    url: process.url,
    external: setVariables(writtenUrl(file, name), env).length > 0,
    urlVariable: /\$\{(\w+):-/.exec(writtenUrl(file, name))?.[1] ?? null,
    ready: process.ready,
    database: process.database === 'none' ? null : process.database,
    seed: process.seed,
    env: process.env,
  }));
}

/** As the author wrote it, before substitution. */
function writtenUrl(file: Checked<PlanValue>['file'], process: string): string {
  return String(valueAt(file.written, ['up', process, 'url']));
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
