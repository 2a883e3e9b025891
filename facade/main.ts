import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import pino from 'pino';
import { loadPlan } from '#plan/model/load-plan.ts';
import { formatProblem } from '#plan/model/problem.ts';
import { relayCopyCheck } from './adapters/copy-check.relay.ts';
import { createHpmForwarder } from './adapters/forwarder.hpm.ts';
import { openFileLedger } from './adapters/ledger.file.ts';
import { openMemoryLedger } from './adapters/ledger.memory.ts';
import { unwritableLedger } from './adapters/ledger.unwritable.ts';
import { openPositionStore } from './adapters/position-store.file.ts';
import { secretFile } from './adapters/secret-file.ts';
import { type Control, openControl } from './control/control.ts';
import { type Ledger, LedgerError } from './core/ledger.ts';
import type { PositionStore } from './core/position-store.ts';
import { createAdminApp } from './http/admin.ts';
import { createMetrics } from './http/metrics.ts';
import { createPublicHandler } from './http/public.ts';
import { createPublicServer } from './http/public-server.ts';
import { listen, urlOf } from './listen.ts';
import { readSettings, SettingsError } from './settings.ts';

const TOKEN_FILE = '.fig/admin-token';
/** How long a stop waits: for upgraded connections and event streams, and for requests in flight. */
const DRAIN = { streamMs: 3_000, requestMs: 25_000 };
/** A Ctrl-C can arrive twice, from the terminal and from the entry point that passes it on; a person is slower. */
const SAME_SIGNAL_MS = 1_000;
/** Upgraded connections to the side that a route has left are closed after this. */
const LEFT_MS = 10_000;

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  const { plan, problems } = loadPlan(settings.planDir, process.env);
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`);
  if (!plan) {
    process.exitCode = 1;
    return;
  }
  const log = pino({ base: { service: 'facade' } });

  const fileLedger = settings.ledger.kind === 'file' ? settings.ledger.path : null;
  const stateDir = settings.stateDir ?? (fileLedger && dirname(fileLedger));
  const store =
    fileLedger && stateDir ? openPositionStore(join(stateDir, `positions-${settings.port}.json`)) : null;
  const ledger = fileLedger ? await openLedger(fileLedger, store, log) : openMemoryLedger();
  const control: Control = await openControl({
    plan,
    loadPlan: () => loadPlan(settings.planDir, process.env),
    ledger,
    store,
    copyCheck: relayCopyCheck(() => control.snapshot.plan.relay?.url ?? null, settings.relayToken),
    log,
    now: () => new Date(),
  });
  if (control.snapshot.conflicts.length > 0)
    log.warn(
      { conflicts: control.snapshot.conflicts },
      'two routes claim the same requests; the first one gets them',
    );

  const forwarder = createHpmForwarder();
  const metrics = createMetrics();
  let draining = false;
  const handler = createPublicHandler({
    snapshot: () => control.snapshot,
    forwarder,
    metrics,
    log,
    secret: stateDir ? Buffer.from(secretFile(join(stateDir, 'cohort-secret')).secret) : randomBytes(32),
    draining: () => draining,
  });
  control.onChange(({ plan: { legacy, candidates } }) => {
    forwarder.retain(new Set([legacy, ...candidates.values()].flatMap((upstream) => upstream?.url ?? [])));
    setTimeout(() => {
      for (const socket of handler.leftConnections()) socket.destroy();
    }, LEFT_MS).unref();
  });

  const edge = createPublicServer(plan, handler);
  const port = await listen(edge.server, { port: settings.port, host: settings.host, flag: '--port' });
  const app = createAdminApp({
    control,
    ledger,
    metrics,
    log,
    token: settings.adminToken ?? keptToken(log),
    hosts: [settings.adminHost, ...settings.adminHosts],
    instance: { id: `${hostname()}:${port}`, version: packageVersion() },
    now: () => new Date(),
  });
  const admin = createServer(app);
  const adminPort = await listen(admin, {
    port: settings.adminPort,
    host: settings.adminHost,
    flag: '--admin-port',
  });
  const url = urlOf(plan.tls ? 'https' : 'http', settings.host, port);
  const adminUrl = urlOf('http', settings.adminHost, adminPort);
  for (const listener of ['public', 'admin']) log.info({ listener, url, adminUrl }, 'listening');

  process.on('SIGHUP', () => {
    control
      .reload({ actor: 'signal', reason: 'SIGHUP' })
      .then((outcome) => {
        const reload = outcome.ok ? outcome.value : null;
        if (reload?.ok) {
          for (const warning of reload.warnings) log.warn(formatProblem(warning));
          log.info({ hash: reload.plan.hash, previous: reload.previous }, 'plan reloaded');
        } else
          log.error(
            { problems: reload?.problems.map(formatProblem) },
            'plan refused; the one in force stays',
          );
      })
      .catch((error: Error) => log.error({ err: error }, 'reload failed'));
  });
  let stoppingSince = 0;
  const stop = async (signal: string) => {
    if (draining) {
      if (performance.now() - stoppingSince < SAME_SIGNAL_MS) return;
      // Somebody who signals again does not want to wait; the lock must not outlive the process all the same.
      await ledger.close().catch(() => {});
      process.exit(1);
    }
    draining = true;
    stoppingSince = performance.now();
    log.info({ signal }, 'stopping');
    admin.close();
    admin.closeIdleConnections();
    await edge.drain(DRAIN);
    forwarder.close();
    admin.closeAllConnections();
    await ledger.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
}

// A facade that has served keeps serving from what it can read or has stored, whatever became of its ledger's disk.
// With neither it would guess; and where another process holds the ledger, that one speaks for the positions.
async function openLedger(path: string, store: PositionStore | null, log: pino.Logger): Promise<Ledger> {
  const onTornLine = ({ bytes, line }: { bytes: number; line: number }) =>
    log.warn({ ledger: path, line, bytes }, 'the last line was torn by a crash and is dropped');
  try {
    return await openFileLedger({ path, onTornLine });
  } catch (error) {
    if (!(error instanceof LedgerError) || error.code === 'LEDGER_LOCKED') throw error;
    const ledger = await unwritableLedger(path, error);
    const entries = await ledger.read({ after: 0, limit: 1 });
    if (entries.length === 0 && !(await store?.load())) throw error;
    return ledger;
  }
}

function keptToken(log: pino.Logger): string {
  const { secret, created } = secretFile(TOKEN_FILE);
  if (created) log.info({ file: TOKEN_FILE }, 'admin token made; FIG_ADMIN_TOKEN sets one of your own');
  return secret;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

main().catch((error: unknown) => {
  const known = error instanceof SettingsError || error instanceof LedgerError;
  const text = known ? error.message : `the facade could not start: ${(error as Error).message}`;
  process.stderr.write(`${text}\n`);
  // Listeners and locks of a half-finished start must not keep the process.
  process.exit(1);
});
