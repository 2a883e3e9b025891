import './v8-settings.ts';
import { hostname } from 'node:os';
import { loadPlan } from '#plan/model/load-plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { writersOutside } from '#plan/model/writers-outside.ts';
import { tokenFileAccess } from './adapters/access.token-file.ts';
import { readBuild } from './adapters/build-reader.ts';
import { relayCopyCheck } from './adapters/copy-check.relay.ts';
import { httpDataRelay } from './adapters/data-relay.http.ts';
import { webhookNotifier } from './adapters/notifier.webhook.ts';
import { BuildWatch } from './control/build-watch.ts';
import { type Control, openControl } from './control/control.ts';
import { Cutover } from './control/cutover/cutover.ts';
import { CUTOVER_FAILPOINTS, cutoverFailpoint } from './control/cutover/failpoints.ts';
import { Guardrails } from './control/guardrails.ts';
import { reloadBySignal } from './control/reload-by-signal.ts';
import { Replicas } from './control/replicas.ts';
import { SharedObservations } from './control/shared-observations.ts';
import { tellOfChanges } from './control/tell-of-changes.ts';
import { LedgerError } from './core/ledger.ts';
import { openDataPlane } from './data-plane.ts';
import { createAdminApp } from './http/admin.ts';
import { createAdminServer } from './http/admin-server.ts';
import { withGuardrails } from './http/guardrail-metrics.ts';
import { withNotices } from './http/notice-metrics.ts';
import { warnOfUnsigned } from './http/shadow/warn-of-unsigned.ts';
import { listen, urlOf } from './listen.ts';
import { openLogs } from './log.ts';
import { openLedger, openObservationStore, openRegistry } from './open-ledger.ts';
import { openSetWatches } from './open-set-watches.ts';
import { adminToken, signingSecret, webhookSecret } from './own-secrets.ts';
import { programVersion } from './program-version.ts';
import { readSettings, SettingsError } from './settings.ts';
import { onSignals } from './signals.ts';
import { openWorkers } from './workers/worker-pool.ts';

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  const readPlan = () => loadPlan(settings.planDir, process.env);
  const { plan, problems } = readPlan();
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  if (!plan) {
    process.exitCode = 1;
    return;
  }
  const { log, requests } = openLogs(settings.accessLog);
  const now = () => new Date();
  const { ledger, store, stateDir } = await openLedger(settings, log);
  const copyCheck = relayCopyCheck(() => control.snapshot.plan.relay?.url ?? null, settings.relayToken);
  const control: Control = await openControl({
    plan,
    loadPlan: readPlan,
    ledger,
    store,
    copyCheck,
    proofFor: (...step) => guardrails.proofFor(...step),
    differing: (route, hash) => replicas.differing(route, hash),
    log,
    now,
  });
  const { snapshot } = control;
  const secret = signingSecret(settings, stateDir);

  const notifier = webhookNotifier({
    url: () => control.snapshot.plan.notify.webhook,
    secret: () => webhookSecret(settings, stateDir),
    log,
    now,
  });
  tellOfChanges(control, notifier);

  const { host, adminHost } = settings;
  const { workers, accessLog, port, dryRunSecret, relayToken } = settings;
  const watches = openSetWatches(() => control.snapshot.plan.relay?.url ?? null, relayToken, log);
  watches.apply(snapshot);
  const plane =
    workers > 1
      ? await openWorkers({ snapshot, log, secret, dryRunSecret, relayToken, host, port, workers, accessLog })
      : await openDataPlane({ snapshot, log, requests, secret, watches, dryRunSecret, host, port });
  control.onApplied(() => watches.apply(control.snapshot));
  await control.drive(plane);
  warnOfUnsigned(plan, dryRunSecret, log);
  const builds = new BuildWatch({
    snapshot: () => control.snapshot,
    readBuild,
    learned: (candidate, build) => control.learnBuild(candidate, build),
  });
  builds.start();
  const [id, version] = [`${hostname()}:${plane.port}`, programVersion()];
  const observations = new SharedObservations({
    store: openObservationStore(settings, stateDir, id, log),
    own: () => plane.observed(),
    log,
  });
  await observations.start();
  const observed = () => observations.observed();
  const guardrails: Guardrails = new Guardrails({
    control,
    observed,
    buildsOf: (candidate) => builds.ask(candidate),
    notifier,
    nowMs: Date.now,
    log,
  });
  guardrails.start();
  const registry = openRegistry(settings, id);
  const replicas = new Replicas({ id, registry, state: () => control.instanceState(version), log });
  await replicas.start();
  control.onApplied(() => void replicas.beat());

  const cutover = new Cutover({
    control,
    replicas,
    relay: httpDataRelay(() => control.snapshot.plan.relay?.url ?? null, settings.relayToken),
    writersOutside: (set) => writersOutside(control.snapshot.plan, set.name),
    log,
    now,
    failpoint: failpointOf(settings),
  });
  cutover.start();

  const app = createAdminApp({
    control,
    cutover,
    ledger,
    metrics: withGuardrails(withNotices(plane.metrics, notifier.counts), () => guardrails.views()),
    log,
    access: tokenFileAccess({
      adminToken: adminToken(settings, log),
      path: settings.tokensFile,
      log,
      now,
    }),
    hosts: [adminHost, ...settings.adminHosts],
    replicas,
    watches,
    upstreams: () => plane.upstreams(),
    serving: () => plane.serving,
    guardrails,
    record: (order) => plane.record(order),
    lookAtBuilds: () => builds.look(),
    pins: { secret, copyCheck, now },
  });
  const admin = createAdminServer(app);
  const adminPort = await listen(admin, { port: settings.adminPort, host: adminHost, flag: '--admin-port' });
  const url = urlOf(plan.tls ? 'https' : 'http', host, plane.port);
  const adminUrl = urlOf('http', adminHost, adminPort);
  for (const listener of ['public', 'admin']) log.info({ listener, url, adminUrl }, 'listening');

  onSignals({
    log,
    reload: () => reloadBySignal(control, log),
    async stop() {
      admin.close();
      admin.closeIdleConnections();
      guardrails.stop();
      await cutover.stop();
      builds.stop();
      await observations.stop();
      await plane.drain();
      watches.close();
      admin.closeAllConnections();
      await replicas.stop();
      await notifier.close();
      await ledger.close();
    },
    async abort() {
      plane.kill();
      await ledger.close();
    },
  });
}

function failpointOf({ failpoint }: { failpoint: string | null }) {
  if (failpoint === null) return () => {};
  const reach = cutoverFailpoint(failpoint);
  if (reach) return reach;
  const known = CUTOVER_FAILPOINTS.join(', ');
  throw new SettingsError(
    `FIG_FAILPOINT: expected one of ${known}, got ${failpoint}. Unset it outside crash tests.`,
  );
}

main().catch((error: unknown) => {
  const known = error instanceof SettingsError || error instanceof LedgerError;
  const text = known ? error.message : `the facade could not start: ${(error as Error).message}`;
  process.stderr.write(`${text}\n`);
  // Listeners and locks of a half-finished start must not keep the process.
  process.exit(1);
});
