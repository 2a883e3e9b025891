import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import type { Plan, Stage } from '#plan/model/plan.ts';
import { createHpmForwarder } from '../adapters/forwarder.hpm.ts';
import { openMemoryLedger } from '../adapters/ledger.memory.ts';
import { type Control, type LoadPlan, openControl } from '../control/control.ts';
import type { CopyCheck } from '../core/copy-check.ts';
import type { Ledger } from '../core/ledger.ts';
import type { PositionStore } from '../core/position-store.ts';
import { createAdminApp } from '../http/admin.ts';
import { createMetrics } from '../http/metrics.ts';
import { createPublicHandler, type PublicHandler } from '../http/public.ts';
import { createPublicServer } from '../http/public-server.ts';

export const TOKEN = 'test-token';

export type TestFacade = {
  readonly url: string;
  readonly port: number;
  readonly adminUrl: string;
  readonly adminPort: number;
  readonly control: Control;
  readonly handler: PublicHandler;
  /** Log lines so far, one JSON text each. */
  readonly logged: string[];
  /** Puts a route at a stage by force. */
  put(route: string, stage: Stage, percent?: number): Promise<void>;
  close(): Promise<void>;
};

export type TestFacadeOptions = {
  readonly ledger?: Ledger;
  readonly store?: PositionStore | null;
  readonly loadPlan?: LoadPlan;
  readonly secret?: Buffer;
  readonly copyCheck?: CopyCheck;
};

export async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A whole facade in this process, on free ports. */
export async function facadeOf(plan: Plan, options: TestFacadeOptions = {}): Promise<TestFacade> {
  const logged: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  const ledger = options.ledger ?? openMemoryLedger();
  const now = () => new Date('2026-01-02T03:04:05.678Z');
  const control = await openControl({
    plan,
    loadPlan: options.loadPlan ?? (() => ({ plan, problems: [] })),
    ledger,
    store: options.store ?? null,
    copyCheck: options.copyCheck ?? (async () => ({ copied: true })),
    log,
    now,
  });
  const forwarder = createHpmForwarder();
  const metrics = createMetrics();
  const secret = options.secret ?? Buffer.from('cohort-secret');
  const snapshot = () => control.snapshot;
  const handler = createPublicHandler({ snapshot, forwarder, metrics, log, secret, draining: () => false });
  const edge = createPublicServer(plan, handler);
  const instance = { id: 'test:1', version: '0.0.0' };
  const admin = createServer(
    createAdminApp({ control, ledger, metrics, log, token: TOKEN, hosts: ['admin.example'], instance, now }),
  );
  const port = await listenOn(edge.server);
  const adminPort = await listenOn(admin);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    adminPort,
    control,
    handler,
    logged,
    async put(route, stage, percent = 0) {
      const expectedVersion = control.snapshot.states.get(route)?.position?.version ?? 0;
      const change = { expectedVersion, force: true, actor: 'test', reason: 'test' };
      const outcome = await control.transition(route, { stage, hundredths: percent * 100 }, change);
      if (!outcome.ok) throw new Error(outcome.detail);
    },
    async close() {
      forwarder.close();
      admin.closeAllConnections();
      await new Promise((resolve) => admin.close(resolve));
      await edge.drain({ streamMs: 0, requestMs: 0 });
      await ledger.close();
    },
  };
}
